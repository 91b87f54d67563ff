/** One run of a job on a worker: from its message to the reply. */
import { randomUUID } from 'node:crypto';
import { WRITER, withAccount } from '../core/accounts.ts';
import { CancelScope } from '../core/cancellation.ts';
import { Effects, withEffects } from '../core/effects.ts';
import { jobContext, outside } from '../core/job-context.ts';
import type { ObservedPrimitive } from '../core/primitive.ts';
import { type Spender, withSpender } from '../core/spending.ts';
import { isStream } from '../core/stream.ts';
import { afterCallbacks } from '../platform/background.ts';
import type { Clock } from '../platform/clock.ts';
import { isInDoubt } from '../resilience/unanswered.ts';
import { shownOfJob } from '../telemetry/record/queue.ts';
import { Asks } from './asks.ts';
import { type Codec, encodeValue } from './codec.ts';
import { readControl, write } from './envelope.ts';
import { recordOf } from './error-record.ts';
import { StreamNotDistributableError } from './errors.ts';
import { type JobHead, type ReplyHead, VERSION } from './heads.ts';
import type { JobEnd, JobRun, QueuedJob } from './job-queue.ts';
import { JobReport } from './job-report.ts';
import { errorOf } from './revive-error.ts';
import { SpentMessages } from './spent-messages.ts';
import type { Told } from './told.ts';

/** What a job needs of its worker. */
export interface JobPlan {
  readonly primitive: ObservedPrimitive<never, unknown>;
  readonly codec: Codec;
  readonly head: JobHead;
  readonly input: unknown;
  readonly queueName: string;
  readonly maxBodyBytes: number;
  readonly clock: Clock;
}

/** How much longer than its caller waits a job runs whose caller says nothing, in milliseconds. */
const OVERTIME_MS = 1_000;
/** The longest grace of a cancellation whose end the caller does not say, in milliseconds. */
const MAX_GRACE_MS = 60_000;

export class RunningJob {
  readonly #id = randomUUID();
  readonly #job: QueuedJob;
  readonly #run: JobRun;
  readonly #plan: JobPlan;
  readonly #scope = new CancelScope();
  readonly #grace = new CancelScope();
  readonly #report = new JobReport();
  /** Watched where the producer must know of them. */
  readonly #effects: Effects | undefined;
  readonly #spent: SpentMessages;
  readonly #asks: Asks;
  /** The charges that wait for their prices. */
  readonly #pending = new Set<unknown>();
  readonly #timers: (() => void)[] = [];
  #isOver = false;
  #isHandedBack = false;

