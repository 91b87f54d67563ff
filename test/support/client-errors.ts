/** Errors that real clients throw: their shapes were taken from the clients themselves, against a local server. */
import vm from 'node:vm';
import { ModelReplyError, type ModelReplyReason, PrimitiveTimeoutError, RaceError } from '../../src/index.ts';

export const error = (properties: object, message = 'x', cause?: unknown) =>
  Object.assign(new Error(message, cause === undefined ? {} : { cause }), properties);
export const reset = error({ code: 'ECONNRESET', errno: -104, syscall: 'read' }, 'read ECONNRESET');
export const fetchFailed = (cause: unknown = reset) => new TypeError('fetch failed', { cause });
export const abort = () => new DOMException('This operation was aborted', 'AbortError');
const node = (code: string, message: string) => Object.assign(new TypeError(message), { code });

function unreadable(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    return thrown;
  }
}

export const TRANSIENT: readonly [string, unknown][] = [
  ['an error of unknown kind', new Error('down')],
  ['a text', 'down'],
  ['nothing', undefined],
  ['openai and Anthropic: 429', error({ status: 429, headers: new Headers(), error: {} })],
  ['Anthropic: 529', error({ status: 529, name: 'OverloadedError' })],
  ['openai: no connection', error({ status: undefined }, 'Connection error.', fetchFailed())],
  ['openai 6: time limit', error({ status: undefined }, 'Request timed out.')],
  ['openai 7: time limit', error({ status: undefined }, 'Request timed out.', abort())],
  [
    'openai 7: aborted by a time limit',
    error({ status: undefined }, 'Request was aborted.', new DOMException('x', 'TimeoutError')),
  ],
  ['AI SDK: 503', error({ name: 'AI_APICallError', statusCode: 503, isRetryable: true, responseHeaders: {} })],
  ['AI SDK: a cut reply', error({ name: 'AI_APICallError', statusCode: 200, isRetryable: true }, 'x', reset)],
  [
    'AI SDK: after its own tries',
    error({ name: 'AI_RetryError', lastError: error({ statusCode: 429, isRetryable: true }) }),
  ],
  ['Google: 503', error({ name: 'ApiError', status: 503 })],
  ['Mistral: 500', error({ name: 'SDKError', statusCode: 500, headers: new Headers() })],
  ['Mistral: no connection', error({ name: 'ConnectionError' }, 'Unable to make request', fetchFailed())],
  ['ky: 408', error({ name: 'HTTPError', response: new Response('', { status: 408 }) })],
  ['ky: time limit', error({ name: 'TimeoutError' })],
  [
    'got: 502',
    error({ name: 'HTTPError', code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 502, headers: {} } }),
  ],
  ['got: time limit', error({ name: 'TimeoutError', code: 'ETIMEDOUT' })],
  ['axios: 500', error({ name: 'AxiosError', code: 'ERR_BAD_RESPONSE', status: 500, response: { status: 500 } })],
  ['axios: time limit', error({ name: 'AxiosError', code: 'ECONNABORTED' })],
  ['fetch: reset', fetchFailed()],
  ['fetch: no such host', fetchFailed(error({ code: 'ENOTFOUND' }))],
  ['fetch: refused', fetchFailed(new AggregateError([error({ code: 'ECONNREFUSED' })]))],
  ['fetch: cut', new TypeError('terminated', { cause: error({ name: 'SocketError', code: 'UND_ERR_SOCKET' }) })],
  ['fetch: without a cause', new TypeError('terminated')],
  ['fetch of a browser', new TypeError('Failed to fetch')],
  ['fetch: time limit', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
  [
    'Node.js: aborted by a time limit',
    error({ name: 'AbortError', code: 'ABORT_ERR' }, 'x', error({ name: 'TimeoutError' })),
  ],
  ['undici: no headers in time', error({ name: 'HeadersTimeoutError', code: 'UND_ERR_HEADERS_TIMEOUT' })],
  [
    'AWS: throttled, with status 400',
    error({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 }, $fault: 'client' }),
  ],
  ['AWS: 503', error({ name: 'ServiceUnavailableException', $metadata: { httpStatusCode: 503 }, $fault: 'server' })],
  ['AWS: says so itself', error({ name: 'X', $metadata: { httpStatusCode: 424 }, $retryable: {} })],
  ['gRPC: unavailable', error({ code: 14, details: 'no connection', metadata: {} })],
  ['Connect: unavailable', error({ name: 'ConnectError', code: 14, rawMessage: 'no connection' })],
  ['googleapis: a status in code', error({ code: 503 })],
  ['Ollama: 503', error({ name: 'ResponseError', status_code: 503 })],
  [
    'axios: aborted by a time limit',
    error({ name: 'CanceledError', code: 'ERR_CANCELED', config: { signal: { reason: { name: 'TimeoutError' } } } }),
  ],
  ['AI SDK: no connection', error({ name: 'AI_APICallError', isRetryable: true }, 'Cannot connect to API', reset)],
  ['Postgres: a serialization failure', error({ code: '40001', severity: 'ERROR' })],
  ['MySQL: a deadlock', error({ code: 'ER_LOCK_DEADLOCK', sqlState: '40001' })],
  ['MongoDB: not the primary', error({ name: 'MongoServerError', code: 10107 })],
  ['Redis: it loads', error({ name: 'ReplyError' }, 'LOADING Redis is loading the dataset in memory')],
  ['Prisma: a conflict', error({ name: 'PrismaClientKnownRequestError', code: 'P2034' })],
  ['a reply that is no JSON', unreadable('{"a":')],
  ['a page instead of JSON', unreadable('<html>')],
  ['a time limit of ours', Object.assign(new PrimitiveTimeoutError('ask', 5), { cause: abort() })],
  ['branches of which one may succeed', new RaceError('race', ['a', 'b'], [error({ status: 401 }), reset])],
];

