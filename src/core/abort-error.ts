/** Errors that say that a signal aborted their work, by the names, codes and messages that libraries give them. */
import { readProperty } from '../platform/read-property.ts';

const NAMES = new Set<unknown>([
  'AbortError',
  'CanceledError',
  'CancelError',
  'APIUserAbortError',
  'RequestAbortedError',
]);
const CODES = new Set<unknown>(['ABORT_ERR', 'ABORTED', 'ERR_CANCELED', 'ERR_ABORTED', 'UND_ERR_ABORTED']);
/** The whole message of OpenAI's and Anthropic's clients, whose errors have no name of their own. */
const MESSAGE = 'Request was aborted.';
const GRPC_CANCELLED = 1;

export function isAbort(error: unknown): boolean {
  return (
    NAMES.has(readProperty(error, 'name')) ||
    CODES.has(readProperty(error, 'code')) ||
    readProperty(error, 'message') === MESSAGE ||
    grpcCode(error) === GRPC_CANCELLED
  );
}

/** The code of an error of gRPC or Connect; `undefined` for any other error. */
export function grpcCode(error: unknown): number | undefined {
  const code = readProperty(error, 'code');
  const text = readProperty(error, 'rawMessage') ?? readProperty(error, 'details');
  if (typeof code !== 'number' || code < 1 || code > 16 || typeof text !== 'string') return undefined;
  return code;
}
