/** What a process does with the jobs of a queue: as their producer, and as their worker. */
import { type Attributes, ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { messageOf } from '../../platform/message-of.ts';
import { redact } from '../../platform/redact.ts';
import { HistogramTable } from '../histogram-table.ts';
import { labelValue } from '../label-sets.ts';
import type { Observation } from '../observation.ts';
import type { KindTelemetry } from '../primitive-telemetry.ts';
import { ATTR, INSTRUMENT } from '../semconv.ts';
import { type Series, SeriesTable } from '../series-table.ts';
import { warnSometimes } from '../warn-sometimes.ts';

export type { Observation };

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

const STATES = ['waiting', 'running', 'delayed', 'dead'] as const;
const REFUSED = ['full', 'away', 'too_large'] as const;
const HANDED_BACK = ['draining', 'unknown_primitive', 'newer_version', 'unknown_codec'] as const;
const DIED = ['crashed', 'unreadable', 'expired', 'unknown_primitive'] as const;

export type RefusedReason = (typeof REFUSED)[number];
export type HandedBackReason = (typeof HANDED_BACK)[number];
export type DiedReason = (typeof DIED)[number];

/** The wait is over before there is an execution. */
const UNTRACED = { context: ROOT_CONTEXT, source: undefined };

/** What a queue holds at one moment. */
export type QueueDepth = Readonly<Record<(typeof STATES)[number], number>> & {
  /** How long the oldest waiting job has waited, in milliseconds; `undefined` if none waits. */
  readonly oldestMs: number | undefined;
  /** `undefined` if the engine does not know. */
  readonly workers: number | undefined;
};

/** The span of a call whose work is done elsewhere. */
export const distributeTelemetry: KindTelemetry = { spanKind: SpanKind.PRODUCER };

/** What the first span of a job shows of its way through the queue. */
export function shownOfJob(
  queueName: string,
  { delivery, waitedMs }: { readonly delivery: number; readonly waitedMs: number | undefined },
): Attributes {
  const wait = waitedMs === undefined ? undefined : Math.max(0, waitedMs) / 1_000;
  return { [ATTR.queueName]: labelValue(queueName), [ATTR.queueDelivery]: delivery, [ATTR.queueJobWait]: wait };
}

export type QueueRecorder = ReturnType<typeof queueRecorder>;
export type ProducerRecorder = ReturnType<typeof producerRecorder>;
export type WorkerRecorder = ReturnType<typeof workerRecorder>;

/** Records what both ends know of the queue with this name. */
export function queueRecorder(name: string) {
  const warn = warnSometimes();
  let knownWorkers: Series | undefined;
  errors.series(name, 'stats');
  return {
    /** The engine failed in this operation, one of few words. */
    failed(operation: string, error: unknown): void {
      errors.series(name, operation).value += 1;
      warn(operation, () => `the queue ${name} failed in ${operation}: ${redact(messageOf(error))}`);
    },
    /**
     * What the engine says of the queue; `undefined` if it does not answer: then the values are not numbers, which no
     * alert takes for an empty queue. There are no series before the first call.
     */
    depth(depth: QueueDepth | undefined): void {
      for (const state of STATES) jobs.series(name, state).value = depth?.[state] ?? Number.NaN;
      oldest.series(name).value = depth === undefined ? Number.NaN : (depth.oldestMs ?? 0) / 1_000;
      if (depth?.workers !== undefined) knownWorkers ??= workers.series(name);
      if (knownWorkers !== undefined) knownWorkers.value = depth?.workers ?? Number.NaN;
    },
  };
}

/** Records the calls of this process that are done by the workers of the queue with this name. */
export function producerRecorder(name: string) {
  const waiting = callers.series(name);
  const lostJobs = lost.series(name);
  const refused = byReason(refusals, name, REFUSED);
  const warn = warnSometimes();
  return {
    ...queueRecorder(name),
    /** So many more callers wait for replies. */
    waiting(change: 1 | -1): void {
      waiting.value += change;
    },
    /** A call is refused: the queue is `full`, `away`, or the input is `too_large`. */
    refused(reason: RefusedReason): void {
      refused[reason].value += 1;
    },
    /** The queue has lost a job that it had accepted. */
    lost(): void {
      lostJobs.value += 1;
      warn('lost', () => `the queue ${name} has lost a job that it had accepted`);
    },
  };
}

/** Records the jobs that this process does for the queue with this name. */
export function workerRecorder(name: string) {
  const places = slots.series(name);
  const runs = running.series(name);
  const again = redeliveries.series(name);
  const wait = waits.series(name);
  const restarted = restarts.series(name);
  const back = byReason(handedBack, name, HANDED_BACK);
  const given = byReason(dead, name, DIED);
  return {
    ...queueRecorder(name),
    /** A worker offers so many places more for jobs; fewer when it stops. */
    offered(change: number): void {
      places.value += change;
    },
    /**
     * A job begins on this worker. `delivery` counts from 1. `waitedMs` is in milliseconds, `undefined` if it is unknown.
     * Only the wait of the first delivery counts: that of a later one has the time of the worker that was lost.
     */
    started(delivery: number, waitedMs: number | undefined): void {
      runs.value += 1;
      if (delivery > 1) again.value += 1;
      else if (waitedMs !== undefined) wait.record(Math.max(0, waitedMs) / 1_000, UNTRACED);
    },
    /** The job that began has ended on this worker, or goes to another one. */
    ended(): void {
      runs.value -= 1;
    },
    /** The job goes to another worker. It counts as no delivery. */
    handedBack(reason: HandedBackReason): void {
      back[reason].value += 1;
    },
    /**
     * The job goes to the list of dead jobs: it has `crashed` its workers, is `unreadable`, nobody waits for it any more
     * (`expired`), or no worker has its primitive.
     */
    died(reason: DiedReason): void {
      given[reason].value += 1;
    },
    /** A worker that took no job although jobs waited was started anew. */
    restarted(): void {
      restarted.value += 1;
    },
  };
}

/** A series for each reason, so that each is 0 before its first event. */
function byReason<R extends string>(table: SeriesTable, name: string, reasons: readonly R[]) {
  return Object.fromEntries(reasons.map((reason) => [reason, table.series(name, reason)])) as Record<R, Series>;
}
