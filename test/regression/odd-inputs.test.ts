import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { cache, map, task } from '../../src/index.ts';

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
