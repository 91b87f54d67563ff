import type { Observation } from '../observation.ts';
import { ATTR } from '../semconv.ts';

/** Records the limits of the executions of a timeout. */
export function timeoutRecorder() {
  return {
    /** The limits in milliseconds, `undefined` where there is no such limit. */
    limited({ span }: Observation, timeoutMs: number | undefined, idleMs: number | undefined): void {
      if (span === undefined) return;
      if (timeoutMs !== undefined) span.setAttribute(ATTR.timeout, timeoutMs / 1_000);
      if (idleMs !== undefined) span.setAttribute(ATTR.timeoutIdle, idleMs / 1_000);
    },
    /** The work succeeded, `overrunMs` milliseconds after its deadline. */
    overran(observation: Observation, overrunMs: number): void {
      observation.span?.setAttribute(ATTR.timeoutOverrun, overrunMs / 1_000);
    },
  };
}
