/**
 * Takes the pictures of the README: the page of the Studio that `tta digest --chaos` starts, after two minutes, with a few
 * runs of another program.
 *
 *   UPDATE_PICTURES=2 npx vitest run test/tools/studio/pictures
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { RunsAnswer } from '../../../src/tools/studio/api.ts';
import { chromiumPath, useStudio } from '../../support/browser.ts';
import { planTrips } from '../../support/studio-workflow.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { tta } from '../../support/tta.ts';

const PICTURES = fileURLToPath(new URL('../../../.github/readme/', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const minutes = Number(process.env.UPDATE_PICTURES ?? '');

/** Documents of this package, and for each run one that is new, so that not all is answered by the cache. */
const documents = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'collector/README.md'];

async function takePictures(open: () => Promise<Page>): Promise<void> {
  const cwd = tempFolder(
    Object.fromEntries(
      documents.map((name) => [`docs/${name.replace('/', '-')}`, readFileSync(join(ROOT, name), 'utf8')]),
    ),
  );
  const digest = tta(['digest', 'docs', '--chaos', '--offline', '--studio-port', '0', '--every', '4'], { cwd });
  const [, address = ''] = await digest.waitForStdout(/Studio {3}(\S+)/);
  await digest.waitForStdout(/Again every/);
  await planTrips(address, {}, { offers: 12 }, { fails: true }, {}, { fails: true, offers: 12 }, { offers: 8 });
  await pause(minutes * 60_000);
  const { runs } = (await (await fetch(`${address}/api/runs`)).json()) as RunsAnswer;
  const id = (fits: (run: RunsAnswer['runs'][number]) => boolean) => runs.find(fits)?.traceId ?? '';
  const failed = id(({ status }) => status === 'failure');
  const views = {
    studio: `/run/${id(({ name, errors }) => name === 'digest' && errors > 0)}`,
    'studio-failed': `/run/${failed}`,
    'studio-compare': `/compare/${id(({ name, status }) => name === 'trip' && status === 'success')}/${failed}`,
    'studio-numbers': '/numbers?window=5m',
  };
  for (const [name, path] of Object.entries(views)) {
    const page = await open();
    await page.goto(`${address}${path}`);
    await pause(2_000);
    await page.screenshot({ path: join(PICTURES, `${name}.png`) });
    await page.close();
  }
  digest.kill('SIGTERM');
  await digest.exited;
}

if (minutes > 0 && chromiumPath !== undefined) {
  describe('the pictures of the README', () => {
    const studio = useStudio();
    test('are taken from the page', { timeout: 600_000 }, () => takePictures(() => studio.open('/', { scale: 1.5 })));
  });
}

test('every picture of Studio in the README is there, and none is there for nothing', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const shown = [...readme.matchAll(/\.github\/readme\/(studio[\w-]*\.png)/g)].map(([, name]) => name);
  expect(shown.length).toBeGreaterThan(0);
  for (const name of shown) {
    const picture = readFileSync(join(PICTURES, name as string));
    expect(picture.subarray(1, 4).toString(), name).toBe('PNG');
  }
});
