/**
 * The errors of primitives that refuse an execution without running it. Their facts and messages follow the rules of
 * `errors.ts`.
 */
import { acrossCopies } from '../platform/process-wide.ts';
import { ownVerdict, VERDICT } from '../telemetry/verdict.ts';
import { measure } from './show.ts';

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

  /** What the selector gave; `undefined` of an error from another process. */
  get route(): unknown {
    return #route in this ? this.#route : undefined;
  }
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

  /** What the selector gave; `undefined` of an error from another process. */
  get value(): unknown {
    return #value in this ? this.#value : undefined;
  }
}

/** `circuitBreaker` refuses an execution because its circuit is open, or half-open while all its probes run. */
export class CircuitOpenError extends Error {
  override readonly name = 'CircuitOpenError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  /** When the next probe is admitted, in milliseconds since the Unix epoch; `undefined` if the circuit is isolated. */
  readonly until: number | undefined;
  /** In how many milliseconds the next probe is admitted. `retry` waits that long. */
  readonly retryAfterMs: number | undefined;

  /** @param date what time it is, in milliseconds since the Unix epoch */
  constructor(
    primitiveName: string,
    state: 'open' | 'half_open' | 'isolated',
    retryAfterMs: number | undefined,
    date: number,
  ) {
    const until = retryAfterMs === undefined ? undefined : date + retryAfterMs;
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

/** `bulkhead` refuses an execution: `concurrency` executions run, and `maxQueue` wait. */
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
  /** In how many milliseconds there are enough permits; `undefined` for never. `retry` waits that long. */
  readonly retryAfterMs: number | undefined;

  constructor(primitiveName: string, weight: number, why: string, retryAfterMs?: number) {
    const later = retryAfterMs === undefined ? '' : `; they are free in ${Math.ceil(retryAfterMs)} ms`;
    super(`${primitiveName} refused work of ${weight} ${weight === 1 ? 'permit' : 'permits'}: ${why}${later}`);
    this.primitiveName = primitiveName;
    this.weight = weight;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The work in a `cache` asked for the value that it computes, itself or by way of other caches: it would wait for itself
 * for ever.
 */
export class CacheCycleError extends Error {
  override readonly name = 'CacheCycleError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;

  constructor(primitiveName: string) {
    super(`${primitiveName}: the work for this key asks for the same key, and would wait for itself`);
    this.primitiveName = primitiveName;
  }
}

/** What a budget knows when it refuses a call, in US dollars. */
export interface BudgetFacts {
  readonly limitUsd: number;
  readonly spentUsd: number;
  /** What is held for calls that have not ended. */
  readonly heldUsd: number;
  /** What the call might have cost; `undefined` where its price is unknown. */
  readonly neededUsd: number | undefined;
  /** When the window of the budget ends, in milliseconds since the Unix epoch; `undefined` where it has none. */
  readonly until: number | undefined;
}

/** `budget` refuses a call to a model, and stops the execution that made it. */
export class BudgetExceededError extends Error implements BudgetFacts {
  override readonly name = 'BudgetExceededError';
  readonly [VERDICT] = 'rejected';
  readonly primitiveName: string;
  readonly limitUsd: number;
  readonly spentUsd: number;
  readonly heldUsd: number;
  readonly neededUsd: number | undefined;
  readonly until: number | undefined;

  /** @param why in place of the sums, where they are not the reason */
  constructor(primitiveName: string, facts: BudgetFacts, why = sumsOf(facts), cause?: { readonly cause: unknown }) {
    super(`${primitiveName} refused a call to a model: ${why}`, cause);
    this.primitiveName = primitiveName;
    this.limitUsd = facts.limitUsd;
    this.spentUsd = facts.spentUsd;
    this.heldUsd = facts.heldUsd;
    this.neededUsd = facts.neededUsd;
    this.until = facts.until;
  }
}

function sumsOf({ limitUsd, spentUsd, heldUsd, neededUsd }: BudgetFacts): string {
  const held = heldUsd > 0 ? ` and ${usd(heldUsd)} held for calls that run` : '';
  const needed = neededUsd === undefined ? '' : `, and the call may cost ${usd(neededUsd)}`;
  return `${usd(spentUsd)} of ${usd(limitUsd)} is spent${held}${needed}`;
}

function usd(dollars: number): string {
  return `$${Number(dollars.toPrecision(6))}`;
}

/** Whether an error says nothing about the work: a policy refused to run the work, or the work was cancelled. */
export function isInconclusive(error: unknown): boolean {
  const verdict = ownVerdict(error);
  return verdict === 'rejected' || verdict === 'cancelled';
}

acrossCopies({
  NoRouteError,
  NoCaseError,
  CircuitOpenError,
  BulkheadFullError,
  RateLimitError,
  CacheCycleError,
  BudgetExceededError,
});
