import { setMaxListeners } from 'node:events';

/**
 * Cancellation from the caller down to the innermost wait.
 *
 * A scope is what an `AbortController` is, for a fraction of its price: the platform's signal is made only when a
 * user's function asks for it. A scope ends with its parent; `dispose` cuts that tie once the work is done and nothing
 * below it, such as a stream that is still being read, listens any more: a signal that lives as long as the program
 * gathers no listeners.
 *
 * Being asked to stop and being given up on are the same moment, unless whoever cancels grants a grace: a second scope,
 * at whose end nobody waits any more. Waits of our own end when they are asked; `untilCancelled` stays with a user's
 * work until it is given up on.
 */
export class CancelScope {
  #cancelled: { readonly reason: unknown; readonly grace: CancelScope | undefined } | undefined;
  #listeners: Set<(reason: unknown) => void> | undefined;
  #waiting: Set<(reason: unknown) => void> | undefined;
  #controller: AbortController | undefined;
  readonly #untie: (() => void)[] = [];
  #disposed = false;

  constructor(...parents: readonly (CancelScope | undefined)[]) {
    for (const parent of parents) {
      if (parent === undefined) continue;
      this.#untie.push(parent.onCancel((reason) => this.cancel(reason, parent.#cancelled?.grace)));
    }
  }

  /** A scope that ends with `parent` and with a caller's signal. */
  static under(parent: CancelScope | undefined, signal: AbortSignal): CancelScope {
    const root = CancelScope.#ofSignal(signal);
    const scope = new CancelScope(parent, root);
    root.dispose();
    return scope;
  }

  /** One for all who run under the signal at a time: Node warns of a leak at the eleventh listener. */
  static #ofSignal(signal: AbortSignal): CancelScope {
    const shared = signalScopes.get(signal);
    if (shared !== undefined) return shared;
    const scope = new CancelScope();
    if (signal.aborted) {
      scope.cancel(signal.reason);
      return scope;
    }
    const onAbort = () => scope.cancel(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    signalScopes.set(signal, scope);
    scope.#untie.push(() => {
      signal.removeEventListener('abort', onAbort);
      signalScopes.delete(signal);
    });
    return scope;
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  /** What the work was cancelled with; `undefined` also while it was not. */
  get reason(): unknown {
    return this.#cancelled?.reason;
  }

  /** The platform's view of this scope, made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      // As many calls may listen to it as there are branches: that is no leak.
      setMaxListeners(0, this.#controller.signal);
      if (this.#cancelled !== undefined) this.#controller.abort(this.#cancelled.reason);
    }
    return this.#controller.signal;
  }

  /** Ends the scope and all below it, once; listeners run within this call. Work is given up on when `grace` ends. */
  cancel(reason: unknown, grace?: CancelScope): void {
    if (this.#cancelled !== undefined) return;
    this.#cancelled = { reason, grace };
    const listeners = this.#listeners;
    const waiting = this.#waiting;
    this.#listeners = undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(reason);
    if (waiting !== undefined) {
      const giveUp = () => {
        for (const listener of waiting) listener(reason);
      };
      if (grace === undefined) giveUp();
      else grace.onGiveUp(giveUp);
    }
    this.#controller?.abort(reason);
    this.dispose();
  }

  /** Calls `listener` when the scope ends, at once if it has. Returns how to stop listening. */
  onCancel(listener: (reason: unknown) => void): () => void {
    if (this.#cancelled !== undefined) {
      listener(this.#cancelled.reason);
      return () => {};
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => {
      this.#listeners?.delete(listener);
      this.#cutIfIdle();
    };
  }

  /** Calls `listener` when nobody waits for the work in this scope any more. Returns how to stop listening. */
  onGiveUp(listener: (reason: unknown) => void): () => void {
    if (this.#cancelled !== undefined) {
      const { reason, grace } = this.#cancelled;
      if (grace !== undefined) return grace.onGiveUp(() => listener(reason));
      listener(reason);
      return () => {};
    }
    this.#waiting ??= new Set();
    this.#waiting.add(listener);
    return () => {
      this.#waiting?.delete(listener);
      this.#cutIfIdle();
    };
  }

  /** Throws the reason if the scope has ended. */
  throwIfCancelled(): void {
    if (this.#cancelled !== undefined) throw this.#cancelled.reason;
  }

  /** Cuts the ties to parent and signal as soon as nobody listens. */
  dispose(): void {
    this.#disposed = true;
    this.#cutIfIdle();
  }

  #cutIfIdle(): void {
    if (!this.#disposed || (this.#listeners?.size ?? 0) > 0 || (this.#waiting?.size ?? 0) > 0) return;
    for (const untie of this.#untie.splice(0)) untie();
  }
}

const signalScopes = new WeakMap<AbortSignal, CancelScope>();

/**
 * Settles as `work` does, or rejects with the scope's reason in the tick in which the scope ends, or its grace where it
 * was granted one: a function that ignores its signal cannot hold back those who wait for it.
 */
export function untilCancelled<T>(work: PromiseLike<T>, scope: CancelScope | undefined): PromiseLike<T> {
  if (scope === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const ignore = scope.onGiveUp(reject);
    work.then(
      (value) => {
        ignore();
        resolve(value);
      },
      (error: unknown) => {
        ignore();
        reject(error);
      },
    );
  });
}
