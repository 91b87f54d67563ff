import { readProperty } from '../platform/read-property.ts';
import type { ObservedContext } from './observation.ts';
import { OUTCOMES, type Outcome } from './semconv.ts';

/** The key under which an error may carry its own verdict, one of the outcomes. */
export const VERDICT: unique symbol = Symbol.for('tta-primitives.verdict') as never;

const FAILURES: ReadonlySet<unknown> = new Set(OUTCOMES.filter((outcome) => outcome !== 'success'));

/** The verdict that an error carries. A value under that key that is not the outcome of a failure is ignored. */
export function ownVerdict(error: unknown): Outcome | undefined {
  const verdict = readProperty(error, VERDICT);
  return FAILURES.has(verdict) ? (verdict as Outcome) : undefined;
}

/** The outcome of an execution that failed with `error`: that of its cancellation, else the error's own, else `failure`. */
export function verdictOn(error: unknown, ctx: ObservedContext): Outcome {
  return ctx.cancelledAs(error) ?? ownVerdict(error) ?? 'failure';
}
