/** Scrapes one after the other. Requests that arrive while one runs share the next. */
import { afterCallbacks } from '../platform/background.ts';

/** Work that gives up the event loop between its parts. */
export type Render<F> = (format: F) => Iterable<string>;

export class Scrapes<F> {
  readonly #collect: () => Promise<void>;
  readonly #render: Render<F>;
  readonly #waiting = new Map<F, Promise<Buffer>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(collect: () => Promise<void>, render: Render<F>) {
    this.#collect = collect;
    this.#render = render;
  }

  /** The metrics as they are after this call. Rejects when the whole collection fails. */
  read(format: F): Promise<Buffer> {
    const waiting = this.#waiting.get(format);
    if (waiting !== undefined) return waiting;
    const next = this.exclusively(async () => {
      this.#waiting.delete(format);
      await this.#collect();
      const parts: Buffer[] = [];
      for (const part of this.#render(format)) {
        parts.push(Buffer.from(part));
        await new Promise<void>((resolve) => afterCallbacks(resolve));
      }
      return Buffer.concat(parts);
    });
    this.#waiting.set(format, next);
    return next;
  }

  /** Runs `work` while no scrape runs. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(work);
    this.#last = next.catch(() => {});
    return next;
  }
}
