import { readProperty } from '../platform/read-property.ts';
import { OUTCOMES, type Outcome } from './semconv.ts';

/** An error that carries its own verdict, one of the outcomes, does so under this key. */
export const VERDICT: unique symbol = Symbol.for('tta-primitives.verdict') as never;

const FAILURES: ReadonlySet<unknown> = new Set(OUTCOMES.filter((outcome) => outcome !== 'success'));

/** The verdict that an error carries. Anybody can put anything under that key: what is no failure counts as nothing. */
export function ownVerdict(error: unknown): Outcome | undefined {
  const verdict = readProperty(error, VERDICT);
  return FAILURES.has(verdict) ? (verdict as Outcome) : undefined;
}
