/** Sums of dollars that do not drift. */

/** A sum, and what rounding has added to it too much. */
export interface Sum {
  value: number;
  /** @default 0 */
  rest?: number | undefined;
}

/**
 * Adds to a sum so that it stays exact: 10 million times $0.0000001 are $1, where `+=` gives $0.99999999975. What an addition
 * rounds away is kept, and goes into the next one (Kahan's sum).
 */
export function addTo(sum: Sum, amount: number): void {
  const exact = amount - (sum.rest ?? 0);
  const next = sum.value + exact;
  sum.rest = next - sum.value - exact;
  sum.value = next;
}
