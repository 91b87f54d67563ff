import { AsyncLocalStorage } from 'node:async_hooks';
import type { Payee } from '../ledger/account.ts';
import { manyListenersController } from '../platform/abort.ts';
import { type Clock, dateOf, systemClock } from '../platform/clock.ts';
import { acrossCopies, processWide } from '../platform/process-wide.ts';
import { readProperty } from '../platform/read-property.ts';
import { guarded } from '../telemetry/guard.ts';
import type { WorkflowSink } from '../telemetry/observation.ts';
import { type Origin, withoutSpan } from '../telemetry/propagate.ts';
import type { ExecutionAttributes } from '../telemetry/record/execution.ts';
import type { Cancellation } from '../telemetry/semconv.ts';
import { ownVerdict } from '../telemetry/verdict.ts';
import { isAbort } from './abort-error.ts';
import type { Member } from './baggage.ts';
import type { CancelScope } from './cancellation.ts';
import { NO_OPTIONS, Run } from './run.ts';
import { untilCancelled } from './until-cancelled.ts';
import type { ContextOptions, Tags, WorkflowContext } from './workflow-context.ts';

const NOOP = () => {};
/** So many causes of an error are read at most: they may go in a circle. */
const MAX_CAUSES = 8;

/** What an execution is inside of: a slot of a bulkhead, a run of a cache and so on, the innermost first. */
interface Inside {
  /** Whose it is, such as the bulkhead's; a text where copies of this package share it. */
  readonly owner: unknown;
  readonly what: unknown;
  readonly around: Inside | undefined;
}

const ATTEMPT = 'attempt';
const JOB = 'job';

/** A job that a queue has brought. */
export interface Job {
  readonly idempotencyKey: string;
  /** Takes the workflows that end in the job; `undefined` once the job has ended. */
  readonly workflowSink: WorkflowSink | undefined;
}

export class ExecutionContext implements WorkflowContext {
  readonly clock: Clock;
  /** `undefined` where nothing can cancel the work. */
  readonly scope: CancelScope | undefined;
  readonly workflowName: string | undefined;
  readonly #run: Run;
  readonly #inside: Inside | undefined;
  #signal: AbortSignal | undefined;

  constructor(
    run: Run,
    clock: Clock,
    scope: CancelScope | undefined,
    workflowName: string | undefined,
    inside?: Inside | undefined,
  ) {
    this.#run = run;
    this.#inside = inside;
    this.clock = clock;
    this.scope = scope;
    this.workflowName = workflowName;
  }

  static create(options: ContextOptions): ExecutionContext {
    return new ExecutionContext(new Run(options), options.clock ?? systemClock, undefined, undefined);
  }

  /** A context with which each execution is a run, such as one from another process. */
  static remote(options: ContextOptions, origin?: Origin, baggage?: readonly Member[]): ExecutionContext {
    const run = new Run(options, baggage, origin, undefined, true);
    return new ExecutionContext(run, options.clock ?? systemClock, undefined, undefined);
  }

