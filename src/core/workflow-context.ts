/** The context as a user sees it. */
import type { Clock } from '../platform/clock.ts';

/** Tags describe an execution in the author's words. Spans show them, metrics do not. */
export type Tags = Readonly<Record<string, string | number | boolean>>;

/** The context of an execution and of everything that it executes. */
export interface WorkflowContext {
  /** The id of this run of the outermost workflow. @default a random UUID */
  readonly workflowId: string;
  /** The id of the conversation or user session, if the caller gave one. */
  readonly sessionId: string | undefined;
  /** The id that this run shares with work in other systems. @default the workflow id */
  readonly correlationId: string;
  /** For whom the work is done, if the caller said so: whose dollars they are. */
  readonly tenant: string | undefined;
  /** The name of the outermost workflow that is running; `undefined` outside of a workflow. */
  readonly workflowName: string | undefined;
  /** The first 64 are on the first span of the run. */
  readonly tags: Tags;
  /** Aborts when the caller, a timeout or a failed sibling stops this work. Pass it to the functions that you call. */
  readonly signal: AbortSignal;
  /** The clock of this execution. */
  readonly clock: Clock;
  /** The number of this try of the innermost `retry` or `hedge`: 1 for the first, and outside of both. */
  readonly attempt: number;
  /**
   * In a job that a queue has brought, the id of the job: the same each time that it is started. The worker of a job may
   * end at any moment, and another one starts the job again: give this key to what must not happen twice. `undefined`
   * outside of a job.
   */
  readonly idempotencyKey: string | undefined;
}

/** The fields that a caller may set for an execution. A missing field is inherited; tags are merged. */
export interface ContextOptions {
  readonly workflowId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly correlationId?: string | undefined;
  /**
   * For whom the work is done, such as a customer: a label of the dollars that it costs. The first 100 tenants of a process
   * keep their names there, all others are `__other__`.
   */
  readonly tenant?: string | undefined;
  readonly tags?: Tags | undefined;
  readonly clock?: Clock | undefined;
}
