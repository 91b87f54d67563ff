/**
 * The arithmetic of budgets. Amounts are whole nanodollars: their sums are exact up to 9 million dollars, so that ten
 * times a tenth of a limit is the limit.
 */
import type { CallPlan, Charge } from './charge.ts';
import type { Usage } from './usage.ts';

/** What has been spent, and what is held for calls that have not ended. */
export interface Balance {
  readonly spent: number;
  readonly held: number;
}

export const NEW_BALANCE: Balance = { spent: 0, held: 0 };

const PER_DOLLAR = 1e9;

/** An amount that is no number of 0 or more counts as 0. */
export function nanodollars(dollars: number): number {
  return Number.isFinite(dollars) && dollars > 0 ? Math.round(dollars * PER_DOLLAR) : 0;
}

export function dollarsOf(nanodollars: number): number {
  return nanodollars / PER_DOLLAR;
}

/** What is left of a limit, without the noise of fractions. Less than 0 where calls cost more than was held for them. */
export function dollarsLeft(limitUsd: number, spentUsd: number, heldUsd: number): number {
  return dollarsOf(nanodollars(limitUsd) - nanodollars(spentUsd) - nanodollars(heldUsd));
}

/** The balance after `amount` is held; `undefined` where the limit leaves too little, or nothing, for a call. */
export function hold({ spent, held }: Balance, amount: number, limit: number): Balance | undefined {
  const used = spent + held;
  return used >= limit || used + amount > limit ? undefined : { spent, held: held + amount };
}

/** The balance after the end of a call for which `amount` was held, and which cost `cost`. */
export function release({ spent, held }: Balance, amount: number, cost: number): Balance {
  return { spent: spent + cost, held: Math.max(0, held - amount) };
}

/** A token of an English text has about 4 bytes; of JSON, code and other languages it has fewer. */
const BYTES_PER_TOKEN = 3;

/** The tokens that a call may need: every 3 bytes of its request are one, and each answer is as long as it may be. */
export function assumedUsage(
  { requestBytes, maxOutputTokens, choices }: Pick<CallPlan, 'requestBytes' | 'maxOutputTokens' | 'choices'>,
  assumedOutputTokens: number,
): Usage {
  return {
    inputTokens: Math.ceil(positive(requestBytes) / BYTES_PER_TOKEN),
    outputTokens: positive((positive(maxOutputTokens) || assumedOutputTokens) * (positive(choices) || 1)),
  };
}

/** More than any call has is no usage: it would cost nothing. */
function positive(value: number | undefined): number {
  const isNumber = typeof value === 'number' && Number.isFinite(value) && value > 0;
  return isNumber ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0;
}

/**
 * What a call counts for in a budget, in dollars. Of a call whose cost is unknown, or known only in part, what was held
 * for it is taken as spent: it is the safe bound.
 */
export function spentOn({ dollars, metering, outcome }: Charge, heldUsd: number): number {
  if (dollars === undefined || !Number.isFinite(dollars) || dollars < 0) return heldUsd;
  // The text that has passed is all of a reply only where it has come to its end.
  const isKnown = metering === 'exact' || (metering === 'estimate' && outcome === 'answered');
  return isKnown ? dollars : Math.max(dollars, heldUsd);
}

/** Whether the last `added` nanodollars have made what is spent reach a limit. One of 0 is reached by the first of all. */
export function reaches(limit: number, spent: number, added: number): boolean {
  const least = Math.max(limit, 1);
  return spent >= least && spent - added < least;
}

/** When the window ends that `date` is in. Windows follow one another from the Unix epoch: a day is one of UTC. */
export function windowEnd(date: number, windowMs: number): number {
  return (Math.floor(date / windowMs) + 1) * windowMs;
}
