import type { Clock } from '../../platform/clock.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** What its Date header says, in milliseconds since the epoch, to the second below. */
  readonly date: number | undefined;
  readonly sentAt: number;
  readonly receivedAt: number;
}

export interface NoReply {
  /** `refused`: nobody listens there. `timeout`: somebody may, and does not answer. */
  readonly why: 'refused' | 'timeout' | 'other';
  readonly reason: string;
}

export type Answer =
  | { readonly reply: Reply; readonly none?: never }
  | { readonly none: NoReply; readonly reply?: never };

/** One HTTP request with a deadline. Never rejects. */
export type Ask = (url: string, init?: RequestInit) => Promise<Answer>;

export function createAsk(clock: Clock, timeoutMs: number): Ask {
  return async (url, init = {}) => {
    const sentAt = clock.now();
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
      const text = await response.text();
      const date = Date.parse(response.headers.get('date') ?? '');
      return {
        reply: {
          status: response.status,
          text,
          date: Number.isNaN(date) ? undefined : date,
          sentAt,
          receivedAt: clock.now(),
        },
      };
    } catch (error) {
      return { none: noReply(error, timeoutMs) };
    }
  };
}

function noReply(error: unknown, timeoutMs: number): NoReply {
  const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return { why: 'timeout', reason: `no answer within ${timeoutMs / 1_000} s` };
  if (cause?.code === 'ECONNREFUSED') return { why: 'refused', reason: 'connection refused' };
  return { why: 'other', reason: cause?.message || cause?.code || message };
}
