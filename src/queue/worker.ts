import { randomUUID } from 'node:crypto';
import { CancelScope } from '../core/cancellation.ts';
import { checkOptions, type Rules } from '../core/check.ts';
import { jobContext, outside } from '../core/job-context.ts';
import { type ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { count, having, optional } from '../core/rules.ts';
import { isStream } from '../core/stream.ts';
import { shownOfJob, workerRecorder } from '../telemetry/record/queue.ts';
import { type Codec, decodeValue, encodeValue } from './codec.ts';
import { watchDepth } from './depth-watch.ts';
import { readControl, readJob, write } from './envelope.ts';
import { errorOf, recordOf } from './error-record.ts';
import { StreamNotDistributableError } from './errors.ts';
import type { DrainReport, JobEnd, JobHandler, JobQueue, WorkerHandle } from './job-queue.ts';
import { jsonCodec } from './json-codec.ts';

export interface WorkerOptions {
  /** Where the jobs come from. */
  readonly queue: JobQueue;
  /** The primitives by the names that `distribute` uses, such as the exports of a module. */
  readonly primitives: Readonly<Record<string, Primitive<never, unknown>>>;
  /** How many jobs run at the same time. @default 8 */
  readonly concurrency?: number | undefined;
  /** More codecs, beside `jsonCodec`. @default none */
  readonly codecs?: readonly Codec[] | undefined;
}

export interface Worker {
  /** How many jobs run now. */
  readonly running: number;
  /** Takes no more jobs, waits for those that run, at most `graceMs` milliseconds, and hands back the rest. */
  stop(graceMs?: number): Promise<DrainReport>;
}

const RULES: Rules<WorkerOptions> = {
  queue: having<JobQueue>('work'),
  primitives: () => {},
  concurrency: optional(count),
  codecs: () => {},
};

/** A worker that has not this primitive waits so long before the job may come to it again, in milliseconds. */
const HAND_BACK_MS = 1_000;

/**
 * Takes jobs from a queue and runs them.
 *
 * @example
 * const worker = await startWorker({ queue, primitives: { summarise } });
 * process.once('SIGTERM', () => worker.stop(30_000));
 * @throws TypeError, RangeError when an option is wrong
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  checkOptions('WorkerOptions', options, RULES);
  const { queue, primitives, concurrency = 8, codecs = [] } = options;
  const record = workerRecorder(queue.name);
  const byName = new Map<string, ObservedPrimitive<never, unknown>>();
  for (const [name, primitive] of Object.entries(primitives))
    byName.set(name, requirePrimitive('WorkerOptions', `primitives.${name}`, primitive));
  const known = new Map([jsonCodec, ...codecs].map((codec) => [codec.name, codec]));

  function unreadable(why: string): JobEnd {
    record.died('unreadable');
    return { end: 'dead', why: `unreadable: ${why}` };
  }

  const handler: JobHandler = async (job, run) => {
    const received = readJob(job.body);
    if (received.is === 'newer') {
      record.handedBack('newer_version');
      return { end: 'handed_back', delayMs: HAND_BACK_MS };
    }
    if (received.is === 'unreadable') return unreadable(received.why);
    const { head, payload } = received;
    const { v, name, codec: codecName, attempt, workflow, carrier, tenant, tags } = head;
    const primitive = byName.get(name);
    const codec = known.get(codecName);
    if (primitive === undefined || codec === undefined) {
      record.handedBack('unknown_primitive');
      return { end: 'handed_back', delayMs: HAND_BACK_MS };
    }
    const input = decodeValue(codec, payload);
    if (input.is !== 'ok') return unreadable(input.why);
    record.started(run.delivery, run.waitedMs);
    const id = randomUUID();
    const scope = new CancelScope();
    run.onMessage((message) => {
      const control = readControl(message);
      if (control.is !== 'ok') return;
      const { outcome, reason } = control.head;
      scope.cancel(errorOf(reason), outcome);
    });
    const context = outside(() =>
      jobContext({
        job: { idempotencyKey: job.id, workflowSink: undefined },
        carrier,
        scope,
        workflowName: workflow,
        attempt,
        options: { tenant, tags },
        expiresInMs: run.expiresInMs,
        shown: shownOfJob(queue.name, run),
      }),
    );
    let body: Uint8Array;
    try {
      const output: unknown = await outside(() => primitive.invoke(input.value as never, context));
      if (isStream(output)) throw new StreamNotDistributableError(primitive.messageName);
      const limit = { what: 'output', maxBytes: queue.maxBodyBytes } as const;
      body = write({ v, run: id, kind: 'output', codec: codec.name }, encodeValue(codec, output, limit), limit);
    } catch (error) {
      body = write({ v, run: id, kind: 'error', error: recordOf(error) });
    }
    await run.reply(body);
    record.ended();
    return { end: 'done' };
  };

  const handle: WorkerHandle = await queue.work(handler, { concurrency, events: record });
  record.offered(concurrency);
  const unwatch = watchDepth(queue, record);
  let stopped: Promise<DrainReport> | undefined;
  async function stop(graceMs: number): Promise<DrainReport> {
    record.offered(-concurrency);
    try {
      return await handle.drain(graceMs);
    } finally {
      unwatch();
    }
  }
  return {
    get running() {
      return handle.running;
    },
    stop: (graceMs = 30_000) => {
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}
