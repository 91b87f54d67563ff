import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryBudget } from '../../src/index.ts';

const takeAll = (budget: ReturnType<typeof retryBudget>, now: number) => {
  let taken = 0;
  while (taken < 10_000 && budget.takeRetry(now) !== undefined) taken += 1;
  return taken;
};

describe('retryBudget', () => {
  it('allows its share of the tries in the window, and a floor', () => {
    const budget = retryBudget({ ratio: 0.2, minPerSecond: 1, windowMs: 10_000 });
    expect(takeAll(budget, 0)).toBe(10);
    for (let i = 0; i < 100; i += 1) budget.countTry(0);
    expect(takeAll(budget, 0)).toBe(20);
  });

  it('forgets tries and retries as the window slides', () => {
    const budget = retryBudget({ ratio: 0.5, minPerSecond: 0, windowMs: 1_000 });
    for (let i = 0; i < 10; i += 1) budget.countTry(i * 100);
    expect(takeAll(budget, 999)).toBe(5);
    expect(takeAll(budget, 1_050)).toBe(0);
    expect(takeAll(budget, 5_000)).toBe(0);
    for (let i = 0; i < 4; i += 1) budget.countTry(5_000);
    expect(takeAll(budget, 5_000)).toBe(2);
  });

  it('takes back a retry that was not made, unless it has been forgotten', () => {
    const budget = retryBudget({ ratio: 0, minPerSecond: 1, windowMs: 1_000 });
    const giveBack = budget.takeRetry(0);
    expect(budget.takeRetry(0)).toBeUndefined();
    giveBack?.();
    expect(budget.takeRetry(0)).toBeDefined();
    const late = budget.takeRetry(1_000);
    expect(budget.takeRetry(1_000)).toBeUndefined();
    giveBack?.();
    expect(budget.takeRetry(1_000)).toBeUndefined();
    late?.();
    expect(budget.takeRetry(1_000)).toBeDefined();
  });

  it('never allows more in any window than its share and its floor', () => {
    const event = fc.record({ afterMs: fc.nat(300), retry: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.double({ min: 0, max: 1, noNaN: true }), (events, ratio) => {
        const budget = retryBudget({ ratio, minPerSecond: 1, windowMs: 1_000 });
        let now = 0;
        const tries: number[] = [];
        const retries: number[] = [];
        for (const { afterMs, retry } of events) {
          now += afterMs;
          if (retry && budget.takeRetry(now) !== undefined) retries.push(now);
          if (!retry) {
            budget.countTry(now);
            tries.push(now);
          }
          const oldest = (Math.floor(now / 100) - 9) * 100;
          const inWindow = (times: number[]) => times.filter((time) => time >= oldest).length;
          if (retries.at(-1) === now && retry) {
            expect(inWindow(retries)).toBeLessThanOrEqual(inWindow(tries) * ratio + 1 + 1e-6);
          }
        }
      }),
    );
  });

  it.each([
    [{ ratio: -1 }, 'RetryBudgetOptions: ratio must be a finite number, 0 or more, got -1'],
    [{ windowMs: 1 }, 'RetryBudgetOptions: windowMs must be a finite number, 10 or more, got 1'],
    [{ min: 1 }, 'RetryBudgetOptions: there is no option "min"; did you mean minPerSecond?'],
  ])('refuses %j', (options, message) => {
    expect(() => retryBudget(options as never)).toThrow(message);
  });
});
