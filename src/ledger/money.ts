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

/** How much a sum has grown since it was `before`, which is not larger. What the subtraction rounds away is put back. */
export function growth({ value, rest = 0 }: Readonly<Sum>, before: Readonly<Sum>): number {
  const whole = value - before.value;
  const lost = value - whole - before.value;
  return whole + (lost - (rest - (before.rest ?? 0)));
}
