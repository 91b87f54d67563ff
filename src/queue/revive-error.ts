/** Errors of records. A record comes from outside: its classes are those of our tables, and its properties are checked. */
import { doNotRetry } from '../resilience/do-not-retry.ts';
import { JUDGEMENT, judgementOf } from '../resilience/judgement.ts';
import { ownVerdict, VERDICT } from '../telemetry/verdict.ts';
import { BUILT_IN, type ErrorParts, type Facts, FOREIGN_FACTS, OWN_ERRORS } from './error-classes.ts';
import { MAX_CAUSES, MAX_ERRORS } from './error-room.ts';
import { either, finite, flag, text } from './shape.ts';

const UNREADABLE = 'the error of the other process cannot be read';
const isText = text(65_536);
const isValue = either(either(isText, finite), flag);

/** What was thrown, as far as its record tells. Does not throw. */
export function errorOf(record: unknown, depth = 0): unknown {
  const [name, message, value] = ['name', 'message', 'value'].map((key) => own(record, key));
  if (isText(name) && isText(message)) return errorWith(name, message, record as object, depth);
  if (typeof record !== 'object' || record === null) return new Error(UNREADABLE);
  return value === undefined || value === null || isValue(value) ? value : new Error(UNREADABLE);
}

function errorWith(name: string, message: string, record: object, depth: number): Error {
  const made = own(record, 'made');
  const ours = own(OWN_ERRORS, made);
  const inside = depth < MAX_CAUSES ? record : {};
  const cause = own(inside, 'cause');
  const errors = own(inside, 'errors');
  const parts: ErrorParts = {
    message,
    facts: checked(own(record, 'facts'), ours?.facts ?? FOREIGN_FACTS),
    options: cause === undefined ? {} : { cause: errorOf(cause, depth + 1) },
    errors: Array.isArray(errors) ? errors.slice(0, MAX_ERRORS).map((each) => errorOf(each, depth + 1)) : undefined,
  };
  const error = ours?.build?.(parts) ?? construct(ours?.made ?? own(BUILT_IN, made) ?? Error, parts);
  // The classes of ours show both, as any property of theirs.
  const isShown = ours !== undefined;
  if (error.name !== name) define(error, 'name', name, isShown);
  if (error.message !== message) define(error, 'message', message);
  const verdict = ownVerdict({ [VERDICT]: own(record, 'verdict') });
  if (verdict !== undefined) define(error, VERDICT, verdict, isShown);
  const judgement = judgementOf({ [JUDGEMENT]: own(record, 'judged') });
  if (judgement !== undefined) define(error, JUDGEMENT, judgement);
  const stack = own(record, 'stack');
  define(error, 'stack', isText(stack) ? `${name}: ${message}\n${stack}` : `${name}: ${message}`);
  return own(record, 'marked') === true ? doNotRetry(error) : error;
}

/** Makes an error without the constructor of its class, which would write another message. */
function construct(made: unknown, { message, facts, options, errors }: ErrorParts): Error {
  const error: Error = Reflect.construct(Error, [message, options], made as typeof Error);
  if (errors !== undefined) define(error, 'errors', errors);
  return Object.assign(error, facts);
}

function checked(facts: unknown, guards: Facts): Record<string, unknown> {
  const known: Record<string, unknown> = {};
  for (const [key, guard] of Object.entries(guards)) {
    const fact = own(facts, key);
    if (fact !== undefined && guard(fact)) known[key] = fact;
  }
  return known;
}

function own<T>(table: Readonly<Record<string, T>>, key: unknown): T | undefined;
function own(table: unknown, key: unknown): unknown;
function own(table: unknown, key: unknown): unknown {
  if (typeof table !== 'object' || table === null || typeof key !== 'string') return undefined;
  return Object.hasOwn(table, key) ? (table as Readonly<Record<string, unknown>>)[key] : undefined;
}

function define(error: Error, key: PropertyKey, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}
