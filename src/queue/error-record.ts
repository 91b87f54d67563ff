/**
 * Errors as they cross a queue. Ours keep their class. Of others there are the name, the message, the code, the status, the
 * causes, and what `retry` and `circuitBreaker` would judge of them: their responses and bodies stay where they are. A
 * record is bounded whatever the error is, and nothing of a record is trusted.
 */
import { measure } from '../core/show.ts';
import { dateOf, systemClock } from '../platform/clock.ts';
import { readProperty } from '../platform/read-property.ts';
import { isMarked } from '../resilience/do-not-retry.ts';
import { statusOf } from '../resilience/foreign-error.ts';
import { judge } from '../resilience/judge.ts';
import type { Judgement } from '../resilience/judgement.ts';
import { retryAfterMs } from '../resilience/retry-after.ts';
import { ownVerdict } from '../telemetry/verdict.ts';
import { BUILT_IN, type Facts, FOREIGN_FACTS, OWN_ERRORS, type OwnError } from './error-classes.ts';
import { ErrorRoom, MAX_CAUSES, MAX_ERRORS, MAX_RECORD_BYTES } from './error-room.ts';

/** A record of an error, or a value that is no object and was thrown. */
export type ErrorRecord = { readonly value: string | number | boolean | null | undefined } | RecordedError;

export interface RecordedError {
  readonly name: string;
  readonly message: string;
  /** The name of the class, if it is ours or of the language. */
  readonly made?: string | undefined;
  readonly verdict?: string | undefined;
  readonly facts?: Readonly<Record<string, unknown>>;
  readonly judged?: Judgement;
  /** `doNotRetry` has marked it. */
  readonly marked?: true | undefined;
  /** Where the worker was. */
  readonly stack?: string | undefined;
  readonly cause?: ErrorRecord | undefined;
  readonly errors?: readonly ErrorRecord[] | undefined;
}

/**
 * Does not throw, whatever was thrown.
 *
 * @param maxBytes the largest record, from 1,000 bytes on; never more than `MAX_RECORD_BYTES`
 */
export function recordOf(thrown: unknown, maxBytes = MAX_RECORD_BYTES): ErrorRecord {
  try {
    return recordIn(new ErrorRoom(maxBytes), thrown, []);
  } catch {
    return { name: 'Error', message: 'an error that cannot be looked into' };
  }
}

/** @param around the errors around this one: an error may be its own cause */
function recordIn(room: ErrorRoom, thrown: unknown, around: readonly unknown[]): ErrorRecord {
  if (thrown === undefined || thrown === null || typeof thrown === 'boolean') return { value: thrown };
  if (typeof thrown === 'string') return { value: room.text(thrown, MAX_MESSAGE) };
  if (typeof thrown === 'number' && Number.isFinite(thrown)) return { value: thrown };
  if (typeof thrown !== 'object') return { name: 'Error', message: `${measure(thrown)} was thrown` };
  const [made, own] = ownOf(thrown) ?? [builtInOf(thrown)];
  const message = readProperty(thrown, 'message');
  const text = typeof message === 'string' ? message : `${measure(thrown)} was thrown`;
  const inner = (each: unknown) => recordIn(room, each, [...around, thrown]);
  const cause = readProperty(thrown, 'cause') ?? undefined;
  const errors = own?.errorsOf?.(thrown) ?? errorsIn(thrown);
  const isDeep = around.length >= MAX_CAUSES;
  return {
    name: room.text(nameOf(thrown), 256),
    message: room.text(text, MAX_MESSAGE),
    made,
    verdict: ownVerdict(thrown),
    facts: own === undefined ? foreignFacts(room, thrown) : ownFacts(room, thrown, own),
    judged: judge(thrown),
    marked: isMarked(thrown) || undefined,
    stack: room.stack(readProperty(thrown, 'stack')),
    cause:
      cause === undefined || isDeep || around.includes(cause) || cause === thrown || !room.admitsError()
        ? undefined
        : inner(cause),
    errors: isDeep
      ? undefined
      : errors
          ?.slice(0, MAX_ERRORS)
          .filter(() => room.admitsError())
          .map(inner),
  };
}

/** The longest message, in characters. */
const MAX_MESSAGE = 4_096;

function nameOf(error: object): string {
  const name = readProperty(error, 'name');
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

/** The class of ours that an error is of, or that its class extends. */
function ownOf(error: object): readonly [string, OwnError] | undefined {
  return Object.entries(OWN_ERRORS).find(([, { made }]) => isOf(error, made));
}

function builtInOf(error: object): string | undefined {
  return Object.keys(BUILT_IN).find((name) => isOf(error, BUILT_IN[name] as typeof Error));
}

function isOf(error: object, made: new (...args: never) => Error): boolean {
  try {
    return error instanceof made;
  } catch {
    // A proxy may refuse.
    return false;
  }
}

function errorsIn(error: object): readonly unknown[] | undefined {
  const errors = readProperty(error, 'errors');
  if (!Array.isArray(errors)) return undefined;
  // Other libraries keep there what is no error: the fields of a form, with what the user wrote.
  return isOf(error, AggregateError) ? errors : errors.filter((each) => isOf(each, Error));
}

function ownFacts(room: ErrorRoom, error: object, own: OwnError): Record<string, unknown> {
  const source = own.factsOf?.(error) ?? error;
  return copied(room, own.facts, (key) => readProperty(source, key));
}

function foreignFacts(room: ErrorRoom, error: object): Record<string, unknown> {
  const known: Readonly<Record<string, unknown>> = {
    status: statusOf(error),
    retryAfterMs: retryAfterMs(error, dateOf(systemClock)),
  };
  return copied(room, FOREIGN_FACTS, (key) => known[key] ?? readProperty(error, key));
}

function copied(room: ErrorRoom, facts: Facts, read: (key: string) => unknown) {
  const copy: Record<string, unknown> = {};
  for (const [key, guard] of Object.entries(facts)) {
    const fact = room.fact(read(key));
    if (fact !== undefined && guard(fact)) copy[key] = fact;
  }
  return copy;
}
