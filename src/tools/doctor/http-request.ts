import { type Clock, dateOf } from '../../platform/clock.ts';

export interface HttpResponse {
  readonly status: number;
  readonly text: string;
  readonly contentType: string | undefined;
  /** Where the server sends the client to; `undefined` without a redirect. */
  readonly location: string | undefined;
  /** The Date header in milliseconds since the epoch, rounded down to a second; `undefined` without one. */
  readonly date: number | undefined;
  /** When the request was sent, by our clock. */
  readonly sentAt: number;
  /** When the whole response had been read, by our clock. */
  readonly receivedAt: number;
}

export interface HttpFailure {
  /** `refused`: no process listens at the address. `timeout`: the response was not complete before the deadline. */
  readonly kind: 'refused' | 'timeout' | 'other';
  readonly message: string;
}

export type HttpResult =
  | { readonly response: HttpResponse; readonly failure?: never }
  | { readonly failure: HttpFailure; readonly response?: never };

/**
 * Sends one HTTP request with a deadline. Never rejects, follows no redirect (the headers may be a secret of the first
 * host), and reads so much at most. A user and a password in the address are sent as basic authentication.
 */
export type HttpRequest = (url: string, init?: RequestInit) => Promise<HttpResult>;

/** A scrape of 2,000 series in each of 60 metrics has about 20 MB. */
const MAX_BYTES = 32 * 1024 * 1024;

/** @param maxBytes the largest answer, unzipped. @default 32 MB */
export function createHttpRequest(clock: Clock, timeoutMs: number, maxBytes = MAX_BYTES): HttpRequest {
  return async (url, init = {}) => {
    const [sentAt, startedAt] = [dateOf(clock), clock.now()];
    // Not `AbortSignal.timeout`, whose timer does not keep the process alive. A connection that closes without an answer
    // does not either: `fetch` would settle never, and the process would end with code 0 in the middle of the checks.
    const deadline = new AbortController();
    const cancel = clock.after(timeoutMs, () => deadline.abort(new DOMException('', 'TimeoutError')));
    try {
      const { address, authorization } = splitCredentials(url);
      const response = await fetch(address, {
        ...init,
        headers: { ...authorization, ...(init.headers as Record<string, string> | undefined) },
        redirect: 'manual',
        signal: deadline.signal,
      });
      const text = await readText(response, maxBytes);
      const date = Date.parse(response.headers.get('date') ?? '');
      return {
        response: {
          status: response.status,
          text,
          contentType: response.headers.get('content-type') ?? undefined,
          location: response.headers.get('location') ?? undefined,
          date: Number.isNaN(date) ? undefined : date,
          sentAt,
          receivedAt: sentAt + clock.now() - startedAt,
        },
      };
    } catch (error) {
      return { failure: failureOf(error, timeoutMs) };
    } finally {
      cancel();
    }
  };
}

async function readText({ body }: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes / 1024 / 1024} MB`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** `fetch` refuses an address with credentials, and quotes the password in its error. */
function splitCredentials(url: string): { address: string; authorization?: { authorization: string } } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === '' && password === '') return { address: url };
  address.username = '';
  address.password = '';
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return {
    address: address.href,
    authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` },
  };
}

/** The reasons of failures that the words of the system do not explain. */
const REASONS: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS: write http:// in place of https://',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS: write http:// in place of https://',
  HPE_INVALID_CONSTANT: 'the answer is not HTTP: the port is that of another service, or needs https://',
};

function failureOf(error: unknown, timeoutMs: number): HttpFailure {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return { kind: 'timeout', message: `no answer within ${timeoutMs / 1_000} s` };
  if (cause?.code === 'ECONNREFUSED') return { kind: 'refused', message: 'connection refused' };
  const reason = REASONS[cause?.code ?? ''];
  if (reason !== undefined) return { kind: 'other', message: reason };
  return { kind: 'other', message: cause?.message || cause?.code || message };
}
