import { type Account, openAccount, withAccount } from '../core/accounts.ts';
import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { effectsAround } from '../core/effects.ts';
import type { ObservedPrimitive } from '../core/primitive.ts';

const NOTHING = () => {};
/** The promise must be new each time: one for all would keep a reaction of every try. */
const never = () => new Promise<never>(NOTHING);

interface FailedTry {
  /** Which try it was; the first is 1. */
  readonly attempt: number;
  readonly error: unknown;
}

/** Several tries of the same work at once, each of which can be aborted by itself. */
export class Tries<In, Out> {
  readonly #primitive: ObservedPrimitive<In, Out>;
  readonly #input: In;
  readonly #context: ExecutionContext;
  readonly #scopes: CancelScope[] = [];
  readonly #accounts: Account[] = [];
  #running = 0;
  #wake: () => void = NOTHING;
  /** The output of the first try that succeeded. */
  answer: { readonly index: number; readonly output: Out } | undefined;
  firstFailed = false;
  /** The failures that `nextFailure` has not returned yet, the oldest first. */
  readonly #failures: FailedTry[] = [];
  #onAnswer: () => void = NOTHING;
  #show: (never: never) => void = NOTHING;

  constructor(primitive: ObservedPrimitive<In, Out>, input: In, context: ExecutionContext) {
    this.#primitive = primitive;
    this.#input = input;
    this.#context = context;
  }

  /**
   * Settles as `decide` does. V8 sees that the tries lead to this promise: the stack of an error in a try shows who
   * awaits it.
   */
  decidedBy(decide: () => Promise<Out>): Promise<Out> {
    return new Promise((resolve, reject) => {
      this.#show = resolve;
      decide().then(resolve, reject);
    });
  }

  get started(): number {
    return this.#scopes.length;
  }

  get running(): number {
    return this.#running;
  }

  /** Begins one more try. Must be called in the async context of the code that waits for the answer. */
  start(): void {
    const index = this.#scopes.length;
    const scope = new CancelScope(this.#context.scope);
    const account = openAccount(this.#context);
    this.#scopes.push(scope);
    this.#accounts.push(account);
    this.#running += 1;
    this.#primitive
      .invoke(this.#input, withAccount(this.#context.atAttempt(index + 1), account, scope))
      .then(
        (output) => {
          this.#running -= 1;
          if (this.answer === undefined) this.answer = { index, output };
          else effectsAround(this.#context)?.interrupted();
          this.#onAnswer();
          this.#wake();
          return never();
        },
        (error: unknown) => {
          this.#running -= 1;
          this.#failures.push({ attempt: index + 1, error });
          if (index === 0) this.firstFailed = true;
          this.#wake();
          return never();
        },
      )
      .then(this.#show);
  }

  /** How many failures `nextFailure` has not returned yet. */
  get failuresLeft(): number {
    return this.#failures.length;
  }

  nextFailure(): FailedTry | undefined {
    return this.#failures.shift();
  }

  /** Resolves when a try has succeeded, at once if one has. */
  answered(): Promise<void> {
    return new Promise((resolve) => {
      if (this.answer === undefined) this.#onAnswer = resolve;
      else resolve();
    });
  }

  /** Resolves when a try has ended, or after `delayMs` milliseconds if that is given. */
  next(delayMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const disarm = delayMs === undefined ? NOTHING : this.#context.after(delayMs, resolve);
      this.#wake = () => {
        disarm();
        resolve();
      };
    });
  }

  /** Aborts all tries except the one that answered. */
  end(why: string): void {
    const winner = this.answer?.index;
    for (const [index, account] of this.#accounts.entries()) {
      account.close(winner === undefined || index === winner ? 'kept' : 'lost');
    }
    // A loser that has ended may have given a stream, which is still open.
    const losers = this.#running > 0 || this.#scopes.length > 1;
    const reason = losers ? new DOMException(why, 'AbortError') : undefined;
    for (const [index, scope] of this.#scopes.entries()) {
      if (index === winner || reason === undefined) scope.dispose();
      else scope.cancel(reason);
    }
  }
}
