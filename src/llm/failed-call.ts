/** What a call that failed may have cost. */
import { isTokens, type Usage } from '../ledger/usage.ts';
import { readProperty } from '../platform/read-property.ts';
import { type KnownReply, ModelReplyError } from './reply-error.ts';

/** Errors after which nothing has reached the server. */
const NEVER_SENT: ReadonlySet<unknown> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
  ...['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND', 'ERR_INVALID_URL'],
]);
/** Errors by which a caller, or a connection, left a server that may have answered. */
const LEFT_ALONE: ReadonlySet<unknown> = new Set([
  ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ERR_STREAM_PREMATURE_CLOSE'],
  ...['UND_ERR_SOCKET', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_ABORTED'],
  ...['AbortError', 'TimeoutError', 'APIConnectionTimeoutError', 'APIUserAbortError'],
]);

/** The usage in an error; `undefined` if it has none. A call that fails may still be billed. */
export function usageIn(error: unknown): Usage | undefined {
  return usageOrNone(readProperty(error, 'usage'));
}

/** What an error of ours knows of the reply, beside its usage. */
export function knownReply(error: unknown): KnownReply {
  return error instanceof ModelReplyError ? error.reply : {};
}

/** Whether an error is the end of a reply, after which no more usage comes. */
export function endsReply(error: unknown): boolean {
  return error instanceof ModelReplyError && error.reason !== 'cut_off';
}

/** A usage that a reply or an error of foreign code has. Errors of other packages may have a `usage` that is another thing. */
export function usageOrNone(usage: unknown): Usage | undefined {
  const isUsage = isTokens(readProperty(usage, 'inputTokens')) || isTokens(readProperty(usage, 'outputTokens'));
  return isUsage ? (usage as Usage) : undefined;
}

/** Whether a call with this error is not billed: the server has refused it by its status, or it was never sent. */
export function wasNotBilled(error: unknown): boolean {
  // The status of such an error is a code in a reply.
  if (error instanceof ModelReplyError) return false;
  return inCauses(error, (each) => {
    // An error of the AWS SDK has it in its `$metadata`.
    const status = readProperty(each, 'status') ?? readProperty(readProperty(each, '$metadata'), 'httpStatusCode');
    return (typeof status === 'number' && status >= 400) || NEVER_SENT.has(readProperty(each, 'code'));
  });
}

/** Whether the server may have answered a call that has this error. */
export function mayBeBilled(error: unknown): boolean {
  return (
    error instanceof ModelReplyError ||
    inCauses(error, (each) => LEFT_ALONE.has(readProperty(each, 'code')) || LEFT_ALONE.has(readProperty(each, 'name')))
  );
}

/** Client libraries put the error of the connection into the cause of their own. */
function inCauses(error: unknown, is: (error: unknown) => boolean): boolean {
  let each = error;
  for (let depth = 0; depth < 5 && each !== undefined && each !== null; depth += 1) {
    if (is(each)) return true;
    each = readProperty(each, 'cause');
  }
  return false;
}
