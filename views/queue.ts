import { ATTR, INSTRUMENT } from '../src/telemetry/semconv.ts';
import type { Row } from './row.ts';

const byQueue = { [ATTR.queueName]: 'queue_name' };
const byReason = { ...byQueue, [ATTR.queueReason]: 'reason' };
const byPrimitive = { [ATTR.primitiveType]: 'primitive_type', [ATTR.primitiveName]: 'primitive_name' };
/** Bounds of the waits of jobs, in seconds: a queue may be an hour behind. */
const WAIT_BOUNDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600];

/** Metrics of work that is done on other machines, and of what all of them share. */
export const queue: readonly Row[] = [
  {
    instrument: INSTRUMENT.queueJobs,
    metric: 'tta_queue_jobs',
    type: 'gauge',
    labels: { ...byQueue, [ATTR.queueState]: 'state' },
    combine: 'largest',
    meaning:
      'jobs in the queue: `waiting`, `running`, `delayed` and `dead`; all processes of the queue show the same, so take the largest and not the sum; no number (NaN) while the engine does not answer',
  },
  {
    instrument: INSTRUMENT.queueOldestJob,
    metric: 'tta_queue_oldest_job_age_seconds',
    type: 'gauge',
    labels: byQueue,
    combine: 'largest',
    meaning: 'how long the oldest waiting job has waited, 0 when none waits; all processes show the same',
  },
  {
    instrument: INSTRUMENT.queueWorkers,
    metric: 'tta_queue_workers',
    type: 'gauge',
    labels: byQueue,
    combine: 'largest',
    meaning:
      'workers that the engine of the queue knows of; all processes show the same; absent if the engine does not know',
  },
  {
    instrument: INSTRUMENT.queueSlots,
    metric: 'tta_queue_worker_slots',
    type: 'gauge',
    labels: byQueue,
    meaning: 'jobs that the workers of this process may run at once; 0 from the moment when they are told to stop',
  },
  {
    instrument: INSTRUMENT.queueRunning,
    metric: 'tta_queue_worker_running',
    type: 'gauge',
    labels: byQueue,
    meaning: 'jobs that run on the workers of this process',
  },
  {
    instrument: INSTRUMENT.queueWait,
    metric: 'tta_queue_wait_seconds',
    type: 'histogram',
    labels: byQueue,
    bounds: WAIT_BOUNDS,
    meaning: 'how long jobs waited in the queue before they began for the first time',
  },
  {
    instrument: INSTRUMENT.queueCallers,
    metric: 'tta_queue_callers',
    type: 'gauge',
    labels: byQueue,
    meaning: 'executions of this process that wait for the reply of a worker',
  },
  {
    instrument: INSTRUMENT.queueRefused,
    metric: 'tta_queue_refused_jobs_total',
    type: 'counter',
    labels: byReason,
    meaning: 'jobs that were not accepted: the queue was `full` or `away`, or the input was `too_large`',
  },
  {
    instrument: INSTRUMENT.queueLost,
    metric: 'tta_queue_lost_jobs_total',
    type: 'counter',
    labels: byQueue,
    meaning: 'accepted jobs that the engine has lost',
  },
  {
    instrument: INSTRUMENT.queueRedelivered,
    metric: 'tta_queue_redeliveries_total',
    type: 'counter',
    labels: byQueue,
    meaning: 'starts of jobs that had begun before: their worker ended, or stalled',
  },
  {
    instrument: INSTRUMENT.queueHandedBack,
    metric: 'tta_queue_handed_back_total',
    type: 'counter',
    labels: byReason,
    meaning:
      'jobs that a worker left to others: it was told to stop (`draining`), or the job is of a program with an `unknown_primitive`, an `unknown_codec` or a `newer_version`',
  },
  {
    instrument: INSTRUMENT.queueDead,
    metric: 'tta_queue_dead_jobs_total',
    type: 'counter',
    labels: byReason,
    meaning:
      'jobs that were given up: they `crashed` their workers, are `unreadable`, nobody waits for them any more (`expired`), or no worker has their `unknown_primitive`',
  },
  {
    instrument: INSTRUMENT.queueErrors,
    metric: 'tta_queue_errors_total',
    type: 'counter',
    labels: { ...byQueue, [ATTR.queueOperation]: 'operation' },
    meaning: 'operations of the queue that its engine failed',
  },
  {
    instrument: INSTRUMENT.queueRestarts,
    metric: 'tta_queue_worker_restarts_total',
    type: 'counter',
    labels: byQueue,
    meaning: 'times that a worker took no job although jobs waited, and was started anew',
  },
  {
    instrument: INSTRUMENT.sharedStateLocal,
    metric: 'tta_shared_state_local',
    type: 'gauge',
    labels: byPrimitive,
    combine: 'largest',
    meaning:
      '1 while a primitive works with the state of this process only, because the shared one cannot be reached, else 0',
  },
  {
    instrument: INSTRUMENT.sharedStateErrors,
    metric: 'tta_shared_state_errors_total',
    type: 'counter',
    labels: byPrimitive,
    meaning: 'failed operations on a state that several processes share',
  },
];
