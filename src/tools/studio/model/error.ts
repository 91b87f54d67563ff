/** Errors of spans: their type, message, stack, and the chain of their causes. */
import { textOf } from './read.ts';
import type { SpanEvent, StudioSpan } from './span.ts';

export interface ErrorText {
  readonly type: string;
  readonly message: string;
}

export interface ErrorFacts extends ErrorText {
  readonly stack: string | null;
  /** The cause, the cause of the cause, and so on. */
  readonly causes: readonly ErrorText[];
}

/**
 * How stacks of several languages begin a cause: `Caused by: ` (Java, and ours), `[cause]: ` (Node.js). Python writes the
 * cause first, as a stack of its own.
 */
const CAUSE = /^\s*(?:Caused by|\[cause\]|\[errors\]): ?(?:([\w$.]{1,200}): )?(.{0,2000})/;
const MOST_CAUSES = 16;

/** The error of a span that failed; `null` for one that did not. */
export function spanError({ status, statusMessage, attributes, events }: StudioSpan): ErrorFacts | null {
  if (status !== 'error') return null;
  const exception = events.findLast(({ name }) => name === 'exception')?.attributes ?? {};
  const stack = textOf(exception['exception.stacktrace']);
  return {
    type: textOf(attributes['error.type']) ?? textOf(exception['exception.type']) ?? 'Error',
    message: textOf(statusMessageOr(statusMessage, exception['exception.message'])) ?? '',
    stack,
    causes: causesIn(stack),
  };
}

const statusMessageOr = (message: string, other: SpanEvent['attributes'][string] | undefined) =>
  message === '' ? other : message;

/** The error that an event tells of; `null` where it tells of none. */
export function eventError({ attributes }: SpanEvent): ErrorFacts | null {
  const type = textOf(attributes['error.type']) ?? textOf(attributes['exception.type']);
  if (type === null) return null;
  const stack = textOf(attributes['exception.stacktrace']);
  return { type, message: textOf(attributes['exception.message']) ?? '', stack, causes: causesIn(stack) };
}

export function causesIn(stack: string | null): readonly ErrorText[] {
  if (stack === null) return [];
  const causes: ErrorText[] = [];
  for (const line of stack.split('\n')) {
    const found = CAUSE.exec(line);
    if (found === null) continue;
    causes.push({ type: found[1] ?? 'Error', message: (found[2] ?? '').trim() });
    if (causes.length === MOST_CAUSES) break;
  }
  return causes;
}

/** `Type: message`, or the one of them that says something. */
export const errorLine = ({ type, message }: ErrorText): string =>
  message === '' ? type : type === '' ? message : `${type}: ${message}`;
