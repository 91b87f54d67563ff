import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import type { PrimitiveTimeoutError } from '../core/errors.ts';

/** A scope that is cancelled when one of its timers fires. With `graceMs`, its work then has that long to settle. */
export class Deadline {
  readonly scope: CancelScope;
  readonly #context: ExecutionContext;
  readonly #graceMs: number | undefined;
  #expired: { readonly error: PrimitiveTimeoutError; readonly at: number } | undefined;
  #endGrace: (() => void) | undefined;

  constructor(context: ExecutionContext, graceMs?: number) {
    this.scope = new CancelScope(context.scope);
    this.#context = context;
    this.#graceMs = graceMs;
  }

  /** The error with which a timer cancelled the scope; `undefined` while no timer has fired. */
  get error(): PrimitiveTimeoutError | undefined {
    return this.#expired?.error;
  }

  /** How long ago a timer cancelled the scope, in milliseconds; 0 while no timer has fired. */
  get overrunMs(): number {
    return this.#expired === undefined ? 0 : this.#context.clock.now() - this.#expired.at;
  }

  /** Sets a timer of `ms` milliseconds. Returns a function that stops it. */
  arm(ms: number, error: () => PrimitiveTimeoutError): () => void {
    return this.#context.after(ms, () => this.#expire(error()));
  }

  /** Releases the parent scope and the grace. Call it when no work runs in the scope any more. */
  dispose(): void {
    this.#endGrace?.();
    this.scope.dispose();
  }

  #expire(error: PrimitiveTimeoutError): void {
    if (this.scope.cancelled) return;
    const context = this.#context;
    this.#expired = { error, at: context.clock.now() };
    if (this.#graceMs === undefined) {
      this.scope.cancel(error, 'timeout');
      return;
    }
    // An abort from outside ends the grace at once.
    const grace = new CancelScope(context.scope);
    const disarm = context.after(this.#graceMs, () => grace.cancel(error, 'timeout'));
    this.#endGrace = () => {
      disarm();
      // Work that was left behind, such as the loser of a race, must not wait for the end of the grace for ever.
      grace.cancel(error, 'timeout');
    };
    this.scope.cancel(error, 'timeout', grace);
  }
}
