import { type Clock, dateOf } from '../../platform/clock.ts';

export interface HttpResponse {
  readonly status: number;
  readonly text: string;
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

/** Sends one HTTP request with a deadline. Never rejects. */
export type HttpRequest = (url: string, init?: RequestInit) => Promise<HttpResult>;

export function createHttpRequest(clock: Clock, timeoutMs: number): HttpRequest {
  return async (url, init = {}) => {
    const [sentAt, startedAt] = [dateOf(clock), clock.now()];
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      const date = Date.parse(response.headers.get('date') ?? '');
      return {
        response: {
          status: response.status,
          text,
          date: Number.isNaN(date) ? undefined : date,
          sentAt,
          receivedAt: sentAt + clock.now() - startedAt,
        },
      };
    } catch (error) {
      return { failure: failureOf(error, timeoutMs) };
    }
  };
}

function failureOf(error: unknown, timeoutMs: number): HttpFailure {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return { kind: 'timeout', message: `no answer within ${timeoutMs / 1_000} s` };
  if (cause?.code === 'ECONNREFUSED') return { kind: 'refused', message: 'connection refused' };
  return { kind: 'other', message: cause?.message || cause?.code || message };
}
