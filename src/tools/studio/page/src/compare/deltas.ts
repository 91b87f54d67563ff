/** How far two values are apart. `null`: one of them is not known. */
import type { Side } from '../../../model/compare.ts';

export function deltaUs(left: Side | null, right: Side | null): number {
  return ((right?.durationNs ?? 0) - (left?.durationNs ?? 0)) / 1_000;
}

export function deltaNanodollars(left: Side | null, right: Side | null): number | null {
  const [one, other] = [left?.nanodollars ?? null, right?.nanodollars ?? null];
  // A step that is not there has spent nothing; a step whose dollars are not known has not spent nothing.
  if ((left !== null && one === null) || (right !== null && other === null)) return null;
  return (other ?? 0) - (one ?? 0);
}

/** `+` before what grew, a real minus before what shrank. */
export function signed(value: number, format: (size: number) => string): string {
  return value === 0 ? '±0' : `${value > 0 ? '+' : '−'}${format(Math.abs(value))}`;
}
