/** Tells the producer of the money that is spent in a job, while the job runs. */
import type { DollarUse, Payee, Standing } from '../ledger/account.ts';
import type { Charge } from '../ledger/charge.ts';
import { type ReplyHead, VERSION } from './heads.ts';
import { type Dollars, MAX_SPENT_ITEMS, type Spent, sentAmount, sentCharge } from './told.ts';

const NOTHING: Dollars = Object.freeze({});

export class SpentMessages implements Payee {
  readonly #run: string;
  readonly #send: (head: ReplyHead) => Promise<void>;
  readonly #items: Spent[] = [];
  #dollars: Dollars = NOTHING;
  #last = 0;
  #sending: Promise<void> | undefined;

  constructor(run: string, send: (head: ReplyHead) => Promise<void>) {
    this.#run = run;
    this.#send = send;
  }

  /** @param ask the ask whose reservation the charge ends */
  charged(charge: Charge, ask?: number): void {
    this.#items.push({ ask, charge: sentCharge(charge) });
    this.#sendSoon();
  }

  /** Dollars that come after the end of the job. */
  add(standing: Standing, dollars: number): void {
    const { open, decided } = this.#dollars;
    this.#dollars = { open: { ...open, [standing]: sentAmount((open?.[standing] ?? 0) + dollars) }, decided };
    this.#sendSoon();
  }

  decide(use: DollarUse, dollars: number): void {
    const { open, decided } = this.#dollars;
    this.#dollars = { open, decided: { ...decided, [use]: sentAmount((decided?.[use] ?? 0) + dollars) } };
    this.#sendSoon();
  }

  /** Resolves when all is kept, or cannot be. */
  async sent(): Promise<void> {
    while (this.#sending !== undefined) await this.#sending;
  }

  #sendSoon(): void {
    this.#sending ??= this.#sendAll().then(
      () => {
        this.#sending = undefined;
      },
      () => {
        this.#sending = undefined;
      },
    );
  }

  async #sendAll(): Promise<void> {
    // What comes at the same time goes in one message.
    await Promise.resolve();
    while (this.#items.length > 0 || this.#dollars !== NOTHING) {
      this.#last += 1;
      const items = this.#items.splice(0, MAX_SPENT_ITEMS);
      const dollars = this.#dollars;
      this.#dollars = NOTHING;
      await this.#send({ v: VERSION, run: this.#run, kind: 'spent', n: this.#last, items, ...dollars });
    }
  }
}
