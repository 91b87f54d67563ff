import type { ExecutionContext } from '../../src/core/context.ts';
import { type Primitive, task } from '../../src/index.ts';
import type { CallPlan, Charge } from '../../src/ledger/charge.ts';
import { reserveAround } from '../../src/llm/reserve.ts';

export interface PaidCall {
  /** What a budget must hold for it, in dollars; `undefined`: its price is unknown. */
  readonly needs?: number | undefined;
  /** What it costs at its end; `undefined`: not known. @default what it needs */
  readonly costs?: number | undefined;
  readonly metering?: Charge['metering'];
  readonly ms?: number;
  readonly fails?: boolean;
}

/** A plan whose estimate is `needs` dollars. */
export function planFor(needs: number | undefined): CallPlan {
  return {
    provider: 'fake',
    model: 'fake',
    requestBytes: undefined,
    maxOutputTokens: undefined,
    dollarsFor: () => needs,
  };
}

export function chargeOf(dollars: number | undefined, metering: Charge['metering'] = 'exact'): Charge {
  const usage = undefined;
  return { provider: 'fake', model: 'fake', outcome: 'answered', metering, usage, dollars, pricedBy: undefined };
}

/** Calls that were made, and what they have cost in all. */
export interface Paid {
  calls: number;
  dollars: number;
  running: number;
}

/** A task that makes one call to a model, as `llm` and the observed `fetch` do. Gives what it has cost. */
export function paidCall(name = 'call', paid: Paid = { calls: 0, dollars: 0, running: 0 }) {
  return task(name, async (call: PaidCall, context): Promise<number | undefined> => {
    const { needs, metering = 'exact', ms = 0, fails = false } = call;
    const costs = 'costs' in call ? call.costs : needs;
    const settle = await reserveAround(context as ExecutionContext, planFor(needs));
    paid.calls += 1;
    paid.running += 1;
    try {
      // A provider bills a call that its caller has aborted.
      if (ms > 0) await context.clock.sleep(ms);
    } finally {
      paid.running -= 1;
      paid.dollars += costs ?? 0;
      settle?.(chargeOf(costs, metering));
    }
    if (fails) throw new Error('the call failed');
    return costs;
  }) satisfies Primitive<PaidCall, number | undefined>;
}

export const nothingPaid = (): Paid => ({ calls: 0, dollars: 0, running: 0 });
