/** The image of the example in collector/compose, without an engine: the commands of its Dockerfile, as they stand. */
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { collectorPath, collectorText } from '../support/deployment.ts';
import { tta } from '../support/tta.ts';
import { createProject, type Project, ROOT, run, succeed } from './project.ts';

const dockerfile = collectorText('compose/Dockerfile');
const install = /^RUN ((?:.*\\\n)*.*)$/m.exec(dockerfile)?.[1] ?? '';
const [, ...command] = JSON.parse(/^CMD (.+)$/m.exec(dockerfile)?.[1] ?? '') as string[];

let project: Project;

beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project?.remove());

it('the example installs a packed package, and has metrics', async () => {
  const filename = (await succeed('npm', ['pack', '--silent', '--pack-destination', project.folder], ROOT)).trim();
  cpSync(collectorPath('compose/Dockerfile'), join(project.folder, 'Dockerfile'));
  const { code, stderr } = await run('sh', ['-c', install], project.folder, { TTA_PACKAGE: `./${filename}` });
  expect(code, stderr).toBe(0);
  const example = tta(command, { cwd: project.folder, program: join(project.folder, 'node_modules/.bin/tta') });
  const [, url] = await example.waitForStdout(/^Metrics +(\S+)$/m);
  expect(await (await fetch(url as string)).text()).toContain('tta_workflow_executions_total{');
});
