/**
 * Our errors. `primitiveName` is the author's name of the primitive, else a text such as `retry around ask`. A user's
 * data is not in the message and not in a field that a log of the error would show: a getter gives it.
 */
import { acrossCopies } from '../platform/process-wide.ts';
import { readProperty } from '../platform/read-property.ts';
import { redact } from '../platform/redact.ts';
import { VERDICT } from '../telemetry/verdict.ts';
import { measure, show } from './show.ts';

/**
 * The work in a `timeout` did not finish in time, or its stream gave no chunk in time. A timer makes it, and
 * the stack of a timer shows no caller: the primitive that rejects gives the error a new stack by `rejectedHere`.
 */
export class PrimitiveTimeoutError extends Error {
  override readonly name = 'PrimitiveTimeoutError';
  readonly [VERDICT] = 'timeout';
  readonly primitiveName: string;
  readonly timeoutMs: number;

  constructor(
    primitiveName: string,
    timeoutMs: number,
    did: 'did not finish within' | 'gave nothing for' = 'did not finish within',
  ) {
    super(`${primitiveName} ${did} ${timeoutMs} ms`);
    this.primitiveName = primitiveName;
    this.timeoutMs = timeoutMs;
  }
}

/** Gives an error the stack of the code that calls this, which shows who waits for it. */
export function rejectedHere<E extends Error>(error: E): E {
  if (Object.isExtensible(error)) Error.captureStackTrace(error, rejectedHere);
  return error;
}

/** `loop` ran its primitive `maxIterations` times, and `until` was false for every output. */
export class LoopLimitError extends Error {
  override readonly name = 'LoopLimitError';
  readonly primitiveName: string;
  readonly maxIterations: number;
  readonly #lastOutput: unknown;

  constructor(primitiveName: string, maxIterations: number, lastOutput: unknown) {
    const times = maxIterations === 1 ? '1 iteration' : `${maxIterations} iterations`;
    super(`${primitiveName}: until did not hold within ${times}; the last output was ${measure(lastOutput)}`);
    this.primitiveName = primitiveName;
    this.maxIterations = maxIterations;
    this.#lastOutput = lastOutput;
  }

  /** What the last iteration gave; `undefined` of an error from another process. */
  get lastOutput(): unknown {
    return #lastOutput in this ? this.#lastOutput : undefined;
  }
}

/** Every branch of a `race` failed; `errors` has the errors in the order of the branches. */
export class RaceError extends AggregateError {
  override readonly name = 'RaceError';
  readonly primitiveName: string;

  constructor(primitiveName: string, branches: readonly string[], errors: readonly unknown[]) {
    const each = errors.slice(0, 5).map((error, i) => `${branches[i]}: ${messageOf(error)}`);
    const rest = errors.length > each.length ? `; and ${errors.length - each.length} more` : '';
    super(errors, `${primitiveName}: all ${errors.length} branches failed: ${each.join('; ')}${rest}`);
    this.primitiveName = primitiveName;
  }
}

function messageOf(error: unknown): string {
  const message = readProperty(error, 'message');
  const text = typeof message === 'string' ? redact(`${readProperty(error, 'name')}: ${message}`) : show(error);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** A compensation that failed. */
export interface CompensationFailure {
  /** The step that was to be undone. */
  readonly step: string;
  readonly error: unknown;
}

/**
 * A `saga` failed, and some of its compensations failed too. `cause` is the error of the saga. It is a failure also where
 * the cause is a cancellation.
 */
export class CompensationError extends Error {
  override readonly name = 'CompensationError';
  readonly [VERDICT] = 'failure';
  readonly primitiveName: string;
  /** How many compensations ran. */
  readonly compensations: number;
  readonly failures: readonly CompensationFailure[];

  constructor(primitiveName: string, compensations: number, failures: readonly CompensationFailure[], cause: unknown) {
    const steps = failures.map(({ step }) => step).join(', ');
    super(
      `${primitiveName} failed, and so did ${failures.length} of its ${compensations} compensations: what ${steps} did is not undone; see failures and cause`,
      { cause },
    );
    this.primitiveName = primitiveName;
    this.compensations = compensations;
    this.failures = failures;
  }
}

acrossCopies({ PrimitiveTimeoutError, LoopLimitError, RaceError, CompensationError });
