import type { Observation } from '../observation.ts';
import { ATTR, EVENT, HEDGE_RESULTS, type HedgeResult, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { errorAttributes } from './error.ts';

export type { HedgeResult } from '../semconv.ts';

const hedgeAttempts = new SeriesTable(INSTRUMENT.hedgeAttempts, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveName,
  ATTR.hedgeResult,
]);

/** Records the tries of one hedge, and which of them answered. */
export function hedgeRecorder(name: string) {
  const results = Object.fromEntries(
    HEDGE_RESULTS.map((result) => [result, hedgeAttempts.series(name, result)]),
  ) as Record<HedgeResult, ReturnType<typeof hedgeAttempts.series>>;
  return {
    /** Try `attempt` (the first is 1) begins, because the earlier tries are late or one of them failed. */
    hedged(observation: Observation, attempt: number, failure: { readonly error: unknown } | undefined): void {
      observation.span?.addEvent(EVENT.hedge, {
        [ATTR.hedgeAttempt]: attempt,
        ...(failure === undefined ? {} : errorAttributes(failure.error)),
      });
    },
    /** Try `attempt` failed, and none begins because of it. */
    failed(observation: Observation, { attempt, error }: { readonly attempt: number; readonly error: unknown }): void {
      observation.span?.addEvent(EVENT.hedgeFailed, { [ATTR.hedgeAttempt]: attempt, ...errorAttributes(error) });
    },
    finished(observation: Observation, result: HedgeResult): void {
      results[result].value += 1;
      observation.span?.setAttribute(ATTR.hedgeResult, result);
    },
  };
}
