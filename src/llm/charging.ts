/** Makes the charge of a model call when it has ended, and tells all who count it. */
import { payIn } from '../core/accounts.ts';
import type { ExecutionContext } from '../core/context.ts';
import { type Settle, tellSpenders } from '../core/spending.ts';
import { isPromise } from '../core/until-cancelled.ts';
import { loadCatalogue, loadedCatalogue } from '../ledger/catalogue.ts';
import type { CallOutcome, CallPlan, Charge } from '../ledger/charge.ts';
import type { PriceBook } from '../ledger/price-book.ts';
import { knownModel, type PricedCall, priceCall } from '../ledger/price-call.ts';
import { soundUsage } from '../ledger/usage.ts';
import { recordCharge, UNKNOWN_MODEL } from '../telemetry/record/charge.ts';
import type { Observation } from '../telemetry/record/llm.ts';
import type { ModelCallEnd } from './model-call.ts';
import { chargeLater } from './pending-charges.ts';
import { warnOfUnknown } from './warn-once.ts';

/** What is known of a call that has ended. */
export interface EndedCall extends Pick<ModelCallEnd, 'usage' | 'metering' | 'statedDollars' | 'serviceTier'> {
  readonly provider: string;
  /** The model that was asked for. */
  readonly asked: string | undefined;
  /** The model that answered. */
  readonly answered: string | undefined;
  readonly outcome: Exclude<CallOutcome, 'superseded'>;
  /** Whether it costs nothing at any price: then it counts in no metric of tokens and dollars. @default false */
  readonly isFree?: boolean | undefined;
}

/** Where the charge of a call goes. */
export interface ChargedTo {
  readonly context: ExecutionContext;
  readonly observation: Observation;
  readonly prices: () => PriceBook;
  /** Ends the reservations of the budgets around the call. */
  readonly settle: Settle | undefined;
}

/** The cost of a call that a server has refused, or that was never sent. */
export const FREE = {
  usage: { inputTokens: 0, outputTokens: 0 },
  metering: 'exact',
  statedDollars: undefined,
  serviceTier: undefined,
  isFree: true,
} as const;

/**
 * Charges a call, once. Gives a Promise only where a price must be loaded first. `charged` gets the charge when it is
 * counted.
 */
export function chargeCall(
  call: EndedCall,
  to: ChargedTo,
  charged: (charge: Charge) => void = () => {},
): PromiseLike<void> | undefined {
  const finish = (priced: Priced | undefined) => {
    const charge = chargeOf(call, priced, to);
    post(charge, to, call.isFree);
    if (call.isFree !== true) warnOfUnknown(charge, facts);
    charged(charge);
  };
  const facts = factsOf(call, to.context);
  const priced = call.isFree === true ? { dollars: 0, pricedBy: undefined } : priceOf(facts, to);
  if (!isPromise(priced)) {
    finish(priced);
    return undefined;
  }
  const later = chargeLater(priced, finish);
  tellSpenders(to.context, (spender) => spender.awaits?.(later));
  return later;
}

type Priced = Pick<Charge, 'pricedBy'> & { readonly dollars: number };

function factsOf(call: EndedCall, context: ExecutionContext): PricedCall {
  const { provider, asked: askedModel, answered: answeredModel, usage, serviceTier, statedDollars } = call;
  return { provider, askedModel, answeredModel, usage, serviceTier, statedDollars, at: dateIn(context) };
}

function priceOf(call: PricedCall, { prices }: ChargedTo): Priced | undefined | Promise<Priced | undefined> {
  const { askedModel, answeredModel } = call;
  // Only the catalogue can tell whether the name that a reply gives is that of a model.
  const mustLoad = askedModel === undefined && answeredModel !== undefined && loadedCatalogue() === undefined;
  return mustLoad ? loadCatalogue().then(() => priceCall(call, prices())) : priceCall(call, prices());
}

/** What a call of this model would cost by the tokens that it may use. */
export function estimator(
  { provider, model, at }: { readonly provider: string; readonly model: string | undefined; readonly at: number },
  prices: () => PriceBook,
): CallPlan['dollarsFor'] {
  return (usage) => {
    const priced = priceCall({ provider, askedModel: model, usage, at }, prices());
    return isPromise(priced) ? priced.then((later) => later?.dollars) : priced?.dollars;
  };
}

const NO_TOKENS = { inputTokens: 0, outputTokens: 0 };

/** Loads the catalogue if the price of this model needs it: it is there when the call ends. */
export function preparePrice(provider: string, model: string, prices: () => PriceBook): void {
  if (loadedCatalogue() === undefined) priceCall({ provider, askedModel: model, usage: NO_TOKENS, at: 0 }, prices());
}

/** A clock is foreign code. */
export function dateIn(context: ExecutionContext): number {
  try {
    return context.date();
  } catch {
    return Number.NaN;
  }
}

function chargeOf(call: EndedCall, priced: Priced | undefined, { context, prices }: ChargedTo): Charge {
  const { provider, metering, asked, answered, usage } = call;
  return {
    provider,
    model: asked ?? (answered === undefined ? undefined : knownModel(provider, answered, prices())) ?? UNKNOWN_MODEL,
    outcome: outcomeIn(context, call.outcome),
    metering,
    usage: usage === undefined ? undefined : soundUsage(usage),
    dollars: priced?.dollars,
    pricedBy: priced?.pricedBy,
  };
}

/** Work that was cancelled is dropped, also where the model has answered it all the same. */
function outcomeIn(context: ExecutionContext, outcome: CallOutcome): CallOutcome {
  switch (context.cancellation) {
    case undefined:
      return outcome;
    case 'timeout':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'superseded';
  }
}

function post(charge: Charge, { context, observation, settle }: ChargedTo, isFree = false): void {
  if (!isFree) recordCharge(charge, observation, context);
  const { outcome, dollars = 0 } = charge;
  if (dollars > 0) payIn(context, outcome === 'cancelled' ? 'aborted' : outcome, dollars);
  tellSpenders(context, (spender) => spender.charged?.(charge));
  settle?.(charge);
}
