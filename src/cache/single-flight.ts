import { leaveToOthers, openAccount, withAccount } from '../core/accounts.ts';
import type { ExecutionContext } from '../core/context.ts';
import { effectsAround } from '../core/effects.ts';
import { CacheCycleError } from '../core/refusals.ts';
import { withSpender } from '../core/spending.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import { readProperty } from '../platform/read-property.ts';
import { type AnyRun, SharedRun } from './shared-run.ts';

const RUN = 'run of a cache';

/** `shared` is the context of the run: one execution alone cannot cancel it. */
type Work<V> = (shared: ExecutionContext) => Promise<V>;

/**
 * One run per key at a time. Executions that ask while it runs share it. Each execution may be aborted by its own
 * context; the run is aborted when all its executions have been aborted.
 */
export class SingleFlight<V> {
  readonly #messageName: string;
  readonly #runs = new Map<string, SharedRun<V>>();

  constructor(messageName: string) {
    this.#messageName = messageName;
  }

  get(key: string): SharedRun<V> | undefined {
    return this.#runs.get(key);
  }

  /** Starts the run for this key and waits for it. */
  start(key: string, context: ExecutionContext, work: Work<V>): PromiseLike<V> {
    const run = this.#add(key, context, work);
    const noLonger = runAround(context)?.waitsFor(run);
    run.begin();
    return this.#result(key, run, context, true, noLonger);
  }

  /** Starts a run that goes on even if no execution waits for it. */
  startInBackground(key: string, context: ExecutionContext, work: Work<V>): void {
    const run = this.#add(key, context, work);
    run.waiting = 1;
    run.begin();
    // Without an execution that waits, a failure must be no unhandled rejection.
    run.result.catch(() => {});
  }

  /** The next execution that asks for the key starts a run of its own. */
  forget(key: string, run: SharedRun<V>): void {
    if (this.#runs.get(key) === run) this.#runs.delete(key);
  }

  /** Waits for a run. Throws at once when that run waits for the run in which this is called. */
  wait(key: string, run: SharedRun<V>, context: ExecutionContext): Promise<V> {
    const asking = runAround(context);
    if (asking !== undefined && run.needs(asking)) throw new CacheCycleError(this.#messageName);
    const result = this.#result(key, run, context, false, asking?.waitsFor(run));
    // The work began in another execution, and its effect is that of this one too.
    return effectsAround(context)?.watch(result, context, true) ?? result;
  }

  #add(key: string, context: ExecutionContext, work: Work<V>): SharedRun<V> {
    const run = new SharedRun<V>(context.clock.now(), openAccount(context), async (run) => {
      try {
        const inRun = withAccount(context, run.account, run.scope).insideOf(RUN, run);
        return await work(withSpender(inRun, run.worth));
      } finally {
        run.account.close('kept');
        this.forget(key, run);
      }
    });
    this.#runs.set(key, run);
    return run;
  }

  async #result(
    key: string,
    run: SharedRun<V>,
    context: ExecutionContext,
    started: boolean,
    noLonger: (() => void) | undefined,
  ): Promise<V> {
    run.waiting += 1;
    try {
      return await untilCancelled(run.result, context.scope);
    } finally {
      noLonger?.();
      run.waiting -= 1;
      if (context.scope?.cancelled === true) {
        const { reason, outcome } = context.scope;
        // The run may hang. If later executions joined it, a busy key would never have an answer again.
        if (started || run.waiting === 0 || isDeadline(reason)) this.forget(key, run);
        if (run.waiting === 0) run.scope.cancel(reason, outcome);
        else if (started) leaveToOthers(run.account);
      }
    }
  }
}

/** The run that work in this context belongs to. */
export function runAround(context: ExecutionContext): AnyRun | undefined {
  return context.innermost(RUN);
}

/** Whether somebody was not willing to wait any longer. */
export function isDeadline(reason: unknown): boolean {
  const name = readProperty(reason, 'name');
  return name === 'PrimitiveTimeoutError' || name === 'TimeoutError';
}
