import { messageOf } from '../platform/message-of.ts';
import { redact } from '../platform/redact.ts';
import { type Observation, type SharedStateRecorder, sharedStateRecorder } from '../telemetry/record/shared-state.ts';
import type { ExecutionContext } from './context.ts';
import { PrimitiveTimeoutError } from './errors.ts';
import { afterFailure, beforeAsking, HEALTHY } from './health.ts';

/**
 * A client may keep what it is asked while it is not connected, and send it then. With so many questions that have come to no
 * end, more are asked only once in a while: its memory must not grow for as long as the state is away.
 */
const MANY_UNSETTLED = 100;
const RARELY_MS = 60_000;

interface Asking<T> {
  /** The clock of the execution that asks. Its cancellation does not end the question. */
  readonly context: ExecutionContext;
  /** The span that shows a failure, if the execution has not ended. */
  readonly observation?: Observation | undefined;
  readonly call: () => T | PromiseLike<T>;
  /** Gets an answer for which nothing waits any more. */
  readonly onLate?: (answer: T) => void;
}

/**
 * A state that several processes share, and that may fail: each question has a time limit, no failure reaches the
 * execution, and after three failures in a row it is asked only once a second.
 */
export class SharedState {
  readonly #timeoutMs: number;
  readonly #messageName: string;
  readonly #record: SharedStateRecorder;
  #health = HEALTHY;
  #hasWarned = false;
  /** Questions whose time limit is over, and that have not been settled. */
  #unsettled = 0;
  #lastLate = 0;

  constructor(
    timeoutMs: number | undefined,
    type: string,
    names: { readonly label: string; readonly messageName: string },
  ) {
    this.#timeoutMs = timeoutMs ?? 200;
    this.#messageName = names.messageName;
    this.#record = sharedStateRecorder(type, names.label);
  }

  /** The answer; `undefined` where there is none, and the primitive must go on with the state of its own process. */
  async ask<T>({ context, observation, call, onLate }: Asking<T>): Promise<{ readonly answer: T } | undefined> {
    const now = context.clock.now();
    const isBlocked = this.#unsettled >= MANY_UNSETTLED && now - this.#lastLate < RARELY_MS;
    const next = isBlocked ? undefined : beforeAsking(this.#health, now);
    if (next === undefined) {
      this.#record.failed(observation, undefined);
      return undefined;
    }
    this.#health = next;
    try {
      const answer = await this.#inTime(context, call, onLate);
      this.#health = HEALTHY;
      this.#record.answered();
      return { answer };
    } catch (error) {
      this.#health = afterFailure(this.#health, context.clock.now());
      this.#record.failed(observation, { error });
      this.#warn(error);
      return undefined;
    }
  }

  #inTime<T>(context: ExecutionContext, call: () => T | PromiseLike<T>, onLate?: (answer: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      let isLate = false;
      const disarm = context.after(this.#timeoutMs, () => {
        isLate = true;
        this.#unsettled += 1;
        this.#lastLate = context.clock.now();
        reject(new PrimitiveTimeoutError('the shared state', this.#timeoutMs));
      });
      const settled = () => {
        disarm();
        if (isLate) this.#unsettled -= 1;
      };
      const answered = (answer: T) => {
        settled();
        if (isLate) onLate?.(answer);
        resolve(answer);
      };
      const failed = (error: unknown) => {
        settled();
        reject(error);
      };
      try {
        Promise.resolve(call()).then(answered, failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  #warn(error: unknown): void {
    // One failure alone may be a question that the end of the program has cut off.
    if (this.#hasWarned || this.#health.failures < 2) return;
    this.#hasWarned = true;
    process.emitWarning(
      `${this.#messageName}: the state that it shares with other processes cannot be reached (${redact(messageOf(error))}); it goes on with its own. A metric says how long`,
      'TtaPrimitivesWarning',
    );
  }
}
