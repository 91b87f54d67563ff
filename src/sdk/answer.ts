/** What the answer of a collector means for the spans or the metrics of its request. */
import { redact } from '../platform/redact.ts';

export type Verdict =
  | {
      readonly kind: 'delivered';
      /** Spans or data points that the collector took out of the request. */
      readonly rejected: number;
      /** Why, in the collector's words. */
      readonly reason: string;
    }
  | {
      /**
       * `busy` and `unreachable`: the same request can be sent again. `timed_out`: nobody knows whether it arrived.
       * `refused`: it would be refused again. `too_large`: its parts may be accepted.
       */
      readonly kind: 'busy' | 'unreachable' | 'timed_out' | 'refused' | 'too_large';
      readonly reason: string;
      /** How long the collector asked to wait, in milliseconds. */
      readonly retryAfterMs?: number | undefined;
    };

export type Failure = Exclude<Verdict, { kind: 'delivered' }>;

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  /** `undefined` where it was longer than the client reads. */
  readonly body: string | undefined;
}

/** The codes after which OTLP asks its clients to send the request again. */
export const BUSY: readonly number[] = [429, 502, 503, 504];
/** What collectors say that refuse a request for its size with another status than 413. */
export const TOO_LARGE = /too large|larger than max/i;
const LONGEST_REASON = 300;

export function verdictOn(answer: HttpAnswer, now: number): Verdict {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return verdictOnSuccess(answer);
  const reason = `${status} ${wordsOf(answer) || printable(answer.statusText)}`.trim();
  if (status === 413 || (status >= 400 && TOO_LARGE.test(body ?? ''))) {
    return { kind: 'too_large', reason };
  }
  if (!BUSY.includes(status)) return { kind: 'refused', reason };
  return { kind: 'busy', reason, retryAfterMs: millisecondsOf(answer.retryAfter, now) };
}

type PartialSuccessField = 'rejectedSpans' | 'rejectedDataPoints' | 'errorMessage';

function verdictOnSuccess(answer: HttpAnswer): Verdict {
  const { status, contentType, body } = answer;
  if (body === undefined) return { kind: 'refused', reason: `${status} with an answer that is too long for OTLP` };
  if (/\bhtml\b/i.test(contentType) || /^\s*</.test(body)) {
    return { kind: 'refused', reason: `${status} with a page of HTML, so it is no collector that answers` };
  }
  const { partialSuccess } = objectIn(body) as {
    partialSuccess?: Partial<Record<PartialSuccessField, unknown>> | null;
  };
  const rejected = Number(partialSuccess?.rejectedSpans ?? partialSuccess?.rejectedDataPoints ?? 0);
  const reason = printable(String(partialSuccess?.errorMessage ?? ''));
  return { kind: 'delivered', rejected: rejected > 0 ? Math.floor(rejected) : 0, reason };
}

/** The collector's own words: the message of its JSON, else its text. A page of HTML is no reason. */
function wordsOf({ contentType, body = '' }: HttpAnswer): string {
  const { message } = objectIn(body) as { message?: unknown };
  if (typeof message === 'string') return printable(message);
  return /\b(?:html|protobuf)\b/i.test(contentType) || /^\s*[<{]/.test(body) ? '' : printable(body);
}

/** One line without control characters and credentials: it is printed to a terminal. */
export function printable(text: string): string {
  const line = redact(text.slice(0, 4 * LONGEST_REASON))
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length > LONGEST_REASON ? `${line.slice(0, LONGEST_REASON)}…` : line;
}

function objectIn(body: string): object {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** `Retry-After` is a number of seconds or a date. */
function millisecondsOf(retryAfter: string | undefined, now: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
