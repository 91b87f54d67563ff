/** Tells the producer of the money that is spent in a job, while the job runs. */
import type { Charge } from '../ledger/charge.ts';
import { type ReplyHead, VERSION } from './envelope.ts';
import { MAX_SPENT_ITEMS, type Spent, sentCharge } from './told.ts';

export class SpentMessages {
  readonly #run: string;
  readonly #send: (head: ReplyHead) => Promise<void>;
  readonly #items: Spent[] = [];
  #last = 0;
  #sending: Promise<void> | undefined;

  constructor(run: string, send: (head: ReplyHead) => Promise<void>) {
    this.#run = run;
    this.#send = send;
  }

  /** @param ask the ask whose reservation the charge ends */
  add(charge: Charge, ask?: number): void {
    this.#items.push({ ask, charge: sentCharge(charge) });
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    this.#sending.catch(() => {});
  }

  /** Resolves when all is kept, or cannot be. */
  async sent(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending.catch(() => {});
  }

  async #sendAll(): Promise<void> {
    // What comes at the same time goes in one message.
    await Promise.resolve();
    while (this.#items.length > 0) {
      this.#last += 1;
      const items = this.#items.splice(0, MAX_SPENT_ITEMS);
      await this.#send({ v: VERSION, run: this.#run, kind: 'spent', n: this.#last, items });
    }
  }
}
