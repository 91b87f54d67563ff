/** How the values that several processes and threads have of one gauge become one value. */
import { schema } from '../../views/index.ts';
import type { Combine } from '../../views/row.ts';
import { SELF, type Source } from './series.ts';

const OF_SCHEMA: ReadonlyMap<string, Combine> = new Map(
  schema.flatMap(({ metric, combine }) => (combine === undefined ? [] : [[metric, combine]])),
);

/** @param isSum whether it is an up-down counter. OpenTelemetry says of other gauges that they cannot be added up. */
export function combineOf(metric: string, isSum: boolean): Combine {
  return OF_SCHEMA.get(metric) ?? (isSum ? 'sum' : 'largest');
}

/** Metrics of a process (`process_`) and of a thread (`nodejs_`), by the names that Prometheus clients have for them. */
const OF_RUNTIME = /^(?:process|nodejs)_/;

/** Whether `workerLabel` gives each process and thread a series of its own. */
export function isPerWorker(metric: string, isSum: boolean): boolean {
  return OF_RUNTIME.test(metric) || (!isSum && !OF_SCHEMA.has(metric));
}

export function combined(values: ReadonlyMap<Source, number>, combine: Combine): number {
  const own = values.get(SELF);
  if (combine === 'own' && own !== undefined) return own;
  let result = Number.NaN;
  for (const value of values.values()) {
    // As with `max()` of Prometheus: a process that has no number does not hide those of the others.
    if (!Number.isNaN(value)) result = Number.isNaN(result) ? value : COMBINE[combine](result, value);
  }
  return result;
}

const COMBINE: Readonly<Record<Combine, (a: number, b: number) => number>> = {
  sum: (a, b) => a + b,
  largest: Math.max,
  least: Math.min,
  own: (a) => a,
};
