import { OUTCOMES, type Outcome } from './semconv.ts';

/** An error that carries its own verdict, one of the outcomes, does so under this key. */
export const VERDICT: unique symbol = Symbol.for('tta-primitives.verdict') as never;

/** What an error holds under `key`; `undefined` where it holds nothing or cannot be asked: others made it. */
export function held(error: unknown, key: PropertyKey): unknown {
  if (typeof error !== 'object' || error === null) return undefined;
  try {
    return (error as Readonly<Record<PropertyKey, unknown>>)[key];
  } catch {
    return undefined;
  }
}

const FAILURES: ReadonlySet<unknown> = new Set(OUTCOMES.filter((outcome) => outcome !== 'success'));

/** The verdict that an error carries. Anybody can put anything under that key: what is no failure counts as nothing. */
export function ownVerdict(error: unknown): Outcome | undefined {
  const verdict = held(error, VERDICT);
  return FAILURES.has(verdict) ? (verdict as Outcome) : undefined;
}
