import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assumedUsage,
  dollarsOf,
  hold,
  NEW_BALANCE,
  nanodollars,
  release,
  spentOn,
  windowEnd,
} from '../../src/ledger/budget.ts';
import type { CallPlan, Charge } from '../../src/ledger/charge.ts';

describe('a balance', () => {
  it('holds up to the limit and not more, whatever the fractions', () => {
    const limit = nanodollars(0.3);
    let balance = NEW_BALANCE;
    for (let i = 0; i < 3; i += 1) balance = hold(balance, nanodollars(0.1), limit) ?? balance;
    expect(balance).toEqual({ spent: 0, held: 300_000_000 });
    expect(hold(balance, 1, limit)).toBeUndefined();
    expect(hold(balance, 0, limit)).toBeUndefined();
    expect(hold(release(balance, nanodollars(0.1), 0), nanodollars(0.1), limit)).toEqual(balance);
  });

  it('sums ten million calls of a ten-millionth of a dollar to one dollar', () => {
    let balance = NEW_BALANCE;
    for (let i = 0; i < 10_000_000; i += 1) balance = release(balance, 0, nanodollars(1e-7));
    expect(dollarsOf(balance.spent)).toBe(1);
  });

  it('never holds less than nothing, nor more than the limit', () => {
    const amount = fc.nat(1_000);
    fc.assert(
      fc.property(fc.array(fc.tuple(amount, amount)), amount, (calls, limit) => {
        let balance = NEW_BALANCE;
        for (const [needs, costs] of calls) {
          const held = hold(balance, needs, limit);
          if (held === undefined) continue;
          expect(held.spent + held.held).toBeLessThanOrEqual(limit);
          balance = release(held, needs, costs);
          expect(balance.held).toBe(0);
        }
      }),
    );
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '5' as never, undefined as never])(
    'takes %s dollars for none',
    (dollars) => expect(nanodollars(dollars)).toBe(0),
  );
});

describe('the tokens that a call may need', () => {
  const plan = (over: Partial<CallPlan>) => ({ requestBytes: 100, maxOutputTokens: 50, ...over });

  it('are a third of the bytes of the request, and all that the reply may have', () => {
    expect(assumedUsage(plan({}), 1_000)).toEqual({ inputTokens: 34, outputTokens: 50 });
    expect(assumedUsage(plan({ choices: 3 }), 1_000)).toEqual({ inputTokens: 34, outputTokens: 150 });
    expect(assumedUsage(plan({ choices: 3, maxOutputTokens: undefined }), 1_000)).toMatchObject({
      outputTokens: 3_000,
    });
    expect(assumedUsage(plan({ requestBytes: undefined, maxOutputTokens: undefined }), 1_000)).toEqual({
      inputTokens: 0,
      outputTokens: 1_000,
    });
  });

  it.each([Number.NaN, -1, 0, Number.POSITIVE_INFINITY, '9' as never, null as never])(
    'do not follow a limit of %s',
    (limit) =>
      expect(assumedUsage(plan({ requestBytes: limit, maxOutputTokens: limit }), 7)).toEqual({
        inputTokens: 0,
        outputTokens: 7,
      }),
  );
});

it.each<[string, Partial<Charge>, number]>([
  ['its dollars', { dollars: 2 }, 2],
  ['nothing, where it cost nothing', { dollars: 0 }, 0],
  ['its dollars, where they are estimated', { dollars: 2, metering: 'estimate' }, 2],
  ['what was held, where its price is unknown', { dollars: undefined }, 3],
  ['what was held, where its usage is unknown', { dollars: undefined, metering: 'unknown' }, 3],
  ['what was held, where its dollars are a smaller part', { dollars: 2, metering: 'partial' }, 3],
  ['its dollars, where they are a part that is larger', { dollars: 4, metering: 'partial' }, 4],
  [
    'what was held, where its text was counted until it was left',
    { dollars: 2, metering: 'estimate', outcome: 'cancelled' },
    3,
  ],
  ['its dollars, where its whole text was counted', { dollars: 2, metering: 'estimate' }, 2],
  ['what was held, where its dollars are no number', { dollars: Number.NaN }, 3],
])('a call counts for %s', (_, charge, expected) => {
  const whole = { provider: 'openai', model: 'gpt-4', outcome: 'answered', metering: 'exact' } as const;
  expect(spentOn({ ...whole, usage: undefined, dollars: undefined, pricedBy: undefined, ...charge }, 3)).toBe(expected);
});

it('windows follow one another from the Unix epoch', () => {
  const day = 86_400_000;
  expect(windowEnd(0, day)).toBe(day);
  expect(windowEnd(day - 1, day)).toBe(day);
  expect(windowEnd(day, day)).toBe(2 * day);
  expect(windowEnd(-1, day)).toBe(0);
});
