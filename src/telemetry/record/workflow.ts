/** Counts workflows that have ended in another process. */
import type { Measured } from '../measured.ts';
import { workflowMetrics } from '../primitive-telemetry.ts';
import type { Outcome } from '../semconv.ts';

/** @param seconds how long each took; `NaN` if it is unknown: then no duration is recorded */
export function recordWorkflows(name: string, outcome: Outcome, seconds: number, times: number, work: Measured): void {
  const { success, failure, outcomes, duration } = workflowMetrics(name);
  (outcome === 'success' ? success : failure).value += times;
  outcomes[outcome].value += times;
  for (let i = 0; i < times; i += 1) duration.record(seconds, work);
}
