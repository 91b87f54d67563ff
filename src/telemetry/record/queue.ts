/** What a process does with the jobs of a queue: as their producer, and as their worker. */
import { type Attributes, ROOT_CONTEXT } from '@opentelemetry/api';
import { HistogramTable } from '../histogram-table.ts';
import { labelValue } from '../label-sets.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { SeriesTable } from '../series-table.ts';

const BY_NAME = [ATTR.queueName];
const BY_REASON = [ATTR.queueName, ATTR.queueReason];

const jobs = new SeriesTable(INSTRUMENT.queueJobs, 'gauge', { unit: '{job}' }, [ATTR.queueName, ATTR.queueState]);
const oldest = new SeriesTable(INSTRUMENT.queueOldestJob, 'gauge', { unit: 's' }, BY_NAME);
const workers = new SeriesTable(INSTRUMENT.queueWorkers, 'gauge', { unit: '{worker}' }, BY_NAME);
const slots = new SeriesTable(INSTRUMENT.queueSlots, 'upDownCounter', { unit: '{job}' }, BY_NAME);
const running = new SeriesTable(INSTRUMENT.queueRunning, 'upDownCounter', { unit: '{job}' }, BY_NAME);
const callers = new SeriesTable(INSTRUMENT.queueCallers, 'upDownCounter', { unit: '{execution}' }, BY_NAME);
const refusals = new SeriesTable(INSTRUMENT.queueRefused, 'counter', { unit: '{job}' }, BY_REASON);
const lost = new SeriesTable(INSTRUMENT.queueLost, 'counter', { unit: '{job}' }, BY_NAME);
const redeliveries = new SeriesTable(INSTRUMENT.queueRedelivered, 'counter', { unit: '{job}' }, BY_NAME);
const handedBack = new SeriesTable(INSTRUMENT.queueHandedBack, 'counter', { unit: '{job}' }, BY_REASON);
const dead = new SeriesTable(INSTRUMENT.queueDead, 'counter', { unit: '{job}' }, BY_REASON);
const errors = new SeriesTable(INSTRUMENT.queueErrors, 'counter', { unit: '{error}' }, [
  ATTR.queueName,
  ATTR.queueOperation,
]);
const restarts = new SeriesTable(INSTRUMENT.queueRestarts, 'counter', { unit: '{restart}' }, BY_NAME);
const waits = new HistogramTable(INSTRUMENT.queueWait, { unit: 's' }, BY_NAME);

/** The wait was over before there was an execution. */
const UNMEASURED = { context: ROOT_CONTEXT, source: undefined };

/** What a queue holds at one moment. */
export interface QueueDepth {
  readonly waiting: number;
  readonly running: number;
  readonly delayed: number;
  readonly dead: number;
  readonly oldestMs: number | undefined;
  readonly workers: number | undefined;
}

/** What the first span of a job shows of its way through the queue. */
export function shownOfJob(
  queueName: string,
  { delivery, waitedMs }: { readonly delivery: number; readonly waitedMs: number | undefined },
): Attributes {
  const wait = waitedMs === undefined ? undefined : Math.max(0, waitedMs) / 1_000;
  return { [ATTR.queueName]: labelValue(queueName), [ATTR.queueDelivery]: delivery, [ATTR.queueJobWait]: wait };
}

export type QueueRecorder = ReturnType<typeof queueRecorder>;

/** Records the jobs of the queue with this name. */
export function queueRecorder(name: string) {
  return {
    /** So many more callers wait for replies. */
    waiting(change: 1 | -1): void {
      callers.series(name).value += change;
    },
    /** A call is refused: the queue is `full`, `away`, or the input is `too_large`. */
    refused(reason: 'full' | 'away' | 'too_large'): void {
      refusals.series(name, reason).value += 1;
    },
    /** An accepted job is lost. */
    lost(): void {
      lost.series(name).value += 1;
    },
    /** A worker offers so many places more for jobs. */
    offered(slotsChange: number): void {
      slots.series(name).value += slotsChange;
    },
    /** A job begins on this worker. `waitedMs` is in milliseconds. */
    started(delivery: number, waitedMs: number | undefined): void {
      running.series(name).value += 1;
      if (delivery > 1) redeliveries.series(name).value += 1;
      if (waitedMs !== undefined) waits.series(name).record(Math.max(0, waitedMs) / 1_000, UNMEASURED);
    },
    /** The job that began has ended on this worker. */
    ended(): void {
      running.series(name).value -= 1;
    },
    /** The job goes to another worker. */
    handedBack(reason: 'draining' | 'unknown_primitive' | 'newer_version' | 'unknown_codec'): void {
      handedBack.series(name, reason).value += 1;
    },
    /** The job goes to the list of dead jobs: it `crashed` its workers, is not `readable`, or nobody waits (`expired`). */
    died(reason: 'crashed' | 'unreadable' | 'expired' | 'unknown_primitive'): void {
      dead.series(name, reason).value += 1;
    },
    /** The engine failed in an operation. */
    failed(operation: string, _error?: unknown): void {
      errors.series(name, operation).value += 1;
    },
    /** The worker stood still, and was started anew. */
    restarted(): void {
      restarts.series(name).value += 1;
    },
    /** What the engine says of the queue; `undefined` if it does not answer. */
    depth(depth: QueueDepth | undefined): void {
      for (const state of ['waiting', 'running', 'delayed', 'dead'] as const)
        jobs.series(name, state).value = depth?.[state] ?? Number.NaN;
      oldest.series(name).value = (depth?.oldestMs ?? 0) / 1_000;
      workers.series(name).value = depth?.workers ?? Number.NaN;
    },
  };
}
