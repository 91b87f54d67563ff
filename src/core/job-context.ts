/** The context of work that another process has asked for, by way of a queue. */

import type { CancelScope } from './cancellation.ts';
import { type Carrier, remoteContext } from './carrier.ts';
import type { ExecutionContext } from './context.ts';
import type { ContextOptions } from './workflow-context.ts';

export interface JobContextOptions {
  /** What the caller's `inject` wrote. */
  readonly carrier: Carrier;
  readonly options: ContextOptions;
  readonly scope: CancelScope;
  /** The outermost workflow around the caller. */
  readonly workflowName: string | undefined;
  readonly attempt: number | undefined;
  readonly idempotencyKey: string;
}

export function jobContext(job: JobContextOptions): ExecutionContext {
  const { carrier, options, scope, workflowName, attempt = 1, idempotencyKey } = job;
  const remote = remoteContext([carrier], options).fresh();
  const inJob = remote.inJob(idempotencyKey).within(scope).atAttempt(attempt);
  return workflowName === undefined ? inJob : inJob.inWorkflow(workflowName);
}
