/** One value of a gauge out of those of several processes. */
import { expect, it } from 'vitest';
import { combined } from '../../src/prometheus/combine.ts';

it.each([
  ['largest', 5],
  ['least', 2],
  ['sum', 7],
] as const)('a process without a number does not hide those of the others: %s', (combine, expected) => {
  const values = { a: 5, b: Number.NaN, c: 2 };
  expect(combined(new Map(Object.entries(values)), combine)).toBe(expected);
  expect(combined(new Map([['b', Number.NaN]]), combine)).toBeNaN();
});

it('infinities are numbers', () => {
  const values = { a: Number.NaN, b: Number.NEGATIVE_INFINITY, c: Number.POSITIVE_INFINITY };
  expect(combined(new Map(Object.entries(values)), 'least')).toBe(Number.NEGATIVE_INFINITY);
  expect(combined(new Map(Object.entries(values)), 'largest')).toBe(Number.POSITIVE_INFINITY);
});
