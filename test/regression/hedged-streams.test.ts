/** Two tries that both came back with a stream before the hedge looked: that of the loser stayed open for ever. */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hedge, stream } from '../../src/index.ts';
import { settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

it('closes the stream of the try that lost, also where that had come back already', async () => {
  const { signal } = new AbortController();
  const numbers = stream('numbers', async function* () {
    yield 1;
    yield 2;
  });
  const read: number[] = [];
  for await (const n of await hedge(numbers, { delayMs: 0 }).execute(undefined, { signal })) read.push(n);
  await settled();
  expect(read).toEqual([1, 2]);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'stream', outcome: 'success' }, 1);
  await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'stream', outcome: 'superseded' }, 1);
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
});
