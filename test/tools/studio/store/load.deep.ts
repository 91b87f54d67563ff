/** What a store bears, on one core. Times are printed, for a machine that is busy says nothing with them. */
import { spawnSync } from 'node:child_process';
import { afterEach, expect, it } from 'vitest';
import { endChildren, runModule } from '../../../support/child.ts';
import { tempFolder } from '../../../support/temp-folder.ts';
import { type Endurance, endurance, lists } from './load-program.ts';

const MINUTE_MS = 60_000;
const HAS_TASKSET = spawnSync('taskset', ['--version']).status === 0;
/** On the first core only. */
const within = HAS_TASKSET ? ['taskset', '-c', '0'] : [];

afterEach(endChildren);

async function resultOf<T>(source: string): Promise<T> {
  const child = runModule(source, { within });
  return JSON.parse(await child.says('result ')) as T;
}

it('2,000 spans a second for ten minutes are kept, all of them, in bounded memory', {
  timeout: 60 * MINUTE_MS,
}, async () => {
  const options = { maxBytes: 1e9, seconds: 600, rate: 2_000 };
  const result = await resultOf<Endurance>(endurance(tempFolder(), options));
  process.stderr.write(`\n${JSON.stringify(result)}\n`);
  expect(result).toMatchObject({ sent: 1_200_000, kept: 1_200_000, notes: [] });
  expect(result.maxRssMb).toBeLessThan(400);
});

it('a limit holds while spans come: the file stays below it', { timeout: 20 * MINUTE_MS }, async () => {
  const options = { maxBytes: 100e6, seconds: 180, rate: 3_000 };
  const result = await resultOf<Endurance>(endurance(tempFolder(), options));
  process.stderr.write(`\n${JSON.stringify(result)}\n`);
  expect(result).toMatchObject({ sent: 540_000, notes: [] });
  expect(result.kept).toBeGreaterThan(50_000);
  expect(result.fileMb).toBeLessThanOrEqual(100);
  expect(result.maxRssMb).toBeLessThan(400);
});

it('lists of 100,000 runs, and searches in them', { timeout: 20 * MINUTE_MS }, async () => {
  const rows = await resultOf<readonly { readonly name: string; readonly found: number }[]>(
    lists(tempFolder(), 100_000),
  );
  console.table(rows);
  const found = Object.fromEntries(rows.map(({ name, found: count }) => [name, count]));
  expect(found).toMatchObject({
    ...{ newest: 100, failed: 100, 'correlation id': 1, 'id of a trace': 1, 'id of a span': 1, 'no such word': 0 },
    ...{ 'a common word by dollars': 100, 'the run that worked': 1 },
  });
});
