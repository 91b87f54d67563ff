/** How values of gauges become one. */

export type Combine = (one: number, other: number) => number;

const CIRCUIT = 'tta_circuit_breaker_state';
const OF_SEVERAL: Readonly<Record<string, Combine>> = {
  [CIRCUIT]: Math.max,
  tta_queue_jobs: Math.max,
  tta_budget_remaining_dollars: Math.min,
  tta_budget_limit_dollars: Math.min,
};

/** Of several series at one time: circuits show the worst, budgets the least, queues what all processes say of them, the others add up. */
export function combineGauges(metric: string): Combine {
  return OF_SEVERAL[metric] ?? ((one, other) => one + other);
}

/**
 * Of one series, an earlier value and a later one: the later, but a circuit that was open for a moment was open.
 *
 * @param earlier `NaN`: the series has no earlier value
 */
export function laterGauge(metric: string, earlier: number, later: number): number {
  return metric === CIRCUIT && earlier > later ? earlier : later;
}
