/** What a worker does with each job that a queue brings: runs it, leaves it to another worker, or gives it up. */
import { randomUUID } from 'node:crypto';
import type { ObservedPrimitive } from '../core/primitive.ts';
import type { Clock } from '../platform/clock.ts';
import { foreignText } from '../platform/foreign-text.ts';
import type { WorkerRecorder } from '../telemetry/record/queue.ts';
import { type Codec, decodeValue } from './codec.ts';
import { readJob, write } from './envelope.ts';
import { VERSION } from './heads.ts';
import type { JobEnd, JobHandler, JobQueue, JobRun, QueuedJob } from './job-queue.ts';
import { type JobPlan, RunningJob } from './run-job.ts';
import { type Say, sayer } from './say.ts';

interface WorkerParts {
  readonly queue: Pick<JobQueue, 'name' | 'maxBodyBytes'>;
  readonly record: WorkerRecorder;
  readonly clock: Clock;
  readonly primitives: ReadonlyMap<string, ObservedPrimitive<never, unknown>>;
  readonly codecs: ReadonlyMap<string, Codec>;
}

/** How long a job that no worker can do stays in the queue, in milliseconds: a deployment may take as long. */
const UNKNOWN_MS = 600_000;
/** The shortest and the longest time until such a job comes back, in milliseconds. */
const BACK_AFTER_MS = { least: 1_000, most: 30_000 };

type LeftReason = Parameters<WorkerRecorder['handedBack']>[0];

export class WorkerJobs {
  readonly #parts: WorkerParts;
  readonly #running = new Set<RunningJob>();
  readonly #say: Say;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#say = sayer(parts.queue.name);
  }

  readonly handle: JobHandler = async (job, run) => {
    const received = readJob(job.body);
    if (received.is === 'unreadable') return this.#dies('unreadable', received.why);
    if (run.expiresInMs !== undefined && run.expiresInMs <= 0)
      return this.#expires(run, received.is === 'ok' ? received.head.v : VERSION);
    if (received.is === 'newer') return this.#leave(run, 'newer_version', `version ${received.version} of jobs`);
    const { head, payload } = received;
    const primitive = this.#parts.primitives.get(head.name);
    if (primitive === undefined)
      return this.#leave(run, 'unknown_primitive', `the primitive ${foreignText(head.name)}`);
    const codec = this.#parts.codecs.get(head.codec);
    if (codec === undefined) return this.#leave(run, 'unknown_codec', `the codec ${foreignText(head.codec)}`);
    const input = decodeValue(codec, payload);
    if (input.is !== 'ok') return this.#dies('unreadable', input.why);
    return this.#run(job, run, { primitive, codec, head, input: input.value });
  };

  /** The worker stops: others do what it has begun. */
  handBackAll(): void {
    for (const job of this.#running) job.handBack();
  }

  async #run(
    job: QueuedJob,
    run: JobRun,
    what: Pick<JobPlan, 'primitive' | 'codec' | 'head' | 'input'>,
  ): Promise<JobEnd> {
    const { queue, record, clock } = this.#parts;
    const running = new RunningJob(job, run, {
      ...what,
      queueName: queue.name,
      maxBodyBytes: queue.maxBodyBytes,
      clock,
    });
    if (running.isCancelled) return { end: 'done' };
    record.started(run.delivery, run.waitedMs);
    this.#running.add(running);
    try {
      const end = await running.end();
      // Not where the engine has taken the job.
      if (end.end === 'handed_back' && !run.signal.aborted) record.handedBack('draining');
      return end;
    } finally {
      this.#running.delete(running);
      record.ended();
    }
  }

  /** Nobody looks for it in the list of dead jobs: its caller has given it up, or waits for no more than its end. */
  async #expires(run: JobRun, v: number): Promise<JobEnd> {
    this.#parts.record.died('expired');
    await run.reply(write({ v, kind: 'expired', run: randomUUID() })).catch(() => {});
    return { end: 'done' };
  }

  #dies(reason: Parameters<WorkerRecorder['died']>[0], why: string): JobEnd {
    this.#parts.record.died(reason);
    return { end: 'dead', why: `${reason}: ${why}` };
  }

  #leave({ waitedMs = 0 }: JobRun, reason: LeftReason, needs: string): JobEnd {
    if (waitedMs >= UNKNOWN_MS)
      return this.#dies('unknown_primitive', `for ${UNKNOWN_MS / 60_000} minutes no worker had ${needs}`);
    this.#parts.record.handedBack(reason);
    this.#say(reason, `a job needs ${needs}, which this worker does not have: it is left to another worker`);
    // The longer it waits, the less often it is asked for.
    const delayMs = Math.min(BACK_AFTER_MS.most, Math.max(BACK_AFTER_MS.least, waitedMs / 4));
    return { end: 'handed_back', delayMs };
  }
}
