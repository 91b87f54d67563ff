import { expect, it } from 'vitest';
import { laterDollars, statedDollars } from '../../src/ledger/stated-dollars.ts';

it('dollars that are stated later take the place of earlier ones, but a 0 or nothing erases none', () => {
  expect(laterDollars(0.5, 0.7)).toBe(0.7);
  expect(laterDollars(0.5, 0)).toBe(0.5);
  expect(laterDollars(0.5, undefined)).toBe(0.5);
  expect(laterDollars(0, 0.5)).toBe(0.5);
  expect(laterDollars(undefined, 0)).toBe(0);
  expect(laterDollars(0, undefined)).toBe(0);
  expect(laterDollars(undefined, undefined)).toBeUndefined();
});

it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, '-1', '1e999', 'much', '', null, true, [1], {}, { total_cost: -1 }])(
  'a cost of %j is none',
  (cost) => {
    expect(statedDollars({ cost })).toBeUndefined();
  },
);
