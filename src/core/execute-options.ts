import type { Clock } from '../platform/clock.ts';
import { CancelScope } from './cancellation.ts';
import { fail, knownOptions, requireFunction, requireSignal } from './check.ts';
import {
  ambientContext,
  type ContextOptions,
  contextAround,
  ExecutionContext,
  type WorkflowContext,
} from './context.ts';
import { otherCopy } from './copies.ts';

/** The options of one execution. */
export interface ExecuteOptions {
  /** When it aborts, the execution rejects with `signal.reason`, and the innermost wait ends. */
  readonly signal?: AbortSignal | undefined;
  /** Ids, tags and clock of this run, or the context of a task. @default inherited from the execution around the call */
  readonly context?: WorkflowContext | ContextOptions | undefined;
}

/** The context that the options describe: the given one, else the one around the caller; under the given signal. */
export function contextFor(options: ExecuteOptions): ExecutionContext {
  knownOptions('ExecuteOptions', options, ['signal', 'context']);
  const { context, signal } = options;
  const base = contextFrom(context);
  if (signal === undefined) return base;
  requireSignal('ExecuteOptions', 'signal', signal);
  return base.within(CancelScope.under(base.scope, signal));
}

function contextFrom(given: ExecuteOptions['context']): ExecutionContext {
  if (given instanceof ExecutionContext) return given.fresh();
  if (given === undefined) return ambientContext();
  const elsewhere = otherCopy(given, 'inWorkflow');
  if (elsewhere !== '') throw new TypeError(`ExecuteOptions: context is a WorkflowContext${elsewhere}`);
  knownOptions('ExecuteOptions: context', given, ['workflowId', 'sessionId', 'correlationId', 'tags', 'clock']);
  const options = given as ContextOptions;
  for (const id of ['workflowId', 'sessionId', 'correlationId'] as const) {
    if (options[id] !== undefined && typeof options[id] !== 'string')
      fail('ExecuteOptions: context', id, 'must be a string', options[id]);
  }
  if (options.clock !== undefined) requireClock(options.clock);
  return contextAround()?.with(options) ?? ExecutionContext.create(options);
}

function requireClock(clock: Clock): void {
  for (const method of ['now', 'sleep', 'after'] as const) {
    requireFunction('ExecuteOptions: context', `clock.${method}`, (clock as Partial<Clock> | null)?.[method]);
  }
}
