/** Asks a consumer of NATS for as many messages as a worker has room for. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../platform/clock.ts';
import type { Link } from './connection.ts';
import { nanos } from './layout.ts';
import type { Msg, Subscription } from './packages.ts';

/** The server forgets a request after this time, and says so. */
const EXPIRES_MS = 30_000;
/** If it has not said so by then, the request was lost. */
const SILENT_MS = 40_000;

export interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  /** How many more messages there is room for. */
  readonly room: () => number;
  readonly on: (message: Msg) => void;
  /** The server refuses to give messages: the consumer is gone. */
  readonly onRefused: (why: string) => void;
}

export class Pulls {
  readonly #options: PullOptions;
  #link: Link | undefined;
  #inbox = '';
  #subscription: Subscription | undefined;
  #asked = 0;
  #heardAt = 0;

  constructor(options: PullOptions) {
    this.#options = options;
  }

  /** Asks on this connection. What was asked before is forgotten. */
  start(link: Link): void {
    void this.stop();
    this.#link = link;
    this.#inbox = `_INBOX.${randomUUID()}`;
    const subscription = link.nats.subscribe(this.#inbox, {
      callback: (_, message) => this.#on(message, subscription),
    });
    this.#subscription = subscription;
    this.fill();
  }

  /** Asks for what there is room for. */
  fill(): void {
    const more = this.#options.room() - this.#asked;
    if (more <= 0 || this.#link === undefined || this.#link.down.aborted || this.#subscription === undefined) return;
    const { stream, consumer } = this.#options;
    const request = JSON.stringify({ batch: more, expires: nanos(EXPIRES_MS) });
    this.#asked += more;
    this.#heardAt = systemClock.now();
    this.#link.nats.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, request, { reply: this.#inbox });
  }

  /** To be called now and then: asks again if the server is silent. */
  check(): void {
    if (this.#asked > 0 && systemClock.now() - this.#heardAt > SILENT_MS && this.#link) this.start(this.#link);
    else this.fill();
  }

  /** Asks for no more. Resolves when nothing more can come. */
  async stop(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    this.#asked = 0;
    if (subscription === undefined || subscription.isClosed()) return;
    if (this.#link?.down.aborted) subscription.unsubscribe();
    else await subscription.drain().catch(() => {});
  }

  #on(message: Msg, from: Subscription): void {
    const { headers, data, subject } = message;
    const isCurrent = from === this.#subscription;
    if (isCurrent) this.#heardAt = systemClock.now();
    if (subject !== from.getSubject()) {
      if (isCurrent) this.#asked -= 1;
      this.#options.on(message);
    } else if (isCurrent && data.length === 0 && headers !== undefined && headers.code >= 400) {
      const left = Number(headers.get('Nats-Pending-Messages'));
      this.#asked = left > 0 ? Math.max(0, this.#asked - left) : 0;
      // 408: its time is over. Any other is the answer to all requests that are open: the first one is enough.
      if (headers.code === 408) this.fill();
      else {
        void this.stop();
        this.#options.onRefused(`${headers.code} ${headers.description}`);
      }
    }
  }
}
