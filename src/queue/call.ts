/** One call whose work is done elsewhere: from its job to the last message about it. */
import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { payeeOf } from '../core/accounts.ts';
import { inject } from '../core/carrier.ts';
import type { ExecutionContext } from '../core/context.ts';
import { effectsAround } from '../core/effects.ts';
import { hasBudget, spendersAround, tellSpenders } from '../core/spending.ts';
import { timeLeft } from '../core/time-left.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { Payee } from '../ledger/account.ts';
import { copyText } from '../platform/copy-text.ts';
import { redact } from '../platform/redact.ts';
import type { Observation, ProducerRecorder } from '../telemetry/record/queue.ts';
import { type Codec, decodeValue, encodeValue } from './codec.ts';
import { countWorkflows, pay } from './count-told.ts';
import { readReply, whyNot, write } from './envelope.ts';
import { recordOf } from './error-record.ts';
import { JobDeadError, JobLostError, PayloadTooLargeError, UnreadableReplyError } from './errors.ts';
import { Grants } from './grants.ts';
import { type ControlHead, type JobHead, type ReplyHead, VERSION } from './heads.ts';
import type { JobQueue, QueueMessage } from './job-queue.ts';
import type { Listener, Producer } from './producer.ts';
import { errorOf } from './revive-error.ts';
import { refusalOf, sendJob } from './send-job.ts';
import { receivedCharge } from './told.ts';

/** No job sends as many; more are not counted. */
const MAX_SPENT_MESSAGES = 100_000;

/** Where the calls of one `distribute` go. */
export interface CallTarget {
  readonly producer: Producer;
  readonly name: string;
  readonly queue: JobQueue;
  readonly codec: Codec;
  readonly record: ProducerRecorder;
}

export class Call implements Listener {
  /** Copied: it is kept for long, and Node.js makes it of 36 parts. */
  readonly id = copyText(randomUUID());
  readonly #target: CallTarget;
  readonly #context: ExecutionContext;
  readonly #observation: Observation;
  readonly #payee: Payee;
  readonly #grants: Grants | undefined;
  /** Runs what a message asks for in the context of the call: a budget has callbacks. */
  readonly #inCall = AsyncResource.bind((work: () => void) => work());
  /** The messages about money that have been counted: one may come twice. */
  readonly #counted = new Set<string>();
  readonly #end: Promise<unknown>;
  #resolve: (output: unknown) => void = () => {};
  #reject: (error: unknown) => void = () => {};
  #isSent = false;
  /** Whether the caller has gone. */
  #isLeft = false;
  /** Whether the first end has come. */
  #hasEnded = false;
  #isClosed = false;
  /** Whether no worker will begin it. */
  #hasExpired = false;

  constructor(target: CallTarget, context: ExecutionContext, observation: Observation) {
    this.#target = target;
    this.#context = context;
    this.#observation = observation;
    this.#payee = payeeOf(context);
    this.#grants = hasBudget(context) ? new Grants(context, (head) => this.#tell(head)) : undefined;
    this.#end = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#end.catch(() => {});
  }

  #body(input: unknown): Uint8Array {
    const { queue, codec, record } = this.#target;
    const limit = { what: 'input', maxBytes: queue.maxBodyBytes } as const;
    try {
      return write(this.#head(), encodeValue(codec, input, limit), limit);
    } catch (error) {
      if (error instanceof PayloadTooLargeError) record.refused('too_large');
      throw error;
    }
  }

