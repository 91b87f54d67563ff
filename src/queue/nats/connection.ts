/** The one connection of a queue to NATS: made when it is needed, and again when it is lost. */
import { manyListenersController } from '../../platform/abort.ts';
import { inBackground } from '../../platform/background.ts';
import { dateOf, systemClock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/message-of.ts';
import { readProperty } from '../../platform/read-property.ts';
import { redact } from '../../platform/redact.ts';
import { QueueAwayError } from '../errors.ts';
import { rest } from '../rest.ts';
import { isGone, isRefused, isTransient } from './errors.ts';
import type { JetStreamClient, JetStreamManager, NatsConnection, Packages } from './packages.ts';
import { atMost, unlessAborted } from './wait.ts';

/** A connection that is up, to a server that has the streams of the queue. */
export interface Link {
  readonly nats: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly headers: Packages['headers'];
  /** Aborts when the connection is lost. */
  readonly down: AbortSignal;
}

export interface ConnectionOptions {
  readonly queueName: string;
  readonly maxAwayMs: number;
  readonly load: () => Promise<Packages>;
  readonly open: (packages: Packages) => Promise<NatsConnection>;
  /** Makes the streams where they are missing. Gives the time of the server, in milliseconds since the Unix epoch. */
  readonly prepare: (manager: JetStreamManager) => Promise<number | undefined>;
}

/** The wait before a connection is tried again, in milliseconds. */
const RETRY_MS = 250;
/** The wait before it is tried again where calls have given up, in milliseconds. */
const KEEP_UP_MS = 1_000;
/** A connection that nobody has used for so long is closed: it would keep the process alive. */
const IDLE_MS = 1_000;

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #closed = manyListenersController();
  readonly #upListeners = new Set<(link: Link) => void>();
  readonly #holds = new Set<() => boolean>();
  #calls = 0;
  readonly #backListeners = new Set<() => void>();
  #nats: NatsConnection | undefined;
  #link: Link | undefined;
  /** Of the connection. Another one after each cut. */
  #down = manyListenersController();
  #connecting: Promise<void> | undefined;
  #lastUsed = 0;
  #serverAheadMs = 0;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The connection, if it is up. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** The time of the server, in milliseconds since the Unix epoch. */
  now(): number {
    return dateOf(systemClock) + this.#serverAheadMs;
  }

  /** Calls `listener` now if the connection is up, and each time it comes up. */
  onUp(listener: (link: Link) => void): () => void {
    this.#upListeners.add(listener);
    if (this.#link !== undefined) listener(this.#link);
    return () => this.#upListeners.delete(listener);
  }

  /** Keeps the connection while `isUsed` says so. */
  hold(isUsed: () => boolean): () => void {
    this.#holds.add(isUsed);
    return () => this.#holds.delete(isUsed);
  }

  /**
   * Does `work`, which may be done twice, once NATS can be reached. Rejects with `QueueAwayError` after `maxAwayMs`, or with
   * `signal.reason`.
   */
  async call<T>(work: (link: Link) => Promise<T>, signal: AbortSignal = this.#closed.signal): Promise<T> {
    const until = systemClock.now() + this.#options.maxAwayMs;
    this.#calls += 1;
    try {
      for (;;) {
        const link = await this.#ready(until, signal);
        try {
          return await unlessAborted(unlessAborted(work(link), link.down), signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!link.down.aborted && !isTransient(error)) throw error;
          if (isGone(error)) this.renew(link);
          if (systemClock.now() >= until) throw this.#away(`NATS does not take it: ${messageOf(error)}`, error);
          await systemClock.sleep(RETRY_MS, signal);
        }
      }
    } finally {
      this.#calls -= 1;
      this.#lastUsed = systemClock.now();
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(this.#away('it is closed'));
    const nats = this.#nats;
    this.#nats = undefined;
    this.#lose();
    this.#back();
    // A server that does not answer cannot keep us.
    await Promise.race([nats?.close(), rest(IDLE_MS)]);
  }

  #away(why: string, cause?: unknown): QueueAwayError {
    return new QueueAwayError(
      this.#options.queueName,
      redact(why),
      cause === undefined ? undefined : withoutSecrets(cause),
    );
  }

  async #ready(until: number, signal: AbortSignal): Promise<Link> {
    let failure: unknown;
    for (;;) {
      signal.throwIfAborted();
      this.#closed.signal.throwIfAborted();
      if (this.#link !== undefined) return this.#link;
      const leftMs = until - systemClock.now();
      if (leftMs <= 0)
        throw this.#away(
          isGone(failure) ? 'JetStream does not answer. Is it enabled?' : 'NATS cannot be reached',
          failure,
        );
      this.#connecting ??= this.#connect().finally(() => {
        this.#connecting = undefined;
      });
      try {
        await unlessAborted(atMost(this.#connecting, leftMs), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isRefused(error)) throw this.#away('NATS refuses the user or the password', error);
        if (!isTransient(error)) throw error;
        failure = error;
        await systemClock.sleep(Math.min(RETRY_MS, leftMs), signal);
      }
    }
  }

  async #connect(): Promise<void> {
    const packages = await this.#options.load();
    if (this.#nats === undefined || this.#nats.isClosed()) {
      const nats = await this.#options.open(packages);
      if (this.#closed.signal.aborted) return void nats.close();
      this.#nats = nats;
      this.#down = manyListenersController();
      void this.#watch(nats);
      this.#lastUsed = systemClock.now();
      this.#closeWhenIdle(nats);
    }
    // What is sent before the client has reconnected gets lost.
    if (this.#down.signal.aborted) return this.#untilBack();
    const nats = this.#nats;
    const down = this.#down.signal;
    const manager = await packages.jetstream(nats).jetstreamManager(false);
    const serverTime = await unlessAborted(this.#options.prepare(manager), down).catch((error: unknown) => {
      if (!down.aborted) throw error;
    });
    if (down.aborted || this.#closed.signal.aborted) return;
    if (serverTime !== undefined) this.#serverAheadMs = serverTime - dateOf(systemClock);
    this.#link = { nats, jetstream: manager.jetstream(), manager, headers: packages.headers, down };
    for (const listener of this.#upListeners) listener(this.#link);
  }

  async #watch(nats: NatsConnection): Promise<void> {
    for await (const { type } of nats.status()) {
      if (this.#nats !== nats) return;
      if (type === 'disconnect') this.#lose();
      if (type === 'reconnect') {
        this.#down = manyListenersController();
        this.#back();
      }
    }
    if (this.#nats !== nats) return;
    this.#nats = undefined;
    this.#lose();
    this.#back();
  }

  #lose(): void {
    this.#link = undefined;
    this.#down.abort(new Error('the connection to NATS is lost'));
  }

  #back(): void {
    for (const listener of this.#backListeners) listener();
    if (this.#isUsed()) this.keepUp();
  }

  #untilBack(): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        this.#backListeners.delete(listener);
        resolve();
      };
      this.#backListeners.add(listener);
    });
  }

  /** Brings the link up also where no call asks for it: workers and inboxes wait. */
  keepUp(): void {
    this.call(async () => {}).catch(async () => {
      if (this.#isUsed()) await systemClock.sleep(KEEP_UP_MS);
      if (this.#isUsed() && !this.#closed.signal.aborted) this.keepUp();
    });
  }

  /** The streams, or the consumer, are gone: they are made again. */
  renew(link = this.#link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.keepUp();
  }

  #isUsed(): boolean {
    return this.#calls > 0 || [...this.#holds].some((isUsed) => isUsed());
  }

  #closeWhenIdle(nats: NatsConnection): void {
    inBackground(IDLE_MS, () => {
      if (this.#nats !== nats || nats.isClosed()) return;
      if (this.#isUsed()) this.#lastUsed = systemClock.now();
      if (systemClock.now() - this.#lastUsed < IDLE_MS) this.#closeWhenIdle(nats);
      else {
        this.#nats = undefined;
        this.#lose();
        this.#back();
        nats.close().catch(() => {});
      }
    });
  }
}

/** The client may name the addresses of servers with what is in them. */
function withoutSecrets(error: unknown): Error {
  const safe = new Error(redact(messageOf(error)));
  const name = readProperty(error, 'name');
  if (typeof name === 'string') safe.name = name;
  return safe;
}
