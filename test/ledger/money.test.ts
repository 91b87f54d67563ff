import fc from 'fast-check';
import { expect, it } from 'vitest';
import { addTo, type Sum } from '../../src/ledger/money.ts';

const sumOf = (amounts: Iterable<number>): number => {
  const sum: Sum = { value: 0 };
  for (const amount of amounts) addTo(sum, amount);
  return sum.value;
};

it('adds 10 million times $0.0000001 to exactly $1', () => {
  const sum: Sum = { value: 0 };
  for (let i = 0; i < 10_000_000; i += 1) addTo(sum, 0.000_000_1);
  expect(sum.value).toBe(1);
});

it('keeps small amounts beside large ones', () => {
  expect(sumOf([1_000_000, ...Array<number>(1_000_000).fill(1e-9)])).toBe(1_000_000.001);
});

it('comes back to 0 when all that was added is taken away', () => {
  const amounts = fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { maxLength: 200 });
  fc.assert(
    fc.property(amounts, (given) => {
      expect(Math.abs(sumOf([...given, ...given.map((amount) => -amount)]))).toBeLessThan(1e-12);
    }),
  );
});

it('is the exact sum of whole picodollars, in any order', () => {
  const amounts = fc.array(fc.integer({ min: 0, max: 1_000_000_000 }), { maxLength: 500 });
  fc.assert(
    fc.property(amounts, (picos) => {
      const exact = picos.reduce((sum, pico) => sum + pico, 0) / 1e12;
      expect(Math.abs(sumOf(picos.map((pico) => pico / 1e12)) - exact)).toBeLessThanOrEqual(exact * Number.EPSILON);
    }),
  );
});
