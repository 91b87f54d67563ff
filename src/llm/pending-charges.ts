/** The charges that wait for the price catalogue, which is loaded with the first call: for those who read numbers. */
import { processWide } from '../platform/process-wide.ts';

interface PendingCharge {
  readonly charged: Promise<void>;
  chargeNow(): void;
}

const pending = processWide('pending charges', () => new Set<PendingCharge>());

/** Calls `finish` once the price is there, or without a price when `chargeNow` is called before. `priced` must not reject. */
export function chargeLater<P>(priced: Promise<P | undefined>, finish: (priced: P | undefined) => void): Promise<void> {
  const finishOnce = (price: P | undefined) => {
    if (pending.delete(charge)) finish(price);
  };
  const charge: PendingCharge = { charged: priced.then(finishOnce), chargeNow: () => finishOnce(undefined) };
  pending.add(charge);
  return charge.charged;
}

/** Resolves when the calls that have ended so far are charged. */
export async function chargesSettled(): Promise<void> {
  await Promise.all([...pending].map(({ charged }) => charged));
}

/** Charges them now, without a price: the process exits, and nothing is loaded any more. */
export function chargeNow(): void {
  for (const charge of [...pending]) charge.chargeNow();
}
