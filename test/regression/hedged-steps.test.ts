/**
 * In the grace that a saga grants to a step that can be undone, a hedge began another try, failed with that, and left
 * its first try to itself: the task stayed active for ever. The hedge must wait for the tries that are under way.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hedge, saga, task } from '../../src/index.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const stubborn = (n: number) => new Promise<number>(() => void n);
const undo = task('undo', () => {});

it.each([
  ['before the second try', 10, 1],
  ['while two tries run', 60, 2],
])('starts no try in the grace of an abort %s, and ends all when the grace ends', async (_, abortAtMs, tries) => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  let started = 0;
  const work = task('work', (n: number) => {
    started += 1;
    return stubborn(n);
  });
  const order = saga([{ name: 'order', do: hedge(work, { delayMs: 50, maxHedges: 2 }), compensate: undo }], {
    graceMs: 1_000,
  });
  const running = order.execute(1, { signal: controller.signal, context: { clock } });
  const failed = expect(running).rejects.toThrow('stop');
  await clock.advance(abortAtMs);
  controller.abort(new Error('stop'));
  await clock.advance(999);
  expect(started).toBe(tries);
  await clock.advance(1);
  await failed;
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
  expect(clock.pending).toBe(0);
});

it('takes the answer of a try that succeeds in the grace, although another try has ended with the abort', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  let tries = 0;
  const undone: number[] = [];
  const work = task('work', (n: number, context) => {
    tries += 1;
    return tries === 1
      ? context.clock.sleep(200).then(() => n)
      : context.clock.sleep(1_000, context.signal).then(() => n);
  });
  const undoing = task('undoing', ({ output }: { output: number }) => void undone.push(output));
  const order = saga([{ name: 'order', do: hedge(work, { delayMs: 50 }), compensate: undoing }]);
  const running = order.execute(7, { signal: controller.signal, context: { clock } });
  const failed = expect(running).rejects.toThrow();
  await clock.advance(100);
  controller.abort(new Error('stop'));
  await clock.advance(200);
  await failed;
  expect(undone).toEqual([7]);
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
});
