import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { openStore } from '../../../../src/tools/studio/store/open-store.ts';
import { endChildren, runModule } from '../../../support/child.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { root, traceIdOf } from './spans.ts';

const limits = { maxBytes: 64 * 1024 * 1024, retentionDays: 7 };
const BUILT = pathToFileURL(resolve(import.meta.dirname, '../../../../dist/src/tools/studio/store/open-store.js')).href;

afterEach(endChildren);

/** Keeps a thousand spans at a time, in runs of ten, and says how many runs it has. */
const writer = (folder: string) => `
  import { openStore } from '${BUILT}';
  const { store } = await openStore({ folder: ${JSON.stringify(folder)}, limits: ${JSON.stringify(limits)} });
  const span = ${JSON.stringify(root('x'))};
  const id = (number, digits) => number.toString(16).padStart(digits, '0');
  console.log('pid ' + process.pid);
  for (let runs = 0; ; runs += 100) {
    const spans = Array.from({ length: 1000 }, (_, at) => ({
      ...span,
      traceId: id(runs + (at % 100) + 1, 32),
      spanId: id(at + 1, 16),
    }));
    store.add(spans, Date.now());
    console.log('runs ' + (runs + 100));
    await new Promise((done) => setTimeout(done, 1));
  }
`;

it('a process that is killed while it writes loses nothing that it had kept, and no lock stays', async () => {
  const folder = tempFolder();
  const child = runModule(writer(folder));
  const pid = await child.says('pid ');
  await child.says('runs 500');
  const second = await openStore({ folder, limits });
  expect(second.store.state().notes.join()).toContain(`Process ${pid} is another Studio`);
  await child.says('runs 1000');
  child.kill('SIGKILL');
  const { stdout } = await child.exited;
  const said = Number(/runs (\d+)\n$/.exec(stdout)?.[1]);

  const { store, database } = await openStore({ folder, limits });
  onTestFinished(() => store.close());
  expect(store.state()).toMatchObject({ kind: 'disk', notes: [] });
  expect(database?.prepare('pragma integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
  const spans = (run: number) => store.spans(run.toString(16).padStart(32, '0'), 0, 100).spans.length;
  for (let run = 1; run <= said; run++) expect(spans(run)).toBe(10);
  // The last transaction is there whole, or not at all.
  expect([0, 100]).toContain(store.state().runs - said);
  store.add([root('next')], Date.now());
  expect(store.runs({ limit: 1 }).runs[0]?.traceId).toBe(traceIdOf('next'));
});
