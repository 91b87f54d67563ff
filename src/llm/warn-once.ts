/** Says once of each model that its calls are not in the dollars, and what to do. The counters say how many. */
import type { Charge } from '../ledger/charge.ts';
import type { PricedCall } from '../ledger/price-call.ts';
import { whyUnmetered, whyUnpriced } from '../ledger/unpriced.ts';
import { processWide } from '../platform/process-wide.ts';
import { UNKNOWN_MODEL } from '../telemetry/record/charge.ts';

/** The texts that were said, in all copies of this package. */
const said = processWide('unknown costs', () => new Set<string>());

/** A program that names ever new models is warned of the first ones. */
const MOST = 50;

/** The models of `scriptedModel` and of the offline server cost nothing. */
const IMAGINARY = ['fake', 'offline'];

export function warnOfUnknown(
  charge: Charge,
  { provider, serviceTier }: Pick<PricedCall, 'provider' | 'serviceTier'>,
): void {
  const { model, metering, usage, dollars, outcome } = charge;
  if (IMAGINARY.includes(provider)) return;
  // Not the name that an unknown model has in the reply: a server may invent a new one for each.
  const call = { provider, serviceTier, askedModel: model === UNKNOWN_MODEL ? undefined : model };
  if (usage !== undefined && dollars === undefined) warn(whyUnpriced(call));
  // A call that ended early has no remedy.
  else if (outcome === 'answered' && (metering === 'unknown' || metering === 'estimate')) warn(whyUnmetered(call));
}

function warn(text: string): void {
  if (said.size >= MOST || said.has(text)) return;
  said.add(text);
  process.emitWarning(`${text} It is said once.`, 'TtaPrimitivesWarning');
}
