import type { Observation } from '../observation.ts';
import { ATTR, EVENT, INSTRUMENT, RETRY_RESULTS, type RetryResult } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';
import { errorAttributes } from './error.ts';

export type { RetryResult } from '../semconv.ts';

const retryAttempts = new SeriesTable(INSTRUMENT.retryAttempts, 'counter', { unit: '{execution}' }, [
  ATTR.primitiveName,
  ATTR.retryResult,
]);

/** Why there was no further try, although the error was worth one. */
export type RetryStop = 'max_retries' | 'deadline' | 'budget';

/** Records the tries and results of one retry. */
export function retryRecorder(name: string) {
  const results = new Map(RETRY_RESULTS.map((result) => [result, retryAttempts.series(name, result)]));
  return {
    /** Attempt `attempt` (the first is 1) failed, or gave a poor result, and the next follows after `delayMs`. */
    retried(
      observation: Observation,
      attempt: number,
      delayMs: number,
      failed: { readonly error: unknown } | undefined,
    ): void {
      observation.span?.addEvent(EVENT.retry, {
        [ATTR.retryAttempt]: attempt,
        [ATTR.retryDelay]: delayMs / 1_000,
        ...(failed === undefined ? undefined : errorAttributes(failed.error)),
      });
    },
    finished(observation: Observation, result: RetryResult, attempts: number, stoppedBy: RetryStop | undefined): void {
      const series = results.get(result);
      if (series !== undefined) series.value += 1;
      observation.span?.setAttributes({
        [ATTR.retryResult]: result,
        [ATTR.retryAttempts]: attempts,
        ...(stoppedBy === undefined ? undefined : { [ATTR.retryStoppedBy]: stoppedBy }),
      });
    },
  };
}
