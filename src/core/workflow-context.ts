/** The context as a user sees it. */
import type { Clock } from '../platform/clock.ts';

/** Tags describe an execution in the author's words. Spans show them, metrics do not. */
export type Tags = Readonly<Record<string, string | number | boolean>>;

/** The context of an execution and of everything that it executes. */
export interface WorkflowContext {
  /** The id of this run of the outermost workflow. @default a random UUID */
  readonly workflowId: string;
  /** The conversation or user session, where the author gave one. */
  readonly sessionId: string | undefined;
  /** The id that this run shares with work in other systems. @default the workflow id */
  readonly correlationId: string;
  /** The name of the outermost workflow that is running; `undefined` outside of any. */
  readonly workflowName: string | undefined;
  readonly tags: Tags;
  /** Aborts when the caller, a timeout or a failed sibling gives up on this work. Pass it on to what you call. */
  readonly signal: AbortSignal;
  /** The clock of this execution. */
  readonly clock: Clock;
}

/** What a caller may set for an execution. What is left out is inherited; tags are merged. */
export interface ContextOptions {
  readonly workflowId?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly tags?: Tags | undefined;
  readonly clock?: Clock | undefined;
}