export const ANSWERS: readonly [string, unknown][] = [
  ...[400, 401, 403, 404, 422].map((status): [string, unknown] => [`openai: ${status}`, error({ status })]),
  ['AI SDK: 401', error({ name: 'AI_APICallError', statusCode: 401, isRetryable: false, responseHeaders: {} })],
  ['Mistral: 401', error({ name: 'SDKError', statusCode: 401, rawResponse: new Response('', { status: 401 }) })],
  ['Cohere: 400', error({ name: 'BadRequestError', statusCode: 400 })],
  ['ky: 404', error({ name: 'HTTPError', response: new Response('', { status: 404 }) })],
  ['got: 401', error({ name: 'HTTPError', code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 401 } })],
  ['axios: 422', error({ name: 'AxiosError', code: 'ERR_BAD_REQUEST', response: { status: 422 } })],
  ['AWS: 403', error({ name: 'AccessDeniedException', $metadata: { httpStatusCode: 403 } })],
  ['gRPC: not found', error({ code: 5, details: 'no such thing' })],
  ['Connect: no permission', error({ name: 'ConnectError', code: 7, rawMessage: 'no' })],
  ['Ollama: 404', error({ name: 'ResponseError', status_code: 404 }, 'model not found')],
  ['Hugging Face: 404', error({ httpResponse: { status: 404, headers: {} } })],
  ['Elasticsearch: 404', error({ name: 'ResponseError', meta: { statusCode: 404 } })],
  ['tRPC: 401', error({ name: 'TRPCClientError', data: { httpStatus: 401, code: 'UNAUTHORIZED' } })],
  ['OpenRouter: 401 in a 200', error({ error: { code: 401, message: 'no' } })],
  ['Postgres: a key that exists', error({ code: '23505', severity: 'ERROR' })],
  ['MySQL: a key that exists', error({ code: 'ER_DUP_ENTRY', errno: 1062, sqlState: '23000' })],
  ['MongoDB: a key that exists', error({ name: 'MongoServerError', code: 11000 })],
  ['Prisma: a key that exists', error({ name: 'PrismaClientKnownRequestError', code: 'P2002' })],
  ['SQLite: a key that exists', error({ name: 'SqliteError', code: 'SQLITE_CONSTRAINT_UNIQUE' })],
  ['Redis: the wrong type', error({ name: 'ReplyError' }, 'WRONGTYPE Operation against a key')],
  ['a driver below an ORM', new Error('Failed query', { cause: error({ code: '42P01' }, 'no such table') })],
  ['a 401 inside of another error', new Error('the step failed', { cause: error({ status: 401 }) })],
  [
    'branches that were all refused',
    new RaceError('race', ['a', 'b'], [error({ status: 401 }), error({ status: 403 })]),
  ],
];

/** They are paid for, or the account has no money left: a repetition brings the same. */
const quota = { message: 'You exceeded your current quota', type: 'insufficient_quota', code: 'insufficient_quota' };
export const reply = (reason: ModelReplyReason, code?: number) =>
  new ModelReplyError('no answer', undefined, { reason, code });
