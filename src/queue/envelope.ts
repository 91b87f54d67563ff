/**
 * What crosses the queue, as bytes: one line of JSON, the head, and then the input or the output as its codec wrote it.
 * Nothing of it is trusted: what cannot be read is refused, with a reason.
 */
import type { Tags } from '../core/workflow-context.ts';

/** The version of the envelope. A worker takes this one and older ones, and leaves newer ones to newer workers. */
export const VERSION = 1;

/** The head of a job. */
export interface JobHead {
  readonly v: number;
  /** The name of the primitive: that of its export in the worker's module. */
  readonly name: string;
  readonly codec: string;
  /** Headers of the trace, and the ids of the run in its baggage: as `inject` writes them. */
  readonly carrier: Readonly<Record<string, string>>;
  readonly tenant?: string | undefined;
  readonly tags?: Tags | undefined;
  /** The name of the outermost workflow around the call. */
  readonly workflow?: string | undefined;
  /** The number of the try of the innermost retry around the call. */
  readonly attempt?: number | undefined;
  /** Whether each model call must be asked for: a budget is around the call. */
  readonly asks?: boolean | undefined;
}

/** What a worker sends. */
export type ReplyHead = { readonly v: number /** Names the start that it is of. */; readonly run: string } & (
  | { readonly kind: 'output'; readonly codec: string }
  | { readonly kind: 'error'; readonly error: unknown }
);

/** What a producer sends to the worker that runs a job. */
export type ControlHead = { readonly v: number } & {
  readonly kind: 'cancel';
  /** What the cancellation makes of the work. */
  readonly outcome: string;
  readonly reason: unknown;
};

export interface Envelope<Head> {
  readonly head: Head;
  readonly payload: string;
}

export function write<Head>({ head, payload }: Envelope<Head>): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(head)}\n${payload}`);
}

export function read(body: Uint8Array): Envelope<unknown> {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  const end = text.indexOf('\n');
  return { head: JSON.parse(text.slice(0, end)), payload: text.slice(end + 1) };
}
