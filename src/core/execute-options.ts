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

/** How a caller may steer one execution. */
export interface ExecuteOptions {
  /** Aborting it rejects the execution with `signal.reason` and reaches the innermost wait. */
  readonly signal?: AbortSignal | undefined;
  /** Ids, tags and clock of this run, or the context that a task was handed. Inherited when left out. */
  readonly context?: WorkflowContext | ContextOptions | undefined;
}

/** The context that the options ask for: the one given, else the ambient one, under the signal given. */
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