export const PAID_IN_VAIN: readonly [string, unknown][] = [
  ['a refusal', reply('refusal')],
  ['a call of a tool', reply('tool_call')],
  ['a content filter', reply('content_filter')],
  ['a whole reply where a stream was asked for', reply('not_streamed')],
  ['an error in a 200 that says 403', reply('provider_error', 403)],
  ['a refusal inside of another error', new Error('the step failed', { cause: reply('refusal') })],
  ['openai: no money left', error({ status: 429, code: quota.code, type: quota.type, error: quota })],
  ['openai: the account is not active', error({ status: 429, code: 'billing_not_active' })],
  ['openai: the hard limit of the month', error({ status: 429, code: 'billing_hard_limit_reached' })],
  ['AI SDK: no money left', error({ statusCode: 429, isRetryable: true, data: { error: quota } })],
  [
    'AI SDK: no money left, in a body that it could not read',
    error({ statusCode: 429, isRetryable: true, responseBody: JSON.stringify({ error: quota }, null, 2) }),
  ],
  [
    'AI SDK: no money left, after its own tries',
    error({ name: 'AI_RetryError', lastError: error({ statusCode: 429, isRetryable: true, data: { error: quota } }) }),
  ],
  ['Groq: no money left', error({ status: 429, error: { error: quota } })],
  ['Moonshot: no money left', error({ status: 429, error: { type: 'exceeded_current_quota_error' } })],
  ['Anthropic: no money left', error({ status: 402, error: { type: 'error', error: { type: 'billing_error' } } })],
  ['Anthropic: no money left, in a stream', error({ error: { type: 'error', error: { type: 'billing_error' } } })],
  ['OpenRouter: no money left', error({ status: 402, error: { code: 402, message: 'Insufficient credits' } })],
  ['axios: no money left', error({ status: 429, response: { status: 429, data: { error: quota } } })],
  ['Mistral: no money left', error({ statusCode: 429, body: JSON.stringify({ type: 'insufficient_balance' }) })],
  ['LangChain: no money left', error({ name: 'InsufficientQuotaError', status: 429 })],
  [
    'openai: a filter before the parser',
    new Error('Could not parse response content as the request was rejected by the content filter'),
  ],
];

export const OWN_DOING: readonly [string, unknown][] = [
  ['an abort', abort()],
  ['openai: an abort', error({ status: undefined }, 'Request was aborted.')],
  ['Anthropic: an abort', error({ name: 'APIUserAbortError' }, 'Request was aborted.')],
  ['axios: an abort', error({ name: 'CanceledError', code: 'ERR_CANCELED' })],
  ['got: an abort', error({ name: 'AbortError', code: 'ERR_ABORTED' })],
  ['Mistral: an abort', error({ name: 'RequestAbortedError' }, 'x', abort())],
  ['Cohere: an abort', error({ name: 'CohereError', rawResponse: { status: 499 } }, 'x', abort())],
  ['gRPC: an abort', error({ code: 1, details: 'cancelled' })],
  ['superagent: an abort', error({ code: 'ABORTED' }, 'Aborted')],
  ['an assertion', error({ name: 'AssertionError', code: 'ERR_ASSERTION' })],
  ['AI SDK: no http', error({ name: 'AI_APICallError', isRetryable: true }, 'x', new Error('unknown scheme'))],
  ['a TypeError', new TypeError("Cannot read properties of undefined (reading 'a')")],
  ['a TypeError of another realm', vm.runInNewContext('new TypeError("x is not a function")')],
  ['a ReferenceError', new ReferenceError('x is not defined')],
  ['a RangeError', new RangeError('Maximum call stack size exceeded')],
  ['a SyntaxError of code', new SyntaxError("Unexpected token 'export'")],
  [
    'a bug inside of another error',
    error({}, 'Connection error.', new TypeError('Headers.append: "a" is an invalid header value.')),
  ],
  [
    'fetch: a wrong URL',
    new TypeError('Failed to parse URL from x', { cause: node('ERR_INVALID_URL', 'Invalid URL') }),
  ],
  ['fetch: no http', fetchFailed(new Error('unknown scheme'))],
  ['axios: a wrong URL', node('ERR_INVALID_URL', 'Invalid URL')],
  ['axios: no http', error({ name: 'AxiosError', code: 'ERR_BAD_REQUEST' }, 'Unsupported protocol foo:')],
  ['got: a wrong header', error({ name: 'RequestError', code: 'ERR_INVALID_CHAR' })],
  ['undici: a wrong header', error({ name: 'InvalidArgumentError', code: 'UND_ERR_INVALID_ARG' })],
  ['a missing package', error({ code: 'ERR_MODULE_NOT_FOUND' })],
  [
    'openai: no key',
    new Error('Missing credentials. Please pass an `apiKey`, or set the `OPENAI_API_KEY` environment variable.'),
  ],
  ['Groq: no key', new Error('The GROQ_API_KEY environment variable is missing or empty; either provide it')],
  ['Anthropic: no key', new Error('Could not resolve authentication method. Expected one of apiKey, authToken')],
  ['AI SDK: no key', error({ name: 'AI_LoadAPIKeyError' }, 'OpenAI API key is missing. Pass it using')],
  ['Google: no key', new Error('Could not load the default credentials. Browse to https://cloud.google.com')],
  ['AWS: no key', error({ name: 'CredentialsProviderError' }, 'Could not load credentials from any providers')],
];
