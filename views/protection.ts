import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import { DURATION_BOUNDS } from './buckets.ts';
import type { Row } from './row.ts';

const byName = { [ATTR.primitiveName]: 'primitive_name' };

/** What keeps a dependency, and us, from too much work. What these refuse is counted as the outcome `rejected`. */
export const protection: readonly Row[] = [
  {
    instrument: INSTRUMENT.circuitState,
    metric: 'tta_circuit_breaker_state',
    type: 'gauge',
    labels: byName,
    meaning:
      '0 closed, 1 half-open (its open time is over, probes are let through), 2 open or isolated; the worst where several circuits share the name',
  },
  {
    instrument: INSTRUMENT.circuitTransitions,
    metric: 'tta_circuit_breaker_transitions_total',
    type: 'counter',
    labels: { ...byName, [ATTR.circuitTo]: 'to' },
    meaning: 'changes of a circuit to `closed`, `half_open` (with its first probe), `open`, or by hand `isolated`',
  },
  {
    instrument: INSTRUMENT.bulkheadRunning,
    metric: 'tta_bulkhead_running',
    type: 'gauge',
    labels: byName,
    meaning: 'executions that hold a slot of the bulkhead',
  },
  {
    instrument: INSTRUMENT.bulkheadQueued,
    metric: 'tta_bulkhead_queued',
    type: 'gauge',
    labels: byName,
    meaning: 'executions that wait for a slot of the bulkhead',
  },
  {
    instrument: INSTRUMENT.bulkheadWait,
    metric: 'tta_bulkhead_wait_seconds',
    type: 'histogram',
    labels: byName,
    bounds: DURATION_BOUNDS,
    meaning: 'how long executions waited for a slot that found none free, whether they got one or left',
  },
  {
    instrument: INSTRUMENT.rateLimitQueued,
    metric: 'tta_rate_limit_queued',
    type: 'gauge',
    labels: byName,
    meaning: 'executions that wait for permits of the rate limit',
  },
  {
    instrument: INSTRUMENT.rateLimitWait,
    metric: 'tta_rate_limit_wait_seconds',
    type: 'histogram',
    labels: byName,
    bounds: DURATION_BOUNDS,
    meaning: 'how long executions waited for permits that found too few, whether they got them or left',
  },
  {
    instrument: INSTRUMENT.hedgeAttempts,
    metric: 'tta_hedge_attempts_total',
    type: 'counter',
    labels: { ...byName, [ATTR.hedgeResult]: 'result' },
    meaning:
      "one per hedge's finished execution, by who answered: `primary` (before any other try began), `primary_hedged` (though another had begun), `hedge`, `none`",
  },
];
