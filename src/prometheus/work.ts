/** Whether a program has measured something more, for a delivery at its end that would else be the same as the last one. */
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { process } from '../../views/process.ts';
import { telemetry } from '../../views/telemetry.ts';

/** What the process and the telemetry say about themselves: it changes also where the program does nothing. */
const NO_WORK: ReadonlySet<string> = new Set([...process, ...telemetry].map(({ metric }) => metric));

/** What the program has measured, as a text that is the same only where it has measured nothing more. */
export function workOf(scopeMetrics: readonly ScopeMetrics[]): string {
  return scopeMetrics
    .flatMap(({ metrics }) => metrics)
    .filter(({ descriptor }) => !NO_WORK.has(descriptor.name))
    .flatMap(({ dataPoints }) => dataPoints.map(({ value }) => (typeof value === 'number' ? value : value.count)))
    .join();
}
