/** What a worker of ours does with a job that BullMQ gives it. */
import type { Job } from 'bullmq';
import { systemClock } from '../../platform/clock.ts';
import { copyText } from '../../platform/copy-text.ts';
import { messageOf } from '../../platform/message-of.ts';
import type { EngineEvents, JobEnd, JobHandler } from '../job-queue.ts';
import { asBuffer, type Client, type JobSteps } from './commands.ts';
import { reasonOf } from './dead-jobs.ts';
import { EarlyMessages } from './early-messages.ts';
import { isReply, withoutCommand } from './errors.ts';
import type { Keys } from './keys.ts';
import { type Run, reply, startRun } from './run.ts';
import { forBullmq, type StoredJob, storedJob } from './stored-job.ts';

export interface JobsParts {
  readonly bullmq: typeof import('bullmq');
  readonly client: Client;
  readonly keys: Keys;
  readonly events: EngineEvents;
  readonly handler: JobHandler;
  /** What BullMQ is told of each job, as JSON. */
  readonly jobOptions: string;
}

/** The longest reason of a dead job that is kept, in characters. */
const MAX_WHY = 2_000;

/** What Redis holds of a job that has begun here. Not a `WeakMap`: the garbage collector takes long for an entry of each job. */
const STORED: unique symbol = Symbol('stored');
type OwnJob = Job & { [STORED]?: StoredJob };

interface LastReply {
  readonly run: Run;
  readonly to: string;
  readonly body: Uint8Array;
}

export class Jobs implements JobSteps {
  /** The jobs that run, by id. */
  readonly runs = new Map<string, Run>();
  finished = 0;
  handedBack = 0;
  /** Once it is set, jobs that still arrive go back. */
  isDraining = false;
  /** When the last job arrived, by the clock of the machine. */
  lastArrival = systemClock.now();
  readonly #parts: JobsParts;
  readonly #arrived = new Map<string, StoredJob>();
  readonly #early = new EarlyMessages();
  /** The last replies of jobs that end now. */
  readonly #replies = new Map<string, LastReply>();
  readonly #ended = new AbortController();
  #told: Promise<unknown> = Promise.resolve();

  constructor(parts: JobsParts) {
    this.#parts = parts;
  }

  /** Keeps what Redis holds of a job, and gives what BullMQ gets of it. */
  arrive(id: string, fields: readonly unknown[]): string[] {
    const stored = storedJob(fields);
    this.#arrived.set(id, stored);
    this.lastArrival = systemClock.now();
    return forBullmq(stored, this.#parts.jobOptions);
  }

  #take(id: string): StoredJob | undefined {
    const stored = this.#arrived.get(id);
    this.#arrived.delete(id);
    return stored;
  }

  async work(job: Job): Promise<void> {
    const { bullmq, client, keys, events, handler } = this.#parts;
    const { id = '' } = job;
    const stored = this.#take(id);
    if (this.isDraining || stored === undefined) throw await this.#handBack(job, 0);
    if (stored.isDone) return;
    (job as OwnJob)[STORED] = stored;
    const { replyTo, data, expiresInMs } = stored;
    if (replyTo === undefined || data === undefined) {
      events.died('unreadable');
      throw new bullmq.UnrecoverableError('what Redis holds of the job cannot be read');
    }
    const run = startRun(id, replyTo, stored, { client, keys, events });
    this.runs.set(id, run);
    for (const message of this.#early.take(id)) run.hear(message);
    let isEnding = false;
    try {
      let end = await handler({ id, replyTo, body: Buffer.from(data), expiresInMs }, run).catch(
        (error: unknown): JobEnd => ({ end: 'dead', why: messageOf(error) }),
      );
      if (end.end === 'done' && run.signal.aborted) end = { end: 'handed_back', delayMs: 0 };
      if (end.end === 'done' && end.reply !== undefined) {
        this.#replies.set(id, { run, to: replyTo, body: end.reply });
        isEnding = true;
        return;
      }
      if (end.end === 'handed_back') {
        const moved = await this.#handBack(job, end.delayMs);
        this.handedBack += 1;
        throw moved;
      }
      this.finished += 1;
      if (end.end === 'dead') {
        throw new bullmq.UnrecoverableError(copyText(end.why.slice(0, MAX_WHY)));
      }
    } finally {
      if (!isEnding) this.#forget(id, run);
    }
  }

  #forget(id: string, run: Run): void {
    if (this.runs.get(id) === run) this.runs.delete(id);
  }