  constructor(job: QueuedJob, run: JobRun, plan: JobPlan) {
    this.#job = job;
    this.#run = run;
    this.#plan = plan;
    this.#effects = plan.head.effects === true ? new Effects() : undefined;
    const send = (head: ReplyHead) => this.#send(head);
    this.#spent = new SpentMessages(this.#id, send);
    const end = (refusal: Error) => this.#scope.cancel(refusal, 'rejected');
    this.#asks = new Asks({ queueName: plan.queueName, run: this.#id, send, end }, this.#spent);
    run.onMessage((message) => this.#onMessage(message));
  }

  /** Whether its caller has given it up before it began. */
  get isCancelled(): boolean {
    return this.#scope.cancelled;
  }

  /** Gives the job to another worker: this one stops. */
  handBack(): void {
    if (this.#isOver) return;
    this.#isHandedBack = true;
    this.#scope.cancel(new Error(`the worker of the queue ${this.#plan.queueName} stops`), 'superseded');
    this.#grace.cancel(this.#scope.reason, 'superseded');
  }

  /** Never rejects. */
  async end(): Promise<JobEnd> {
    const { signal } = this.#run;
    const onTaken = () => this.handBack();
    if (signal.aborted) onTaken();
    else signal.addEventListener('abort', onTaken, { once: true });
    this.#limitTime();
    try {
      return await this.#work();
    } finally {
      this.#isOver = true;
      signal.removeEventListener('abort', onTaken);
      for (const stop of this.#timers) stop();
      this.#scope.dispose();
      this.#grace.dispose();
    }
  }

  async #work(): Promise<JobEnd> {
    const { codec, maxBodyBytes, head } = this.#plan;
    const limit = { what: 'output', maxBytes: maxBodyBytes } as const;
    const own = { v: head.v, run: this.#id };
    const done = await this.#output();
    if (this.#isHandedBack) return this.#leave();
    const told = await this.#close();
    if ('error' in done) return { end: 'done', reply: this.#errorReply(done.error, told) };
    try {
      const payload = encodeValue(codec, done.output, limit);
      return { end: 'done', reply: write({ ...own, kind: 'output', codec: codec.name, ...told }, payload, limit) };
    } catch (error) {
      // The work was done, and its output is lost.
      return { end: 'done', reply: this.#errorReply(error, { ...told, inDoubt: true }) };
    }
  }

  async #output(): Promise<{ readonly output: unknown } | { readonly error: unknown }> {
    const { primitive, input } = this.#plan;
    try {
      const context = outside(() => this.#context());
      const output: unknown = await outside(() => primitive.invoke(input as never, context));
      if (!isStream(output)) return { output };
      const refusal = new StreamNotDistributableError(primitive.messageName);
      this.#effects?.interrupted();
      this.#scope.cancel(refusal, 'rejected');
      return { error: refusal };
    } catch (error) {
      return { error };
    }
  }

  #context() {
    const { head, queueName, clock } = this.#plan;
    const { carrier, tenant, tags, attempt, workflow: workflowName } = head;
    const run = this.#run;
    const report = this.#report;
    const isOver = () => this.#isOver;
    const context = jobContext({
      job: {
        idempotencyKey: this.#job.id,
        get workflowSink() {
          return isOver() ? undefined : report;
        },
      },
      carrier,
      scope: this.#scope,
      workflowName,
      attempt,
      options: { tenant, tags, clock },
      expiresInMs: run.expiresInMs,
      shown: shownOfJob(queueName, run),
    });
    const watched = this.#effects === undefined ? context : withEffects(context, this.#effects);
    return withAccount(withSpender(watched, this.#spender()), report.account);
  }

  #spender(): Spender {
    const { asks, charges } = this.#plan.head;
    return {
      awaits: (charge) => {
        this.#pending.add(charge);
        const settled = () => this.#pending.delete(charge);
        charge.then(settled, settled);
      },
      ...(charges ? { charged: (charge) => this.#spent.charged(charge) } : {}),
      ...(asks ? { reserve: (plan, context) => this.#asks.reserve(plan, context) } : {}),
    };
  }

  /** What the end tells. All other messages are kept before it. */
  async #close(): Promise<Told> {
    // Model calls that were cancelled are charged when their clients have heard of it.
    if (this.#scope.cancelled) await new Promise<void>(afterCallbacks);
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    this.#isOver = true;
    this.#asks.close();
    await this.#spent.sent();
    // The caller of a job that was cancelled listens still: what became of late dollars is its to say.
    const told = this.#report.close(this.#scope.cancelled ? this.#spent : WRITER);
    return { ...told, inDoubt: this.#isInDoubt || undefined };
  }

  /** Another worker does it again: its workflows count then, and the dollars of this run have been tried. */
  async #leave(): Promise<JobEnd> {
    this.#isOver = true;
    this.#asks.close();
    this.#report.abandon();
    if (this.#isInDoubt) await this.#send({ v: VERSION, run: this.#id, kind: 'interrupted' }).catch(() => {});
    return { end: 'handed_back', delayMs: 0 };
  }

  /** A worker that has died says nothing of what it did. */
  get #isInDoubt(): boolean {
    return this.#effects !== undefined && (this.#run.delivery > 1 || isInDoubt(this.#effects));
  }

  /** A reply that the queue does not take would run the work again, for ever. */
  #errorReply(error: unknown, told: Told): Uint8Array {
    const { head, maxBodyBytes } = this.#plan;
    const own = { v: head.v, run: this.#id, kind: 'error', error: recordOf(error, maxBodyBytes / 2) } as const;
    const reply = write({ ...own, ...told });
    return reply.length <= maxBodyBytes ? reply : write(own);
  }

  #send(head: ReplyHead): Promise<void> {
    return this.#run.reply(write({ ...head, v: this.#plan.head.v }));
  }

  #onMessage(message: Uint8Array): void {
    const control = readControl(message);
    if (control.is !== 'ok' || this.#isOver) return;
    const { head } = control;
    switch (head.kind) {
      case 'cancel':
        this.#scope.cancel(errorOf(head.reason), head.outcome, head.grace === true ? this.#grace : undefined);
        if (head.grace === true) this.#after(MAX_GRACE_MS, () => this.#giveUp());
        break;
      case 'give_up':
        this.#giveUp();
        break;
      default:
        this.#asks.answered(head);
    }
  }

  #giveUp(): void {
    this.#grace.cancel(this.#scope.reason, this.#scope.outcome);
  }

  /** A caller that has gone cancels nothing. */
  #limitTime(): void {
    const { expiresInMs } = this.#run;
    if (expiresInMs === undefined) return;
    this.#after(expiresInMs + OVERTIME_MS, () => {
      this.#scope.cancel(new Error('nobody waits for the job any more'), 'timeout');
    });
  }

  #after(ms: number, callback: () => void): void {
    this.#timers.push(this.#plan.clock.after(ms, callback));
  }
}