  #head(): JobHead {
    const { name, codec } = this.#target;
    const context = this.#context;
    const wantsCharges = spendersAround(context).some(({ charged }) => charged !== undefined);
    return {
      v: VERSION,
      name,
      codec: codec.name,
      carrier: inject(context, {}),
      tenant: context.tenant,
      tags: context.tags,
      workflow: context.workflowName,
      attempt: context.attempt,
      asks: this.#grants === undefined ? undefined : true,
      charges: wantsCharges ? true : undefined,
      effects: effectsAround(context) === undefined ? undefined : true,
    };
  }

  /** Gives the output of the job. A caller that does not wait any more leaves a listener for the money that was spent. */
  async run(input: unknown): Promise<unknown> {
    const body = this.#body(input);
    const { id } = this;
    const { producer } = this.#target;
    const { scope } = this.#context;
    producer.listen(id, this);
    const unlistenCancel = this.#context.onCancel((reason) => this.#cancel(reason));
    const unlistenGiveUp = this.#context.onGiveUp(() => this.#giveUp());
    try {
      const replyTo = await untilCancelled(this.#address(), scope);
      await untilCancelled(this.#send(replyTo, body), scope);
      producer.accepted(id);
      return await untilCancelled(this.#end, scope);
    } finally {
      unlistenCancel();
      unlistenGiveUp();
      this.#isLeft = this.#isSent && !this.#hasEnded;
      if (this.#isLeft) producer.leave(id);
      else this.abandon();
    }
  }

  /** Without an inbox nothing is sent: the job is refused. */
  async #address(): Promise<string> {
    const { producer, record } = this.#target;
    try {
      return await producer.address();
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined && !this.#context.cancelled) record.refused(refusal);
      throw error;
    }
  }

  async #send(replyTo: string, body: Uint8Array): Promise<void> {
    const left = timeLeft(this.#context);
    const expiresInMs = left === undefined ? undefined : Math.max(1, Math.ceil(left));
    this.#isSent = true;
    try {
      await sendJob({ id: this.id, replyTo, body, expiresInMs }, this.#target, this.#context);
    } catch (error) {
      // The engine may have the job after all: its caller waits no longer.
      const refusal = refusalOf(error);
      if (refusal === undefined) {
        this.#doubt();
        this.#cancel(error);
      } else this.#target.record.refused(refusal);
      if (!this.#context.cancelled) this.#isSent = false;
      throw error;
    }
    // The first cancellation may have come before the job.
    if (this.#context.cancelled) this.#cancel(this.#context.scope?.reason);
  }

  receive(message: QueueMessage): void {
    if (this.#isClosed) return;
    if ('body' in message) this.#inCall(() => this.#read(message.body));
    else if ('lost' in message) {
      this.#target.record.lost();
      this.#lose(new JobLostError(this.#target.queue.name, this.id));
    } else this.#lose(new JobDeadError(this.#target.queue.name, this.id, redact(message.dead)));
  }

  #read(body: Uint8Array): void {
    const reply = readReply(body);
    if (reply.is !== 'ok') {
      this.#lose(new UnreadableReplyError(this.#target.queue.name, this.id, whyNot(reply)));
      return;
    }
    const { head, payload } = reply;
    switch (head.kind) {
      case 'ask':
        this.#grants?.asked(head);
        break;
      case 'priced':
        this.#grants?.priced(head);
        break;
      case 'spent':
        this.#spent(head);
        break;
      case 'expired':
        this.#expire();
        break;
      case 'interrupted':
        this.#doubt();
        break;
      default:
        this.#finish(head, payload);
    }
  }

  #spent(head: Extract<ReplyHead, { readonly kind: 'spent' }>): void {
    const { run, n, items } = head;
    const key = `${n} ${run}`;
    if (this.#counted.has(key) || this.#counted.size >= MAX_SPENT_MESSAGES) return;
    this.#counted.add(key);
    for (const { ask, charge: sent } of items) {
      const charge = receivedCharge(sent);
      if (ask === undefined) tellSpenders(this.#context, (spender) => spender.charged?.(charge));
      else this.#grants?.spent(run, ask, charge);
    }
    pay(head, this.#payee);
  }

  /** The first end counts. After it, a caller that has gone still hears of money. */
  #finish(head: Extract<ReplyHead, { readonly kind: 'output' | 'error' }>, payload: string | undefined): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (!this.#isLeft) this.abandon();
    countWorkflows(head, { context: this.#context, observation: this.#observation });
    pay(head, this.#payee);
    if (head.inDoubt) this.#doubt();
    if (head.kind === 'error') {
      const error = errorOf(head.error);
      // A span of the worker shows its details.
      this.#context.isFirstToRecord(error);
      this.#reject(error);
      return;
    }
    const output = decodeValue(this.#target.codec, payload);
    if (output.is === 'ok') this.#resolve(output.value);
    else {
      this.#doubt();
      this.#reject(new UnreadableReplyError(this.#target.queue.name, this.id, whyNot(output)));
    }
  }

  /** The caller's own time is over too, or will be in a moment: that is its error. */
  #expire(): void {
    this.#hasExpired = true;
    if (this.#context.cancelled) this.#fail(this.#context.scope?.reason);
    else if (timeLeft(this.#context) === undefined)
      this.#fail(
        new JobDeadError(this.#target.queue.name, this.id, 'its time was over before a worker could begin it'),
      );
  }

  /** There is no answer. */
  #lose(error: Error): void {
    this.#doubt();
    this.#fail(error);
  }

  #fail(error: unknown): void {
    this.abandon();
    this.#reject(error);
  }

  abandon(): void {
    this.#hasEnded = this.#isClosed = true;
    this.#grants?.close();
    this.#target.producer.forget(this.id);
  }

  /** It is not known what the work has done. */
  #doubt(): void {
    effectsAround(this.#context)?.interrupted();
  }

  #cancel(reason: unknown): void {
    if (!this.#isSent || this.#hasEnded) return;
    if (this.#hasExpired) {
      this.#fail(reason);
      return;
    }
    const { queue, record } = this.#target;
    const outcome = this.#context.cancellation ?? 'superseded';
    const grace = this.#context.scope?.grace !== undefined;
    const message = write({ v: VERSION, kind: 'cancel', outcome, reason: recordOf(reason), grace });
    queue.cancel(this.id, message).then(
      (wasRemoved) => {
        if (wasRemoved) this.#fail(reason);
      },
      (error: unknown) => record.failed('cancel', error),
    );
  }

  /** The grace of a cancellation has ended. */
  #giveUp(): void {
    if (this.#context.scope?.grace !== undefined) this.#tell({ v: VERSION, kind: 'give_up' });
  }

  #tell(head: ControlHead): void {
    const { queue, record } = this.#target;
    queue.tell(this.id, write(head)).catch((error: unknown) => record.failed('tell', error));
  }
}
