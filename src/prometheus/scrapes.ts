/** Scrapes one after the other. Requests that arrive while one runs share the next. */

import { afterCallbacks } from '../platform/background.ts';
import type { Parts } from './format.ts';
import { inSlices } from './slices.ts';

export interface ScrapeWork<F> {
  /** Brings the table up to date. @param timeoutMs how long its requests allow at most */
  collect(timeoutMs: number): Promise<void>;
  /** Gives up the event loop between its parts. */
  render(format: F): Iterable<Buffer>;
}

/** For how many turns of the event loop a scrape waits for more requests. */
const MAX_TURNS = 100;

/** Requests that get the same collection. */
interface Round<F> {
  readonly texts: Map<F, Promise<Parts>>;
  readonly collected: Promise<void>;
  /** The shortest time that one of its requests allows. */
  timeoutMs: number;
}

export class Scrapes<F> {
  readonly #work: ScrapeWork<F>;
  #next: Round<F> | undefined;
  #requests = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(work: ScrapeWork<F>) {
    this.#work = work;
  }

  /** The metrics as they are after this call. Rejects when the whole collection fails. */
  read(format: F, timeoutMs = Number.POSITIVE_INFINITY): Promise<Parts> {
    this.#requests += 1;
    this.#next ??= this.#newRound();
    const round = this.#next;
    round.timeoutMs = Math.min(round.timeoutMs, timeoutMs);
    const known = round.texts.get(format);
    if (known !== undefined) return known;
    const text = this.exclusively(async () => {
      await round.collected;
      return this.#write(format);
    });
    round.texts.set(format, text);
    return text;
  }

  /** Runs `work` while no scrape runs. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => {});
    return next;
  }

  #newRound(): Round<F> {
    const collected = this.exclusively(async () => {
      await this.#gather();
      this.#next = undefined;
      await this.#work.collect(round.timeoutMs);
    });
    const round: Round<F> = { texts: new Map(), collected, timeoutMs: Number.POSITIVE_INFINITY };
    return round;
  }

  /** Waits until no more requests arrive: the event loop comes to their connections one after the other. */
  async #gather(): Promise<void> {
    for (let turn = 0, seen = 0; turn < MAX_TURNS && this.#requests > seen; turn += 1) {
      seen = this.#requests;
      await new Promise<void>((resolve) => afterCallbacks(resolve));
    }
  }

  async #write(format: F): Promise<Parts> {
    const parts: Buffer[] = [];
    await inSlices(this.#work.render(format), (part) => parts.push(part));
    return parts;
  }
}
