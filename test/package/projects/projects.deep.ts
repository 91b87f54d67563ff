/**
 * The package beside what people have: for each kind of project, what it has is installed first, then our package, without
 * a flag; then its program runs the README's workflow, with a model and a trace receiver on this machine.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelServer, startModelServer } from '../../../src/tools/offline-model/model-server.ts';
import { freePort } from '../../support/free-port.ts';
import { type SpanReceiver, startSpanReceiver } from '../../support/span-receiver.ts';
import { createProject, type Project, ROOT, succeed } from '../project.ts';
import { createPlace, type Kind } from './beside.ts';
import { KINDS } from './kinds.ts';
import { type NodeLine, nodeOfLine, OWN_NODE, removeDownloads } from './node-lines.ts';
import { INSTALLED } from './readme.ts';

const MINUTES = 60_000;
const LINES: Record<string, NodeLine> = {};
let packed: Project;
let tarball: string;
let model: ModelServer;
let receiver: SpanReceiver;

beforeAll(async () => {
  packed = await createProject();
  const args = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', packed.folder];
  const [{ filename }] = JSON.parse(await succeed('npm', args, ROOT)) as [{ filename: string }];
  tarball = join(packed.folder, filename);
  model = await startModelServer({ anyModel: true });
  receiver = await startSpanReceiver();
  const own = OWN_NODE.version.split('.')[0] ?? '';
  for (const line of ['20', '24', '26']) LINES[line] = line === own ? OWN_NODE : await nodeOfLine(line);
}, 5 * MINUTES);

afterAll(async () => {
  await Promise.all([packed?.remove(), model?.close(), receiver?.close(), removeDownloads()]);
});

const name = (spec: string) => spec.replace(/(?<=.)@.*$/, '');

function addedTo({ packages, added }: Kind): readonly string[] {
  const has = new Set(packages.map(name));
  return added ?? INSTALLED.filter((spec) => !has.has(name(spec)));
}

/** The lines of Node.js, and each kind that runs on them. */
const CASES = KINDS.flatMap((kind) => (kind.lines ?? ['20', '24']).map((line) => ({ kind, line, have: kind.have })));

describe('the README works in a project that has', () => {
  it.each(CASES)(
    '$have, on Node.js $line',
    async ({ kind, line }) => {
      const node = LINES[line] as NodeLine;
      const place = await createPlace(kind, node);
      try {
        if (kind.packages.length > 0) await place.add(...kind.packages);
        await place.add(tarball, ...addedTo(kind));
        const before = receiver.spans.length;
        const env = {
          OPENAI_BASE_URL: model.baseURL,
          OPENAI_API_KEY: 'a-key',
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
          PORT: String(await freePort()),
          ...kind.env,
        };
        const outputs = [];
        for (const command of kind.commands) outputs.push(await place.run(command, env));
        const output = outputs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
        expect(
          outputs.map(({ code }) => code),
          output,
        ).toEqual(kind.commands.map(() => 0));
        if (kind.seen !== 'spans') {
          expect(output).toMatch(
            /^ *tta_workflow_executions_total\{(?=.*workflow_name="answer")(?=.*status="success").*\} 1$/m,
          );
          expect(output).toMatch(/^ *tta_llm_cost_total\{(?=.*model="gpt-4o").*\} 0\.0\d+$/m);
        }
        if (kind.seen !== 'series') expect(receiver.spans.length - before, output).toBeGreaterThan(5);
      } finally {
        await place.remove();
      }
    },
    8 * MINUTES,
  );
});
