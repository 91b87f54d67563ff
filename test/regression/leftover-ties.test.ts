/**
 * Under a signal that lives as long as the program, every execution that was given up on before its work had settled,
 * and every one whose work settled in its grace, left listeners and some 4 KB behind for good.
 */
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { hedge, type Primitive, parallel, race, task, timeout } from '../../src/index.ts';
import { createVirtualClock } from '../../src/testing/index.ts';

const hanging = task('hanging', () => new Promise<number>(() => {}));
const slow = task('slow', (_: void, context) => context.clock.sleep(15).then(() => 1));
const quick = task('quick', () => 1);
const failing = task('failing', (): Promise<number> => Promise.reject(new Error('no')));
let calls = 0;
const everySecond = task('every second', () => {
  calls += 1;
  return calls % 2 === 0 ? 1 : new Promise<number>(() => {});
});

it.each<[string, Primitive<void, unknown>]>([
  ['a timeout whose work never settles', timeout(hanging, { timeoutMs: 10 })],
  ['a timeout whose work settles in its grace', timeout(slow, { timeoutMs: 10, mode: 'cooperative' })],
  [
    'a timeout whose work never settles, with a grace',
    timeout(hanging, { timeoutMs: 10, mode: 'cooperative', graceMs: 5 }),
  ],
  ['a race with a loser that never settles', race([hanging, quick])],
  ['a parallel with a sibling that never settles', parallel([hanging, failing])],
  ['a hedge whose first call never settles', hedge(everySecond, { delayMs: 1 })],
])('%s leaves no listener on the signal', async (_, primitive) => {
  const clock = createVirtualClock();
  const { signal } = new AbortController();
  for (let i = 0; i < 3; i += 1) {
    const running = Promise.allSettled([primitive.execute(undefined, { signal, context: { clock } })]);
    await clock.advance(100);
    await running;
  }
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(clock.pending).toBe(0);
});
