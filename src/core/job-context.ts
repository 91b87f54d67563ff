/** The context of work that another process has asked for, by way of a queue. */
import type { ExecutionAttributes } from '../telemetry/record/execution.ts';
import type { CancelScope } from './cancellation.ts';
import { type Carrier, remoteContext } from './carrier.ts';
import { type ExecutionContext, type Job, outside } from './context.ts';
import { withTimeLimit } from './time-left.ts';
import type { ContextOptions } from './workflow-context.ts';

export { type Job, outside };

export interface JobContextOptions {
  readonly job: Job;
  /** What the caller's `inject` wrote. */
  readonly carrier: Carrier;
  readonly options: ContextOptions;
  readonly scope: CancelScope;
  /** The outermost workflow around the caller. */
  readonly workflowName: string | undefined;
  readonly attempt: number | undefined;
  /** For how long somebody waits for the job, in milliseconds; `undefined` for ever. */
  readonly expiresInMs: number | undefined;
  /** What the first span of the job shows beside its ids and tags. */
  readonly shown: ExecutionAttributes;
}

/** Call it outside of all executions: the job is no part of them. */
export function jobContext(given: JobContextOptions): ExecutionContext {
  const { job, carrier, options, scope, workflowName, attempt = 1, expiresInMs, shown } = given;
  const remote = remoteContext([carrier], options, 'queue').fresh();
  remote.describe(shown);
  const inJob = remote.inJob(job).within(scope).atAttempt(attempt);
  const limited = expiresInMs === undefined ? inJob : withTimeLimit(inJob, expiresInMs);
  return workflowName === undefined ? limited : limited.inWorkflow(workflowName);
}