  /** Ends a job in Redis, in one step with its last reply: that is one command less, and nothing comes between them. */
  async finish(id: string, end: Parameters<JobSteps['finish']>[1]): Promise<unknown> {
    const last = this.#replies.get(id);
    if (last === undefined) return end();
    this.#replies.delete(id);
    const { run, to, body } = last;
    try {
      const answer = await end([to, asBuffer(body)]);
      this.finished += 1;
      return answer;
    } catch (error) {
      if (!isReply(error)) throw error;
      // Redis takes nothing now, or cannot end this job. The reply is tried again, and then the job ends without it.
      this.#parts.events.failed('reply', withoutCommand(error));
      await run.reply(body);
      this.finished += 1;
      return await end();
    } finally {
      this.#forget(id, run);
    }
  }

  /** Moves the job. Gives the error by which BullMQ knows that it was moved. */
  async #handBack(job: Job, delayMs: number): Promise<Error> {
    const { bullmq } = this.#parts;
    if (delayMs > 0) {
      await job.moveToDelayed(systemClock.date() + delayMs, job.token);
      return new bullmq.DelayedError();
    }
    await job.moveToWait(job.token);
    return new bullmq.WaitingError();
  }

  /** Tells the caller of a job that it is in the list of dead jobs. */
  died(job: Job, why: string): void {
    const { id = '' } = job;
    // A job that BullMQ gave up was never begun here.
    const stored = (job as OwnJob)[STORED] ?? this.#take(id);
    if (stored === undefined) return;
    if (stored.givenUp !== undefined) this.#parts.events.died('crashed');
    if (stored.replyTo === undefined) return;
    const told = reply(this.#parts, stored.replyTo, [id, 'dead', reasonOf(why)], this.#ended.signal);
    this.#told = Promise.allSettled([this.#told, told]).then(() => {});
  }

  /** Settles when all callers are told. */
  allTold(): Promise<unknown> {
    return this.#told;
  }

  /** Nothing is told any more, and what runs has been left. */
  end(): void {
    this.#ended.abort();
    for (const run of this.runs.values()) run.loseJob();
  }

  /**
   * Looks whether Redis has these jobs still. One that it has lost is held: its caller waits for the reply. With `locks`,
   * their locks have expired: one that Redis has is another worker's now.
   */
  async lookAfter(ids: Iterable<string>, { heldMs, locks }: { heldMs: number; locks: boolean }): Promise<void> {
    const { client, keys } = this.#parts;
    for (const id of ids) {
      const run = this.runs.get(id);
      if (run === undefined) continue;
      if ((await client.exists(keys.base + id)) === 0) await client.set(keys.held(id), '1', 'PX', heldMs);
      else if (locks) run.loseJob();
    }
  }

  /** A message for a job has come. */
  hear(id: string, message: Uint8Array): void {
    const run = this.runs.get(id);
    if (run === undefined) this.#early.add(id, message);
    else run.hear(message);
  }

  /** Hears the cancellations that were sent while nothing was heard. */
  async catchUp(): Promise<void> {
    const { client, keys } = this.#parts;
    for (const [id, run] of this.runs) {
      // One that is no text cancels nothing, and must not hide the others.
      const message = await client.getBuffer(keys.cancel(id)).catch((error: unknown) => {
        if (!isReply(error)) throw error;
        return null;
      });
      if (message !== null) run.hear(message);
    }
  }
}
