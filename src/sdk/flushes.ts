interface Flush<Request> {
  readonly left: Set<Request>;
  readonly resolve: () => void;
}

/** The flushes that wait, each for requests of its own. */
export class Flushes<Request> {
  readonly #waiting = new Set<Flush<Request>>();

  /** Resolves when all of the requests are settled, or at `endAll`. */
  async wait(requests: Iterable<Request>): Promise<void> {
    const left = new Set(requests);
    if (left.size > 0) await new Promise<void>((resolve) => this.#waiting.add({ left, resolve }));
  }

  /** Waits for the parts of a request in its place. */
  replace(request: Request, parts: readonly Request[]): void {
    for (const { left } of this.#waiting) if (left.delete(request)) for (const part of parts) left.add(part);
  }

  settle(request: Request): void {
    for (const flush of this.#waiting) {
      flush.left.delete(request);
      if (flush.left.size === 0) this.#end(flush);
    }
  }

  endAll(): void {
    for (const flush of this.#waiting) this.#end(flush);
  }

  #end(flush: Flush<Request>): void {
    this.#waiting.delete(flush);
    flush.resolve();
  }
}
