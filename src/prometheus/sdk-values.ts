/** Values as the SDK has them. It is optional, so its enumerations are not loaded. */
import type { HrTime } from '@opentelemetry/api';

export const TEMPORALITY = { delta: 0, cumulative: 1 } as const;
export const DATA_POINT = { histogram: 0, exponentialHistogram: 1, gauge: 2, sum: 3 } as const;

/** @param date milliseconds since the epoch */
export function hrTimeOf(date: number): HrTime {
  return [Math.floor(date / 1_000), Math.floor((date % 1_000) * 1e6)];
}
