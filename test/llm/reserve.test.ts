import { describe, expect, it } from 'vitest';
import { CancelScope } from '../../src/core/cancellation.ts';
import { ExecutionContext } from '../../src/core/context.ts';
import { type Spender, withSpender } from '../../src/core/spending.ts';
import type { CallPlan, Charge } from '../../src/ledger/charge.ts';
import { reserveAround } from '../../src/llm/reserve.ts';
import { settled } from '../../src/testing/virtual-clock.ts';

const plan: CallPlan = {
  ...{ provider: 'openai', model: 'gpt-4', requestBytes: 30, maxOutputTokens: 10 },
  dollarsFor: () => undefined,
};
const charge: Charge = {
  provider: 'openai',
  model: 'gpt-4',
  outcome: 'answered',
  metering: 'exact',
  usage: undefined,
  dollars: 2,
  pricedBy: 'reply',
};

/** A budget that notes what it is told. */
function noting(log: string[], name: string, answer: 'yes' | 'no' | Promise<'yes' | 'no'> = 'yes'): Spender {
  const decide = (word: 'yes' | 'no') => {
    if (word === 'no') throw new Error(`${name} refuses`);
    return (given: Charge) => void log.push(`${name} gets ${given.dollars}`);
  };
  return {
    reserve: () => {
      log.push(`${name} is asked`);
      return typeof answer === 'string' ? decide(answer) : answer.then(decide);
    },
  };
}

/** @param spenders the outermost first */
function inside(...spenders: Spender[]): ExecutionContext {
  return spenders.reduce(withSpender, ExecutionContext.create({}));
}

describe('reserveAround', () => {
  it('has nothing to do where nothing around the call has a budget', () => {
    expect(reserveAround(inside({ charged: () => {} }), plan)).toBeUndefined();
  });

  it('asks the outermost budget first, and tells each of the charge once', () => {
    const log: string[] = [];
    const settle = reserveAround(inside(noting(log, 'outer'), {}, noting(log, 'inner')), plan) as (c: Charge) => void;
    settle(charge);
    settle(charge);
    expect(log).toEqual(['outer is asked', 'inner is asked', 'outer gets 2', 'inner gets 2']);
  });

  it.each(['at once', 'later'])('gives back what others reserved when a budget refuses %s', async (when) => {
    const log: string[] = [];
    const outer = noting(log, 'outer', when === 'later' ? Promise.resolve('yes') : 'yes');
    const inner = noting(log, 'inner', when === 'later' ? Promise.resolve('no') : 'no');
    await expect(async () => reserveAround(inside(outer, inner), plan)).rejects.toThrow('inner refuses');
    expect(log).toEqual(['outer is asked', 'inner is asked', 'outer gets 0']);
  });

  it('gives everything back when the call is cancelled while a store is asked', async () => {
    const log: string[] = [];
    let answer = (_: 'yes' | 'no') => {};
    const slow = new Promise<'yes' | 'no'>((resolve) => {
      answer = resolve;
    });
    const scope = new CancelScope();
    const context = inside(noting(log, 'outer'), noting(log, 'slow', slow)).within(scope);
    const asked = reserveAround(context, plan);
    const gone = new Error('gone');
    scope.cancel(gone);
    await expect(asked).rejects.toBe(gone);
    expect(log).toEqual(['outer is asked', 'slow is asked', 'outer gets 0']);
    answer('yes');
    await settled();
    expect(log.at(-1)).toBe('slow gets 0');
  });

  it('rejects with the refusal of a slow store, and asks no further budget', async () => {
    const log: string[] = [];
    await expect(
      reserveAround(inside(noting(log, 'a', Promise.resolve('no')), noting(log, 'b')), plan),
    ).rejects.toThrow('a refuses');
    expect(log).toEqual(['a is asked']);
  });
});
