import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { cache, map, retry, task } from '../../src/index.ts';
import { createVirtualClock } from '../../src/testing/index.ts';

it('stops listening to the signal when the items of a map cannot even be asked for', async () => {
  const { signal } = new AbortController();
  const error = new Error('no items');
  const items = {
    [Symbol.iterator]: () => {
      throw error;
    },
  };
  const each = map(task('t', (n: number) => n));
  await expect(each.execute(items, { signal })).rejects.toBe(error);
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

it('refuses a cache larger than the memory of any machine, instead of trying', () => {
  expect(() =>
    cache(
      task('t', () => 1),
      { key: () => '', maxEntries: 2 ** 40 },
    ),
  ).toThrow('CacheOptions: maxEntries must be a whole number from 1 to 10000000, got 1099511627776');
});

it.each([Number.NaN, -1, 7])('waits the longest that it may where chance is %d', async (random) => {
  const clock = createVirtualClock();
  const begun = clock.now();
  const starts: number[] = [];
  const failing = task('t', () => {
    starts.push(clock.now() - begun);
    throw new Error('no');
  });
  const running = retry(failing, { maxRetries: 2, initialDelayMs: 100, random: () => random }).execute(undefined, {
    context: { clock },
  });
  const outcome = expect(running).rejects.toThrow('no');
  await clock.advance(300);
  await outcome;
  expect(starts).toEqual([0, 100, 300]);
});
