import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import { DURATION_BOUNDS } from './buckets.ts';
import type { Row } from './row.ts';

const byName = { [ATTR.primitiveName]: 'primitive_name' };

/** Metrics of circuits, bulkheads, rate limits and hedges. An execution that they refuse has the outcome `rejected`. */
export const protection: readonly Row[] = [
  {
    instrument: INSTRUMENT.circuitState,
    metric: 'tta_circuit_breaker_state',
    type: 'gauge',
    labels: byName,
    combine: 'largest',
    meaning:
      '0 closed, 1 half-open (the open time is over, probe calls are allowed), 2 open or isolated; the worst state when several circuits have the same name',
  },
  {
    instrument: INSTRUMENT.circuitTransitions,
    metric: 'tta_circuit_breaker_transitions_total',
    type: 'counter',
    labels: { ...byName, [ATTR.circuitTo]: 'to' },
    meaning: 'changes of a circuit to `closed`, `half_open` (with its first probe), `open` or `isolated` (by hand)',
  },
  {
    instrument: INSTRUMENT.bulkheadRunning,
    metric: 'tta_bulkhead_running',
    type: 'gauge',
    labels: byName,
    meaning: 'executions that have a slot of the bulkhead',
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
    meaning: 'how long executions waited because no slot was free, also when they left without one',
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
    meaning: 'how long executions waited because there were too few permits, also when they left without them',
  },
  {
    instrument: INSTRUMENT.hedgeAttempts,
    metric: 'tta_hedge_attempts_total',
    type: 'counter',
    labels: { ...byName, [ATTR.hedgeResult]: 'result' },
    meaning:
      'one per finished execution of a hedge, by what answered: `primary` (before another try started), `primary_hedged` (after another try had started), `hedge`, `none`',
  },
];
