/** The kinds of errors that no status tells apart, by the names, codes and messages that libraries give them. */
import { grpcCode, isAbort } from '../core/abort-error.ts';
import { readProperty } from '../platform/read-property.ts';
import { textOf } from './foreign-error.ts';

const TIMEOUT = /TimeoutError$/;
/** The whole message of a time limit of OpenAI's client, whose errors have no name of their own. */
const TIMEOUT_MESSAGE = 'Request timed out.';

/**
 * A time limit was reached. Node.js, openai and axios reject with an abort also where the signal was that of a time limit:
 * they have the signal's reason as the cause, or the signal itself. Of a client's own time limit, the cause may be an abort.
 */
export function isTimeLimit(error: object): boolean {
  if (TIMEOUT.test(textOf(error, 'name')) || readProperty(error, 'message') === TIMEOUT_MESSAGE) return true;
  const signal = readProperty(readProperty(error, 'config'), 'signal');
  const why = readProperty(error, 'cause') ?? readProperty(signal, 'reason');
  return isAbort(error) && typeof why === 'object' && why !== null && TIMEOUT.test(textOf(why, 'name'));
}

/** The errors of AWS that stand for a full service, some of them with status 400. */
const THROTTLING =
  /^(?:\w*Thrott\w+|RequestLimitExceeded|BandwidthLimitExceeded|LimitExceededException|TooManyRequestsException|ProvisionedThroughputExceededException|TransactionInProgressException|PriorRequestNotComplete|RequestTimeout(?:Exception)?|SlowDown|ModelNotReadyException|ModelTimeoutException)$/;

export function isThrottling(error: object): boolean {
  return THROTTLING.test(textOf(error, 'name')) || typeof readProperty(error, '$retryable') === 'object';
}

const GRPC_TRANSIENT = new Set([2, 4, 8, 10, 13, 14, 15]);

/** `undefined` for an error that is not of gRPC or Connect. */
export function grpcKind(error: object): 'transient' | 'answer' | undefined {
  const code = grpcCode(error);
  if (code === undefined) return undefined;
  return GRPC_TRANSIENT.has(code) ? 'transient' : 'answer';
}

const CERTIFICATE = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|UNABLE_TO_(?:VERIFY|GET)_)/;

/** The server's certificate is not trusted, which a repetition does not change. */
export function isUntrustedServer(error: object): boolean {
  return CERTIFICATE.test(textOf(error, 'code'));
}

const FAULTY_CODE =
  /^(?:ERR_INVALID_|MODULE_NOT_FOUND$|ERR_MODULE_NOT_FOUND$|ERR_PACKAGE_|ERR_REQUIRE_|ERR_UNSUPPORTED_|ERR_UNKNOWN_|ERR_MISSING_|ERR_HTTP_INVALID_|ERR_HTTP_HEADERS_SENT$|ERR_HTTP2_UNSUPPORTED_|ERR_UNESCAPED_CHARACTERS$|ERR_ASSERTION$|ERR_BAD_REQUEST$|ERR_BAD_OPTION|UND_ERR_INVALID_ARG$|UND_ERR_NOT_SUPPORTED$)/;
const FAULTY_NAME =
  /^(?:CredentialsProviderError|TokenProviderError|EndpointError|InvalidRequestError|AI_(?:LoadAPIKey|LoadSetting|InvalidArgument|InvalidPrompt|NoSuchModel|NoSuchProvider|UnsupportedFunctionality|UnsupportedModelVersion)Error)$/;
/** The clients' own words for a missing key or a wrong URL, which have no code. */
const FAULTY_MESSAGE =
  /^(?:Missing credentials\b|Could not (?:resolve authentication method|load (?:the default )?credentials)|Region is missing$|Please provide 'token'|Input validation failed\b|unknown scheme$|[\w ]{0,60}API[ _]?key\b[\w ]{0,30}\b(?:is missing|not found|must be (?:set|provided|specified)))/i;
const LANGUAGE_ERROR = /^(?:TypeError|ReferenceError|RangeError|EvalError|URIError|SyntaxError)$/;
/** `fetch` reports a broken connection as a `TypeError`, each engine in its own words, some without a cause. */
const BROKEN_CONNECTION =
  /^(?:fetch failed|terminated|Failed to fetch|Load failed|network ?error|Network request failed|The (?:Internet|network) connection|error sending request|Unable to connect)/i;

/**
 * A mistake in the program or its settings: a `TypeError` and its like without a cause, a wrong URL or header, a missing
 * key or package. A `SyntaxError` about JSON is none: the text came from a server or from a model.
 */
export function isFault(error: object): boolean {
  if (FAULTY_CODE.test(textOf(error, 'code')) || FAULTY_NAME.test(textOf(error, 'name'))) return true;
  const message = textOf(error, 'message');
  if (FAULTY_MESSAGE.test(message)) return true;
  const name = textOf(error, 'name');
  if (!LANGUAGE_ERROR.test(name) || (readProperty(error, 'cause') ?? undefined) !== undefined) return false;
  return name === 'SyntaxError' ? !message.includes('JSON') : !BROKEN_CONNECTION.test(message);
}
