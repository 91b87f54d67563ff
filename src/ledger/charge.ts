import type { SoundUsage, Usage } from './usage.ts';

/**
 * How well the tokens of a call are known. `exact`: the provider has said them. `partial`: the call ended early, and they
 * are a lower bound. `estimate`: counted by the text that passed. `unknown`: nothing is known.
 */
export type Metering = 'exact' | 'partial' | 'estimate' | 'unknown';

/** Where the dollars of a charge come from, in the order in which they are asked. */
export type PriceOrigin = 'reply' | 'author' | 'reference' | 'catalogue';

/** How a call ended. `superseded`: a race, a hedge or a failed sibling ended it. */
export type CallOutcome = 'answered' | 'failed' | 'cancelled' | 'superseded';

/** What one call to a model cost. Made once, when the call ends; counters, `withCost` and budgets read nothing else. */
export interface Charge {
  readonly provider: string;
  /** The label `model` of the metrics: the model that was asked for, else the one that answered. */
  readonly model: string;
  readonly outcome: CallOutcome;
  readonly metering: Metering;
  /** `undefined` where the metering is `unknown`. */
  readonly usage: SoundUsage | undefined;
  /** `undefined` where the price or the usage is unknown: unknown is not 0. */
  readonly dollars: number | undefined;
  readonly pricedBy: PriceOrigin | undefined;
}

/** What is known of a call before it begins, for those who must say whether it may. */
export interface CallPlan {
  readonly provider: string;
  /** The model that is asked for, if the request says it. */
  readonly model: string | undefined;
  /** The size of the request, in bytes, if it is known. */
  readonly requestBytes: number | undefined;
  /** The most tokens that the reply may have, if the request says it. */
  readonly maxOutputTokens: number | undefined;
  /** How many answers are asked for, of which each may have as many tokens. @default 1 */
  readonly choices?: number | undefined;
  /** US dollars for such a call with these tokens, by the prices of the charge to come; `undefined` if they are unknown. */
  dollarsFor(usage: Usage): number | undefined | PromiseLike<number | undefined>;
}
