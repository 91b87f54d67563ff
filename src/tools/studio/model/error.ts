/** Errors of spans: their type, message, stack, and the chain of their causes. */
import { causesIn, type ErrorText } from './causes.ts';
import { textOf } from './read.ts';
import type { SpanEvent, StudioSpan } from './span.ts';

export type { ErrorText } from './causes.ts';

export interface ErrorFacts extends ErrorText {
  readonly stack: string | null;
  /** The cause, the cause of the cause, and so on. */
  readonly causes: readonly ErrorText[];
}

/** The error of a span that failed; `null` for one that did not. */
export function spanError({ status, statusMessage, attributes, events }: StudioSpan): ErrorFacts | null {
  if (status !== 'error') return null;
  const exception = events.findLast(({ name }) => name === 'exception')?.attributes ?? {};
  const stack = textOf(exception['exception.stacktrace']);
  const type = textOf(attributes['error.type']) ?? textOf(exception['exception.type']) ?? 'Error';
  return {
    type,
    message: withoutType(textOf(statusMessageOr(statusMessage, exception['exception.message'])) ?? '', type),
    stack,
    causes: causesIn(stack),
  };
}

/** The status of a span of Python is the type and the message: `ValueError: no such page`. */
function withoutType(message: string, type: string): string {
  const names = [type, type.slice(type.lastIndexOf('.') + 1)];
  const said = names.find((each) => each !== '' && message.startsWith(`${each}: `));
  return said === undefined ? message : message.slice(said.length + 2);
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

/** `, caused by A, caused by B`; errors of one list stand beside one another: `, caused by A, and by B`. */
export const causesSaid = (causes: readonly ErrorText[], said: (error: ErrorText) => string): string =>
  causes.map((cause) => `${cause.isBeside ? ', and by ' : ', caused by '}${said(cause)}`).join('');

/** `Type: message`, or the one of them that says something. */
export const errorLine = ({ type, message }: ErrorText): string =>
  message === '' ? type : type === '' ? message : `${type}: ${message}`;
