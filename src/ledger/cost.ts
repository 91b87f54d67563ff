/** What several model calls cost together. */
import type { Charge } from './charge.ts';
import { addTo, type Sum } from './money.ts';
import { type SoundUsage, soundUsage } from './usage.ts';

/** What model calls cost. It grows while there are more calls. */
export interface CallCosts {
  /** US dollars of the calls whose price and tokens are known. The calls in `unpriced` and `unmetered` may add to it. */
  readonly dollars: number;
  readonly calls: number;
  /** Calls whose tokens are known, and whose price is not. */
  readonly unpriced: number;
  /** Calls whose tokens are not known, or only a lower bound or an estimate of them. */
  readonly unmetered: number;
  readonly usage: SoundUsage;
}

/** What the model calls of an execution cost, in all and by `provider/model`, such as `openai/gpt-4o`. */
export interface Cost extends CallCosts {
  readonly byModel: Readonly<Record<string, CallCosts>>;
}

type Growing<T> = { -readonly [K in keyof T]: T[K] };

/** The costs of no call yet, and the function that adds a charge to them. */
export function costOfCalls(): { readonly cost: Cost; readonly add: (charge: Charge) => void } {
  // Without a prototype: a model may have any name.
  const byModel: Record<string, CallCosts> = Object.create(null);
  const adders = new Map<string, (charge: Charge) => void>();
  const all = nothing();
  const cost: Cost = Object.assign(all, { byModel });
  const addToAll = adderTo(all);
  const add = (charge: Charge) => {
    const key = `${charge.provider}/${charge.model}`;
    let addToModel = adders.get(key);
    if (addToModel === undefined) {
      const ofModel = nothing();
      byModel[key] = ofModel;
      addToModel = adderTo(ofModel);
      adders.set(key, addToModel);
    }
    addToAll(charge);
    addToModel(charge);
  };
  return { cost, add };
}

function nothing(): Growing<CallCosts> {
  return { dollars: 0, calls: 0, unpriced: 0, unmetered: 0, usage: soundUsage({ inputTokens: 0, outputTokens: 0 }) };
}

function adderTo(costs: Growing<CallCosts>): (charge: Charge) => void {
  const sum: Sum = { value: 0 };
  return ({ usage, dollars, metering }) => {
    costs.calls += 1;
    if (metering !== 'exact') costs.unmetered += 1;
    if (dollars !== undefined) {
      addTo(sum, dollars);
      costs.dollars = sum.value;
    } else if (usage !== undefined) {
      costs.unpriced += 1;
    }
    if (usage !== undefined) costs.usage = plus(costs.usage, usage);
  };
}

function plus(a: SoundUsage, b: SoundUsage): SoundUsage {
  const keys = Object.keys(a) as (keyof SoundUsage)[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as SoundUsage;
}
