/** Which errors say that a request was sent and its answer did not come: the server may have done what it was asked for. */
import { grpcCode } from '../core/abort-error.ts';
import type { Effects } from '../core/effects.ts';
import { readProperty } from '../platform/read-property.ts';
import { errorsWithin, statusOf, textOf } from './foreign-error.ts';

const NAMES = /^(?:TimeoutError|(?:Headers|Body|APIConnection)TimeoutError|AbortError)$/;
const CODES =
  /^(?:ETIMEDOUT|ESOCKETTIMEDOUT|ECONNABORTED|ECONNRESET|EPIPE|UND_ERR_(?:HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET)|ERR_STREAM_PREMATURE_CLOSE)$/;
/** The clients' own words where an error has neither. */
const MESSAGES = /^(?:Request timed out|terminated$|socket hang up)/i;
/** A gateway has given up waiting. */
const STATUSES = new Set<unknown>([504, 524]);
const DEADLINE_EXCEEDED = 4;

/** Whether watched work may have had an effect that no result tells of. */
export function isInDoubt({ unknown, failures }: Effects): boolean {
  return unknown || failures.some(isUnanswered);
}

export function isUnanswered(error: unknown): boolean {
  return [...errorsWithin(error)].some(saysSo);
}

function saysSo(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  // Where there was no connection, nothing was sent. An error of several has the code of one of them.
  if (readProperty(error, 'syscall') === 'connect' || Array.isArray(readProperty(error, 'errors'))) return false;
  return (
    NAMES.test(textOf(error, 'name')) ||
    CODES.test(textOf(error, 'code')) ||
    MESSAGES.test(textOf(error, 'message')) ||
    STATUSES.has(statusOf(error)) ||
    grpcCode(error) === DEADLINE_EXCEEDED
  );
}
