import { readProperty } from '../platform/read-property.ts';
import type { ObservedContext } from './observation.ts';
import { OUTCOMES, type Outcome } from './semconv.ts';

/** An error that carries its own verdict, one of the outcomes, does so under this key. */
export const VERDICT: unique symbol = Symbol.for('tta-primitives.verdict') as never;

const FAILURES: ReadonlySet<unknown> = new Set(OUTCOMES.filter((outcome) => outcome !== 'success'));

/** The verdict that an error carries. Anything can stand under that key: what is not a failure is ignored. */
export function ownVerdict(error: unknown): Outcome | undefined {
  const verdict = readProperty(error, VERDICT);
  return FAILURES.has(verdict) ? (verdict as Outcome) : undefined;
}

/** How an execution that failed with `error` ended: cancelled, as the error itself says, or a plain failure. */
export function verdictOn(error: unknown, ctx: ObservedContext): Outcome {
  if (ctx.cancelledBy(error)) return 'cancelled';
  return ownVerdict(error) ?? 'failure';
}
