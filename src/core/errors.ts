/**
 * Our errors. `primitiveName` is the author's name of the primitive; without one it is as in `retry around ask`. What may
 * be a user's data is not in the message and not in a field that a log of the error would show: a getter gives it.
 */
import { readProperty } from '../platform/read-property.ts';
import { ownVerdict, VERDICT } from '../telemetry/verdict.ts';
import { measure, show } from './show.ts';

/** `timeout` gave up on the work it wraps. */
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

/** The selector of a `router` named none of its routes, and there is no default. */
export class NoRouteError extends Error {
  override readonly name = 'NoRouteError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  readonly routes: readonly string[];
  readonly #route: unknown;

  constructor(primitiveName: string, route: unknown, routes: readonly string[]) {
    super(
      `${primitiveName} has no route for what its selector gave, ${measure(route)}; its routes are ${routes.join(', ')}; name one as default to catch the rest`,
    );
    this.primitiveName = primitiveName;
    this.routes = routes;
    this.#route = route;
  }

  /** What the selector gave. */
  get route(): unknown {
    return this.#route;
  }
}

/** `circuitBreaker` refuses an execution because its circuit is open, or half-open while all its probes run. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  /** When the next probe is admitted, in milliseconds since the Unix epoch; `undefined` where only a reset ends it. */
  readonly until: number | undefined;
  /** How long that is from now, in milliseconds. `retry` waits for it. */
  readonly retryAfterMs: number | undefined;

  constructor(primitiveName: string, state: 'open' | 'half_open' | 'isolated', until: number | undefined, now: number) {
    const retryAfterMs = until === undefined ? undefined : Math.max(0, until - now);
    super(`${primitiveName} ${whyRefused(state, until, retryAfterMs)}`);
    this.primitiveName = primitiveName;
    this.until = until;
    this.retryAfterMs = retryAfterMs;
  }
}

function whyRefused(state: string, until: number | undefined, leftMs: number | undefined): string {
  if (until === undefined || leftMs === undefined) return 'is isolated; it lets work through again after a reset';
  const time = Number.isFinite(new Date(until).getTime()) ? ` (${new Date(until).toISOString()})` : '';
  const next = `for another ${Math.ceil(leftMs)} ms${time}`;
  return state === 'open'
    ? `is open because too much of its work failed; it refuses more ${next}`
    : `is half-open while all its probes run; it refuses more until one succeeds, or ${next}`;
}

/** `bulkhead` refuses an execution: `concurrency` executions run already, and `maxQueue` wait. */
export class BulkheadFullError extends Error {
  override readonly name = 'BulkheadFullError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  readonly concurrency: number;
  readonly maxQueue: number;

  constructor(primitiveName: string, concurrency: number, maxQueue: number) {
    super(`${primitiveName} is full: ${concurrency} running and ${maxQueue} waiting, which is all it may hold`);
    this.primitiveName = primitiveName;
    this.concurrency = concurrency;
    this.maxQueue = maxQueue;
  }
}

/** `rateLimit` refuses an execution: there are too few permits for it, or it would have to wait for too long. */
export class RateLimitError extends Error {
  override readonly name = 'RateLimitError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  /** How many permits the work asked for. */
  readonly weight: number;
  /** When there will be enough, in milliseconds from now; `undefined` where never. `retry` waits for it. */
  readonly retryAfterMs: number | undefined;

  constructor(primitiveName: string, weight: number, why: string, retryAfterMs?: number) {
    const later = retryAfterMs === undefined ? '' : `; they are free in ${Math.ceil(retryAfterMs)} ms`;
    super(`${primitiveName} refused work of ${weight} ${weight === 1 ? 'permit' : 'permits'}: ${why}${later}`);
    this.primitiveName = primitiveName;
    this.weight = weight;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Whether an error says nothing about the work: a policy refused to run it, or it was cancelled. */
export function isInconclusive(error: unknown): boolean {
  const verdict = ownVerdict(error);
  return verdict === 'rejected' || verdict === 'cancelled';
}

/** The selector of a `switchOn` gave a value that has no case, and there is no `otherwise`. */
export class NoCaseError extends Error {
  override readonly name = 'NoCaseError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  readonly cases: readonly string[];
  readonly #value: unknown;

  constructor(primitiveName: string, value: unknown, cases: readonly string[]) {
    super(
      `${primitiveName} has no case for what its selector gave, ${measure(value)}; its cases are ${cases.join(', ')}; give an otherwise to catch the rest`,
    );
    this.primitiveName = primitiveName;
    this.cases = cases;
    this.#value = value;
  }

  /** What the selector gave. */
  get value(): unknown {
    return this.#value;
  }
}

/** `loop` ran its primitive `maxIterations` times, and `until` held for no output. */
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

  /** What the last iteration gave. */
  get lastOutput(): unknown {
    return this.#lastOutput;
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
  const text = typeof message === 'string' ? `${readProperty(error, 'name')}: ${message}` : show(error);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

/** A compensation that failed. */
export interface CompensationFailure {
  /** The step that was to be undone. */
  readonly step: string;
  readonly error: unknown;
}

/** `saga` failed, and so did some of its compensations. Its `cause` is the error that it failed with. */
export class CompensationError extends Error {
  override readonly name = 'CompensationError';
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
