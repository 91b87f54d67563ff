/** A cut text kept the whole text in memory: errors of 100 kB that waited for a collector took 1.7 GB. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { show } from '../../src/core/show.ts';
import { task } from '../../src/index.ts';
import { redact } from '../../src/platform/redact.ts';
import { register } from '../../src/sdk/index.ts';
import { labelValue } from '../../src/telemetry/label-sets.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const collectGarbage = (globalThis as { gc?: () => void }).gc as () => void;
const MEGABYTE = 1024 * 1024;

/** How many bytes are held by what `make` gives, a hundred times. */
async function heldBy(make: (i: number) => unknown): Promise<number> {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept: unknown[] = [];
  for (let i = 0; i < 100; i++) kept.push(await make(i));
  collectGarbage();
  const held = process.memoryUsage().heapUsed - before;
  expect(kept).toHaveLength(100);
  return held;
}

const long = (i: number) => `${i}${'long text '.repeat(MEGABYTE / 10)}`;

it.each<[string, (i: number) => unknown]>([
  ['redact', (i) => redact(long(i))],
  ['redact of a part', (i) => redact(long(i).slice(10, 100))],
  ['labelValue', (i) => labelValue(long(i))],
  ['show', (i) => show(long(i))],
])('what %s cut does not hold the whole text', async (_, make) => {
  expect(await heldBy(make)).toBeLessThan(5 * MEGABYTE);
});

describe('with an SDK', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('neither a span nor a series holds the text of an error or the document that its name is from', async () => {
    const held = await heldBy((i) =>
      task(`step ${i}`, () => {
        throw new Error(long(i));
      })
        .execute()
        .catch(() => 'failed'),
    );
    expect(held).toBeLessThan(10 * MEGABYTE);
    expect(telemetry.spans()).toHaveLength(100);
    expect(await heldBy((i) => void task(long(i).slice(0, 100), () => 1))).toBeLessThan(5 * MEGABYTE);
  });
});

it('errors of 100 kB wait for a collector that is down in no more memory than there is for spans', async () => {
  const sdk = await register({ prometheus: false, traces: { endpoint: 'http://127.0.0.1:1' } });
  const fails = task('fails', () => {
    throw new Error('x'.repeat(100_000));
  });
  collectGarbage();
  const before = process.memoryUsage();
  for (let i = 0; i < 5_000; i++) await fails.execute().catch(() => {});
  collectGarbage();
  const after = process.memoryUsage();
  expect(after.heapUsed - before.heapUsed).toBeLessThan(20 * MEGABYTE);
  // 6 kB a span: twice the text of the error, and its stack.
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(60 * MEGABYTE);
  await sdk.shutdown();
});
