import { checkOptions, fail, type Rule, type Rules } from '../core/check.ts';
import { type ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { count, having, milliseconds, optional } from '../core/rules.ts';
import { isPlain } from '../core/show.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import { workerRecorder } from '../telemetry/record/queue.ts';
import { type Codec, codecRule } from './codec.ts';
import { watchDepth } from './depth-watch.ts';
import type { DrainReport, JobQueue, WorkerHandle } from './job-queue.ts';
import { jsonCodec } from './json-codec.ts';
import { WorkerJobs } from './worker-jobs.ts';

export interface WorkerOptions {
  /** Where the jobs come from. */
  readonly queue: JobQueue;
  /** The primitives by the names that `distribute` uses, such as the exports of a module. */
  readonly primitives: Readonly<Record<string, Primitive<never, unknown>>>;
  /** How many jobs run at the same time. @default 8 */
  readonly concurrency?: number | undefined;
  /** More codecs, beside `jsonCodec`. @default none */
  readonly codecs?: readonly Codec[] | undefined;
  /** The clock of the jobs. @default the machine's clock */
  readonly clock?: Clock | undefined;
}

export interface Worker {
  /** How many jobs run now. */
  readonly running: number;
  /** Takes no more jobs, waits for those that run, at most `graceMs` milliseconds, and hands back the rest. */
  stop(graceMs?: number): Promise<DrainReport>;
}

const namedPrimitives: Rule<WorkerOptions['primitives']> = (where, option, value) => {
  const named = Object.entries(isPlain(value) || isModule(value) ? value : {});
  if (named.length === 0) fail(where, option, 'must be an object with a primitive for each name', value);
  for (const [name, primitive] of named)
    requirePrimitive(where, `${option}.${name}`, primitive as Primitive<never, unknown>);
};

/** What `import * as` gives has no prototype, and is no plain object in all versions of Node.js. */
function isModule(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Module]';
}

const codecList: Rule<readonly Codec[]> = (where, option, value) => {
  if (!Array.isArray(value)) fail(where, option, 'must be a list of codecs', value);
  for (const [i, codec] of value.entries()) codecRule(where, `${option}[${i}]`, codec);
};

const RULES: Rules<WorkerOptions> = {
  queue: having<JobQueue>('work', 'stats'),
  primitives: namedPrimitives,
  concurrency: optional(count),
  codecs: optional(codecList),
  clock: optional(having<Clock>('now', 'sleep', 'after')),
};

/** How long before the end of the grace a worker hands back what still runs, in milliseconds. */
const HAND_BACK_MS = 2_000;

/**
 * Takes jobs from a queue and runs them. Each job is one run of its primitive, in the trace of its caller. The ids and
 * tags of the caller, its cancellation and its budgets hold there too. `context.idempotencyKey` is the id of the job: the
 * same each time that it is started.
 *
 * A job for a primitive or a codec that is not here, or of a newer version of this package, goes back to the queue for
 * another worker. If none takes it within 10 minutes, it goes to the list of dead jobs.
 *
 * @example
 * const worker = await startWorker({ queue, primitives: { summarise } });
 * process.once('SIGTERM', () => worker.stop(30_000));
 * @throws TypeError, RangeError when an option is wrong
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  checkOptions('WorkerOptions', options, RULES);
  const { queue, primitives, concurrency = 8, codecs = [], clock = systemClock } = options;
  const record = workerRecorder(queue.name);
  const jobs = new WorkerJobs({
    queue,
    record,
    clock,
    primitives: new Map(Object.entries(primitives) as [string, ObservedPrimitive<never, unknown>][]),
    codecs: new Map([jsonCodec, ...codecs].map((codec) => [codec.name, codec])),
  });
  const handle: WorkerHandle = await queue.work(jobs.handle, { concurrency, events: record });
  record.offered(concurrency);
  const unwatch = watchDepth(queue, record);

  async function stop(graceMs: number): Promise<DrainReport> {
    record.offered(-concurrency);
    // The work needs a moment to hear of it, and the engine to give the job to another worker.
    const disarm = clock.after(graceMs - Math.min(HAND_BACK_MS, graceMs / 5), () => jobs.handBackAll());
    try {
      return await handle.drain(graceMs);
    } finally {
      disarm();
      unwatch();
    }
  }

  let stopped: Promise<DrainReport> | undefined;
  return {
    get running() {
      return handle.running;
    },
    stop: (graceMs = 30_000) => {
      milliseconds('stop', 'graceMs', graceMs);
      stopped ??= stop(graceMs);
      return stopped;
    },
  };
}
