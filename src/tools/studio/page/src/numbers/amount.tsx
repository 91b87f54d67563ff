import type { NumbersUnit } from '../../../api.ts';
import { formatValue } from './values.ts';

/** A number, or that it is not known, which is not 0. */
export function Amount({ unit, value }: { readonly unit: NumbersUnit; readonly value: number | null }) {
  return value === null ? <span class="soft">unknown</span> : <span>{formatValue(unit, value)}</span>;
}
