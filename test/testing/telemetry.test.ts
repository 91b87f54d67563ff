import { AssertionError } from 'node:assert';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sequential, task } from '../../src/index.ts';
import { spanTree, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const fail = () => Promise.reject(new RangeError('no'));
const TREE = 'sequential SequentialPrimitive !RangeError\n  task read\n  task parse !RangeError';

async function run(): Promise<void> {
  await sequential(
    task('read', () => 1),
    task('parse', fail),
  )
    .execute()
    .catch(() => {});
}

it('shows the spans as a tree, with the type of each error', async () => {
  await run();
  expect(spanTree(telemetry.spans())).toBe(TREE);
  expect(() => telemetry.expectSpans(TREE)).not.toThrow();
});

it('takes a tree with the indentation of the test', async () => {
  await run();
  telemetry.expectSpans(`
      sequential SequentialPrimitive !RangeError
        task read
        task parse !RangeError
  `);
});

it('shows both trees where they differ', async () => {
  await run();
  const compare = () => telemetry.expectSpans('task other');
  expect(compare).toThrow(AssertionError);
  expect(compare).toThrow(`the spans are\n${TREE}\nand not\ntask other`);
});

it('shows what there is where a metric has another value', async () => {
  await run();
  await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'read', status: 'success' }, 1);
  const wrong = telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'read' }, 7);
  await expect(wrong).rejects.toThrow(AssertionError);
  await expect(wrong).rejects.toThrow(/is 1 and not 7/);
});

it('forgets spans when told to, and refuses a second SDK in one process', async () => {
  await run();
  telemetry.clearSpans();
  expect(telemetry.spans()).toEqual([]);
  expect(() => startTestTelemetry()).toThrow('startTestTelemetry: an SDK is registered already; stop it first');
});
