import type { Redis } from 'ioredis';
import { abortReason } from '../../platform/abort.ts';
import { inBackground } from '../../platform/background.ts';
import { QueueAwayError } from '../errors.ts';
import { isRefused, withoutCommand } from './errors.ts';

/** Waits for a client. It listens once, for any number of callers. */
export class Gate {
  readonly #queueName: string;
  readonly #client: Redis;
  readonly #waiting = new Set<(away?: QueueAwayError) => void>();
  #lastError: Error | undefined;

  constructor(queueName: string, client: Redis) {
    this.#queueName = queueName;
    this.#client = client;
    client.on('ready', () => {
      this.#lastError = undefined;
      this.#settle();
    });
    client.on('error', (error) => {
      this.#lastError = withoutCommand(error);
      if (isRefused(error)) this.#settle(this.#refused());
    });
    client.on('end', () => this.#settle(this.away('the connection to Redis is closed')));
  }

  away(why: string): QueueAwayError {
    return new QueueAwayError(this.#queueName, why, this.#lastError);
  }

  #refused(): QueueAwayError {
    return this.away('Redis refuses the user or the password');
  }

  #settle(away?: QueueAwayError): void {
    for (const settle of [...this.#waiting]) settle(away);
  }

  /** Resolves when the client is connected. Rejects after `maxMs` milliseconds, and at once where waiting cannot help. */
  async pass(maxMs: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#client.status === 'ready') return;
    if (isRefused(this.#lastError)) throw this.#refused();
    await new Promise<void>((resolve, reject) => {
      const end = () => {
        cancelTimer();
        this.#waiting.delete(settle);
        signal?.removeEventListener('abort', onAbort);
      };
      const settle = (away?: QueueAwayError) => {
        end();
        if (away === undefined) resolve();
        else reject(away);
      };
      const onAbort = () => {
        end();
        reject(signal && abortReason(signal));
      };
      const cancelTimer = inBackground(maxMs, () => settle(this.away('Redis cannot be reached')));
      this.#waiting.add(settle);
      signal?.addEventListener('abort', onAbort);
    });
  }
}