  /**
   * For a template: a new run with the same ids, under the clock and the cancellation of the execution around the call. Any
   * other context is returned as it is.
   */
  fresh(): ExecutionContext {
    if (!this.#run.isTemplate) return this;
    const around = contextAround();
    if (around !== undefined && around !== this) return around.continueAs(this.#run);
    return new ExecutionContext(this.#run.next(undefined), this.clock, undefined, undefined, this.#inside);
  }

  /** The next run of a template, in the place of this one. The template may be another copy's, which cannot read this run. */
  continueAs(template: Run): ExecutionContext {
    return new ExecutionContext(template.next(this.#run), this.clock, this.scope, this.workflowName, this.#inside);
  }

  /** The baggage of others that `inject` passes on. */
  get baggage(): readonly Member[] {
    return this.#run.baggage;
  }

  get workflowId(): string {
    return this.#run.workflowId;
  }

  get sessionId(): string | undefined {
    return this.#run.options.sessionId;
  }

  get correlationId(): string {
    return this.#run.correlationId;
  }

  get tenant(): string | undefined {
    return this.#run.options.tenant;
  }

  get tags(): Tags {
    return this.#run.tags;
  }

  get signal(): AbortSignal {
    this.#signal ??= this.scope?.signal ?? manyListenersController().signal;
    return this.#signal;
  }

  /** The same run under another scope. */
  within(scope: CancelScope): ExecutionContext {
    return new ExecutionContext(this.#run, this.clock, scope, this.workflowName, this.#inside);
  }

  /** The same run, inside the workflow `name` unless it is already inside another. */
  inWorkflow(name: string): ExecutionContext {
    if (this.workflowName !== undefined) return this;
    return new ExecutionContext(this.#run, this.clock, this.scope, name, this.#inside);
  }

  /** The same run, inside of something that belongs to `owner`, under another scope if that is given. */
  insideOf(owner: unknown, what: unknown, scope = this.scope): ExecutionContext {
    const inside = { owner, what, around: this.#inside };
    return new ExecutionContext(this.#run, this.clock, scope, this.workflowName, inside);
  }

  get attempt(): number {
    return this.innermost<number>(ATTEMPT) ?? 1;
  }

  /** The same run, inside of this try of a primitive that tries several times. */
  atAttempt(number: number): ExecutionContext {
    return this.attempt === number ? this : this.insideOf(ATTEMPT, number);
  }

  get idempotencyKey(): string | undefined {
    return this.innermost<Job>(JOB)?.idempotencyKey;
  }

  get workflowSink(): WorkflowSink | undefined {
    return this.innermost<Job>(JOB)?.workflowSink;
  }

  /** The same run, inside of a job that a queue has brought. */
  inJob(job: Job): ExecutionContext {
    return this.insideOf(JOB, job);
  }

  /** Adds to what the first span of the run shows. */
  describe(attributes: ExecutionAttributes): void {
    this.#run.describe(attributes);
  }

  /** The innermost of what this is inside of that belongs to `owner`, and that `is` accepts. */
  innermost<T>(owner: unknown, is?: (what: T) => boolean): T | undefined {
    for (let inside = this.#inside; inside !== undefined; inside = inside.around) {
      if (inside.owner === owner && (is === undefined || is(inside.what as T))) return inside.what as T;
    }
    return undefined;
  }

  /** All of what this is inside of that belongs to `owner`, the innermost first. */
  all<T>(owner: unknown): readonly T[] {
    const found: T[] = [];
    for (let inside = this.#inside; inside !== undefined; inside = inside.around) {
      if (inside.owner === owner) found.push(inside.what as T);
    }
    return found;
  }

  /** A new run that inherits what `options` leave out. `isTemplate`: each execution with it is a run. */
  with(options: ContextOptions, isTemplate = false): ExecutionContext {
    const { options: inherited } = this.#run;
    // Without an id of its own, each run of a template has another.
    const workflowId = this.#run.isTemplate ? inherited.workflowId : this.workflowId;
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    const tags = { ...inherited.tags, ...options.tags };
    const merged: ContextOptions = { ...inherited, workflowId, ...given, tags };
    return new ExecutionContext(
      new Run(merged, this.baggage, undefined, this.#run, isTemplate),
      options.clock ?? this.clock,
      this.scope,
      this.workflowName,
      this.#inside,
    );
  }

  /** What time it is, in milliseconds since the Unix epoch. */
  date(): number {
    return dateOf(this.clock);
  }

  /**
   * Calls `callback` after `ms` milliseconds of this context's clock. Returns a function that cancels it, and that never
   * throws: a clock is foreign code, and what ends after the cancel must end.
   */
  after(ms: number, callback: () => void): () => void {
    const cancel = this.clock.after(ms, callback);
    return this.clock === systemClock ? cancel : () => guarded('a clock fails to cancel a timer', cancel);
  }

  /** Resolves after `ms` milliseconds of this context's clock; a cancellation ends the wait at once. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let unlisten = () => {};
      const cancel = this.after(ms, () => {
        unlisten();
        resolve();
      });
      unlisten =
        this.scope?.onCancel((reason) => {
          cancel();
          reject(reason);
        }) ?? unlisten;
    });
  }

  get cancelled(): boolean {
    return this.scope?.cancelled === true;
  }

  throwIfCancelled(): void {
    this.scope?.throwIfCancelled();
  }

  untilGivenUp<T>(work: PromiseLike<T>): PromiseLike<T> {
    return untilCancelled(work, this.scope);
  }

  onCancel(listener: (reason: unknown) => void): () => void {
    return this.scope?.onCancel(listener) ?? NOOP;
  }

  onGiveUp(listener: (reason: unknown) => void): () => void {
    return this.scope?.onGiveUp(listener) ?? NOOP;
  }

  /** Whether an execution of this run has not ended yet. */
  get isInExecution(): boolean {
    return this.#run.isOpen;
  }

  /** Takes the dollars that are spent in no try of a policy. */
  get payee(): Payee {
    return this.#run.payee;
  }

  beginExecution(): boolean {
    return this.#run.begin();
  }

  endExecution(cancelled: boolean): void {
    this.#run.end(cancelled ? 'aborted' : 'kept');
  }

  enter<Out>(work: () => Out): Out {
    return enter(this, work);
  }

  /** What a cancellation makes of this work; `undefined` if it is not cancelled. */
  get cancellation(): Cancellation | undefined {
    return this.scope?.outcome;
  }

  consumeOrigin(): Origin | undefined {
    return this.#run.consumeOrigin();
  }

  cancelledAs(error: unknown): Cancellation | undefined {
    const { scope } = this;
    if (scope === undefined || !scope.cancelled) return undefined;
    // Work may wrap the error of its end. What has a verdict of its own says another thing than its cause.
    for (let each = error, depth = 0; depth < MAX_CAUSES; depth += 1) {
      if (each === scope.reason || isAbort(each)) return scope.outcome;
      const cause = readProperty(each, 'cause');
      if (cause === undefined || ownVerdict(each) !== undefined) break;
      each = cause;
    }
    return undefined;
  }

  consumeAttributes(): ExecutionAttributes | undefined {
    return this.#run.consumeAttributes(this.workflowName !== undefined);
  }

  isFirstToRecord(error: unknown): boolean {
    return this.#run.isFirstToRecord(error);
  }
}

acrossCopies({ ExecutionContext });

const storage = processWide('context', () => new AsyncLocalStorage<ExecutionContext | undefined>());

/** Calls `work` with `context` as the context of nested executions. */
export function enter<Args extends unknown[], Out>(
  context: ExecutionContext,
  work: (...args: Args) => Out,
  ...args: Args
): Out {
  return storage.getStore() === context ? work(...args) : storage.run(context, work, ...args);
}

/** Calls `work` outside of all executions and of all spans. */
export function outside<Out>(work: () => Out): Out {
  // `exit` would switch the storage off and on again, and with the last one all hooks of promises.
  return storage.run(undefined, withoutSpan, work);
}

/** The context of the execution or the `withContext` in which this is called, `undefined` outside of both. */
export function contextAround(): ExecutionContext | undefined {
  return storage.getStore();
}

/** The context for an execution that begins here: that of the execution around it, else a new one. */
export function ambientContext(): ExecutionContext {
  return storage.getStore()?.fresh() ?? ExecutionContext.create(NO_OPTIONS);
}
