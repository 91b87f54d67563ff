import { abortReason, manyListenersController } from '../platform/abort.ts';
import { readProperty } from '../platform/read-property.ts';
import type { Cancellation } from '../telemetry/semconv.ts';

export type { Cancellation };

/**
 * The scope of a signal of ours, because a signal does not tell the outcome of the work that it ends. Not a `WeakMap`: an
 * entry takes longer than a step.
 */
const SCOPE: unique symbol = Symbol('scope');
type OwnSignal = AbortSignal & { [SCOPE]?: CancelScope };

/**
 * Cancellation from the caller down to the innermost wait.
 *
 * A scope does what an `AbortController` does and costs less: it makes an `AbortSignal` only when a user's function asks
 * for one. A scope is cancelled with its parent. `dispose` removes the scope's listeners from its parent, as soon as the
 * scope has no listener left (a stream that is still read has one): a signal that lives as long as the program collects
 * no listeners.
 *
 * A cancellation has two moments. At the first, `onCancel`, work is asked to stop, and our own waits end. At the second,
 * `onGiveUp`, callers stop waiting for the work; `untilCancelled` waits until then. Both are the same moment, unless the
 * cancellation grants a grace: a second scope, whose cancellation is the second moment.
 */
export class CancelScope {
  #cancelled:
    | { readonly reason: unknown; readonly outcome: Cancellation; readonly grace: CancelScope | undefined }
    | undefined;
  #listeners: Set<(reason: unknown) => void> | undefined;
  #giveUpListeners: Set<(reason: unknown) => void> | undefined;
  #controller: AbortController | undefined;
  readonly #unlisten: (() => void)[] = [];
  #disposed = false;

  constructor(...parents: readonly (CancelScope | undefined)[]) {
    for (const parent of parents) {
      if (parent === undefined) continue;
      this.#unlisten.push(parent.onCancel((reason) => this.cancel(reason, parent.outcome, parent.grace)));
    }
  }

  /** A scope that ends with `parent` and with a caller's signal, or as the scope that the signal belongs to. */
  static under(parent: CancelScope | undefined, signal: AbortSignal): CancelScope {
    const own = readProperty(signal, SCOPE);
    if (own instanceof CancelScope) return new CancelScope(parent, own);
    const root = CancelScope.#ofSignal(signal);
    const scope = new CancelScope(parent, root);
    root.dispose();
    return scope;
  }

  /** One scope per signal, shared by all its executions: Node.js warns of a leak at the eleventh listener. */
  static #ofSignal(signal: AbortSignal): CancelScope {
    const shared = signalScopes.get(signal);
    if (shared !== undefined) return shared;
    const scope = new CancelScope();
    if (signal.aborted) {
      scope.cancel(abortReason(signal), 'cancelled');
      return scope;
    }
    const onAbort = () => scope.cancel(abortReason(signal), 'cancelled');
    signal.addEventListener('abort', onAbort, { once: true });
    signalScopes.set(signal, scope);
    scope.#unlisten.push(() => {
      signal.removeEventListener('abort', onAbort);
      signalScopes.delete(signal);
    });
    return scope;
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined;
  }

  /** The grace of the cancellation, if it granted one. */
  get grace(): CancelScope | undefined {
    return this.#cancelled?.grace;
  }

  /** The reason of the cancellation; `undefined` while the scope is not cancelled. */
  get reason(): unknown {
    return this.#cancelled?.reason;
  }

  /** The outcome of the work that the cancellation ends; `undefined` while the scope is not cancelled. */
  get outcome(): Cancellation | undefined {
    return this.#cancelled?.outcome;
  }

  /** The scope as an `AbortSignal`, made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = manyListenersController();
      (this.#controller.signal as OwnSignal)[SCOPE] = this;
      if (this.#cancelled !== undefined) this.#controller.abort(this.#cancelled.reason);
    }
    return this.#controller.signal;
  }

  /**
   * Cancels the scope and all scopes below it; a second call does nothing. Listeners of `onCancel` run within this call,
   * those of `onGiveUp` when `grace` ends, or within this call if there is no grace. The reason alone does not tell the
   * `outcome`: the error of a failed sibling, which is the reason for the others, may be a timeout.
   */
  cancel(reason: unknown, outcome: Cancellation = 'superseded', grace?: CancelScope): void {
    if (this.#cancelled !== undefined) return;
    this.#cancelled = { reason, outcome, grace };
    try {
      callAll(this.#listeners, reason);
    } finally {
      try {
        if (grace === undefined) this.#giveUp(reason);
        else if (this.#giveUpListeners !== undefined) this.#unlisten.push(grace.onGiveUp(() => this.#giveUp(reason)));
      } finally {
        this.#controller?.abort(reason);
        this.dispose();
      }
    }
  }

  #giveUp(reason: unknown): void {
    try {
      callAll(this.#giveUpListeners, reason);
    } finally {
      this.#unlistenIfIdle();
    }
  }

  /** Calls `listener` at the cancellation, now if it has happened. Returns a function that removes the listener. */
  onCancel(listener: (reason: unknown) => void): () => void {
    if (this.#cancelled !== undefined) {
      listener(this.#cancelled.reason);
      return () => {};
    }
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => {
      this.#listeners?.delete(listener);
      this.#unlistenIfIdle();
    };
  }

  /** Calls `listener` at the cancellation, or at the end of its grace. Returns a function that removes the listener. */
  onGiveUp(listener: (reason: unknown) => void): () => void {
    if (this.#cancelled !== undefined) {
      const { reason, grace } = this.#cancelled;
      if (grace !== undefined) return grace.onGiveUp(() => listener(reason));
      listener(reason);
      return () => {};
    }
    this.#giveUpListeners ??= new Set();
    this.#giveUpListeners.add(listener);
    return () => {
      this.#giveUpListeners?.delete(listener);
      this.#unlistenIfIdle();
    };
  }

  /** Throws the reason if the scope is cancelled. */
  throwIfCancelled(): void {
    if (this.#cancelled !== undefined) throw this.#cancelled.reason;
  }

  /** Removes the scope's listeners from parent and signal, as soon as the scope has no listener left. */
  dispose(): void {
    this.#disposed = true;
    this.#unlistenIfIdle();
  }

  #unlistenIfIdle(): void {
    if (!this.#disposed || (this.#listeners?.size ?? 0) > 0 || (this.#giveUpListeners?.size ?? 0) > 0) return;
    for (const unlisten of this.#unlisten.splice(0)) unlisten();
  }
}

/**
 * Removes each listener and calls it, but not one that an earlier listener has removed. An error that a listener throws
 * is thrown when all have been called: an abort that reaches only a part of the work would be worse.
 */
function callAll(listeners: Set<(reason: unknown) => void> | undefined, reason: unknown): void {
  let failure: { readonly error: unknown } | undefined;
  for (const listener of listeners ?? []) {
    listeners?.delete(listener);
    try {
      listener(reason);
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}

const signalScopes = new WeakMap<AbortSignal, CancelScope>();
