/** One start of a job on a worker. */
import { manyListenersController } from '../../platform/abort.ts';
import { messageOf } from '../../platform/message-of.ts';
import { CRASHED } from '../crashed.ts';
import type { EngineEvents, JobEnd, JobHandler, JobRun } from '../job-queue.ts';
import { rest } from '../rest.ts';
import type { Connection, Link } from './connection.ts';
import { bury } from './dead.ts';
import { ACK, type Delivery, HEADER, headerOf } from './delivery.ts';
import { type Layout, nanos, SAFE_NAME } from './layout.ts';
import { forgetNotes, freeBefore, type Note, note, noteOf } from './notes.ts';
import { requireRoom } from './payload.ts';

export interface Surroundings {
  readonly connection: Connection;
  readonly layout: Layout;
  readonly handler: JobHandler;
  readonly events: EngineEvents;
  readonly maxDeliveries: number;
}

/** The wait before a reply is sent again that could not be kept, in milliseconds. */
const AGAIN_MS = 500;

export class Run {
  readonly #around: Surroundings;
  readonly #abort = manyListenersController();
  readonly #listeners: ((message: Uint8Array) => void)[] = [];
  #delivery: Delivery;
  #cancelled: Uint8Array | undefined;
  #isLookedFor = false;
  #replies = 0;

  constructor(around: Surroundings, delivery: Delivery) {
    this.#around = around;
    this.#delivery = delivery;
  }

  /** The job was delivered to this worker once more: the server had not heard of it in time. The run goes on. */
  renew(delivery: Delivery): void {
    this.#delivery = delivery;
  }

  /** Tells the server that the job still runs. */
  beat(link: Link): void {
    link.nats.publish(this.#delivery.ackSubject, ACK.working);
    if (!this.#isLookedFor) this.lookForCancellation(link);
  }

  /** It may have been cancelled before we listened, or while the connection was lost. */
  lookForCancellation(link: Link): void {
    this.#isLookedFor = true;
    // What is not found now is heard.
    this.#wasCancelled(link).catch(() => {});
  }

  async #wasCancelled({ manager }: Link): Promise<boolean> {
    const { layout } = this.#around;
    const query = { last_by_subj: layout.cancel(this.#delivery.job.id) };
    const message = await manager.streams.getMessage(layout.replies, query);
    if (message !== null) this.#hear(message.data, true);
    return message !== null;
  }

  /** The worker leaves the job. */
  leave(): void {
    this.#abort.abort(new Error('the worker ends'));
  }

  /** Runs the job, and tells the server how it has ended. Resolves to `undefined` if the worker has left it. */
  async settle(): Promise<JobEnd['end'] | undefined> {
    const { connection, layout, maxDeliveries, events } = this.#around;
    const { job, count } = this.#delivery;
    if (count > 1 && (await connection.call((link) => this.#wasCancelled(link)))) {
      this.#acknowledge(ACK.done);
      return 'done';
    }
    const delivery = count === 1 ? 1 : count - freeBefore(count, await connection.call((link) => this.#lastNote(link)));
    let end: JobEnd;
    if (delivery > maxDeliveries) {
      end = { end: 'dead', why: CRASHED };
      events.died('crashed');
    } else {
      if (count > 1) await this.#noteStart(delivery);
      end = await this.#handle(delivery);
    }
    if (this.#abort.signal.aborted) return undefined;
    if (end.end === 'handed_back') await this.#handBack(delivery, end.delayMs);
    else {
      if (end.end === 'dead') await this.#bury(end.why);
      this.#acknowledge(ACK.done);
      if (count > 1) await connection.call((link) => forgetNotes(link, layout, job.id));
    }
    return end.end;
  }

  async #handle(delivery: number): Promise<JobEnd> {
    const { connection, layout, handler } = this.#around;
    const { job, sentAt } = this.#delivery;
    const now = connection.now();
    const run: JobRun = {
      delivery,
      waitedMs: Math.max(0, now - sentAt),
      expiresInMs: job.expiresInMs === undefined ? undefined : sentAt + job.expiresInMs - now,
      signal: this.#abort.signal,
      onMessage: (on) => {
        this.#listeners.push(on);
        if (this.#cancelled !== undefined) on(this.#cancelled);
      },
      reply: (body) => this.#reply(body),
    };
    const subscription = connection.link?.nats.subscribe(layout.toJob(job.id), {
      callback: (_, message) => {
        if (message.subject === layout.ask(job.id)) message.respond();
        else this.#hear(message.data, message.subject === layout.cancel(job.id));
      },
    });
    try {
      const end = await handler(job, run);
      if (end.end === 'done' && end.reply !== undefined) await this.#tellInbox(end.reply);
      return end;
    } catch (error) {
      return { end: 'dead', why: messageOf(error) };
    } finally {
      if (subscription?.isClosed() === false) subscription.unsubscribe();
    }
  }

  #hear(message: Uint8Array, isCancellation: boolean): void {
    if (isCancellation && this.#cancelled !== undefined) return;
    if (isCancellation) this.#cancelled = message;
    for (const listener of this.#listeners) listener(message);
  }

  #lastNote(link: Link): Promise<Note | undefined> {
    return noteOf(link, this.#around.layout, this.#delivery.job.id);
  }

  /** A server without room keeps no note. The job is run all the same. */
  async #noteStart(delivery: number): Promise<void> {
    const { connection, layout } = this.#around;
    const { job, count } = this.#delivery;
    const made = { at: count, free: count - delivery, until: 0 };
    await connection.call((link) => note(link, layout, job.id, made).catch(() => {}));
  }

  async #handBack(delivery: number, delayMs: number): Promise<void> {
    const { connection, layout } = this.#around;
    const { job, count } = this.#delivery;
    const made = { at: count, free: count - delivery + 1, until: connection.now() + delayMs };
    await connection.call((link) => note(link, layout, job.id, made));
    this.#acknowledge(delayMs <= 0 ? ACK.again : `${ACK.again} ${JSON.stringify({ delay: nanos(delayMs) })}`);
  }

  async #bury(why: string): Promise<void> {
    const { connection, layout } = this.#around;
    const { job, count, sentAt } = this.#delivery;
    await bury(connection, layout, { job, why, deliveries: count, sentAt });
    await this.#tellInbox(new Uint8Array(), why);
  }

  async #reply(body: Uint8Array): Promise<void> {
    await this.#tellInbox(body);
  }

  /** Tries again until the reply is kept, or the worker leaves the job. */
  async #tellInbox(body: Uint8Array, why?: string): Promise<void> {
    const { connection, layout, events } = this.#around;
    const { job, ackSubject } = this.#delivery;
    // The address comes from outside. One that we have not made belongs to no inbox.
    if (!SAFE_NAME.test(job.replyTo)) return;
    this.#replies += 1;
    const msgID = `${ackSubject}.${this.#replies}`;
    for (;;) {
      try {
        await connection.call((link) => {
          requireRoom(link, body);
          const facts = link.headers();
          if (why !== undefined) facts.set(HEADER.why, headerOf(why));
          return link.jetstream.publish(layout.reply(job.replyTo, job.id), body, { msgID, headers: facts });
        }, this.#abort.signal);
        return;
      } catch (error) {
        this.#abort.signal.throwIfAborted();
        if (error instanceof RangeError) throw error;
        events.failed('reply', error);
        await rest(AGAIN_MS);
      }
    }
  }

  /** If it is lost, the job is started again after its lock. */
  #acknowledge(how: string): void {
    this.#around.connection.link?.nats.publish(this.#delivery.ackSubject, how);
  }
}
