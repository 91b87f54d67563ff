import { messageOf } from '../../platform/message-of.ts';
import { readProperty } from '../../platform/read-property.ts';

/** Numbers of the errors of JetStream. */
const STORE_FAILED = 10_077;
const NO_CONSUMER = 10_014;
const NO_STREAM = 10_059;
const NO_MESSAGE = 10_037;
const NO_SEQUENCE = 10_043;
const NOT_DELETED = 10_057;

const isNumbered = (error: unknown, number: number) => readProperty(error, 'code') === number;

/** The queue holds as many jobs as it may. */
export function isFull(error: unknown): boolean {
  return isNumbered(error, STORE_FAILED) && messageOf(error) === 'maximum messages exceeded';
}

/** The stream has a message with this subject: it is the same job. */
export function isThere(error: unknown): boolean {
  return isNumbered(error, STORE_FAILED) && messageOf(error) === 'maximum messages per subject exceeded';
}

/** What was to be removed is not there. */
export function isMissing(error: unknown): boolean {
  if (isNumbered(error, NOT_DELETED)) return messageOf(error) === 'no message found';
  return isNumbered(error, NO_MESSAGE) || isNumbered(error, NO_SEQUENCE);
}

/** A stream or the consumer is not there, or JetStream is not up yet: they are made again. */
export function isGone(error: unknown): boolean {
  return isNumbered(error, NO_CONSUMER) || isNumbered(error, NO_STREAM) || namesOf(error).includes('NoResponders');
}

export function isTimeout(error: unknown): boolean {
  return namesOf(error)[0] === 'TimeoutError';
}

/** The server has not done what was asked. After any other error it may have. */
export function isRefusal(error: unknown): boolean {
  return isGone(error) || namesOf(error)[0] === 'JetStreamApiError';
}

/** It says nothing of the request itself: the same request may succeed later. */
export function isTransient(error: unknown): boolean {
  if (isGone(error)) return true;
  // The network, or the look-up of a name: the client hands on what Node.js says.
  if (typeof readProperty(error, 'syscall') === 'string') return true;
  const [name = ''] = namesOf(error);
  if (name === 'JetStreamApiError') return readProperty(error, 'status') === 503 && !isNumbered(error, STORE_FAILED);
  return /^(?:Timeout|Request|ClosedConnection|Connection|DrainingConnection)Error$/.test(name);
}

/** NATS refuses who we are, which does not change with time. */
export function isRefused(error: unknown): boolean {
  return /^(?:Authorization|UserAuthenticationExpired)Error$/.test(namesOf(error)[0] ?? '');
}

/** The names of the error and of its causes: the client wraps what it got. */
function namesOf(error: unknown, depth = 3): string[] {
  if (depth === 0 || error === undefined) return [];
  const name = readProperty(error, 'name');
  return [typeof name === 'string' ? name : '', ...namesOf(readProperty(error, 'cause'), depth - 1)];
}
