/** When a server, or a policy of ours, wants the next try. */
import { readProperty } from '../platform/read-property.ts';
import { errorsWithin, headerOf, statusOf } from './foreign-error.ts';

/** A longer wait, in seconds, is not read: caches treat this number as without end (RFC 9111, 1.2.2). */
const MAX_SECONDS = 2 ** 31;
/** A number above this one, in seconds, is a date: some servers send that in the headers of a rate limit. */
const FIRST_DATE_SECONDS = 1e9;

/** Headers in which servers without Retry-After say when a rate limit ends. */
const RESET_HEADERS = ['ratelimit-reset', 'x-ratelimit-retry-after', 'x-ratelimit-reset', 'x-rate-limit-reset'];

/**
 * The wait that an error, or an error within it, asks for, in milliseconds: its `retryAfterMs`, a header of its response
 * (`retry-after-ms`, `Retry-After`, or after a 429 the reset of the rate limit), or the `retryDelay` in the body of
 * Google's. `undefined` when it has none of them, or only invalid ones.
 *
 * @param date what time it is, in milliseconds since the epoch
 */
export function retryAfterMs(error: unknown, date: number): number | undefined {
  for (const each of errorsWithin(error)) {
    const waitMs = askedBy(each, date);
    if (waitMs !== undefined) return waitMs;
  }
  return undefined;
}

function askedBy(error: unknown, date: number): number | undefined {
  const own = readProperty(error, 'retryAfterMs');
  if (typeof own === 'number' && own >= 0 && Number.isFinite(own)) return own;
  const seconds = secondsIn(headerOf(error, 'retry-after-ms'), 1_000) ?? secondsIn(ownText(error, 'retryAfterSeconds'));
  if (seconds !== undefined) return seconds * 1_000;
  return parseRetryAfter(headerOf(error, 'retry-after'), date) ?? untilReset(error, date) ?? inBody(error);
}

/** How Google says it, in the body of its answer: its own client and the AI SDK keep that as a text. */
const RETRY_DELAY = /\\?"retryDelay\\?"\s*:\s*\\?"(\d+(?:\.\d+)?)s/;
/** A message may be as long as a reply. */
const MAX_BODY = 10_000;

function inBody(error: unknown): number | undefined {
  for (const key of ['message', 'responseBody'] as const) {
    const seconds = secondsIn(RETRY_DELAY.exec(ownText(error, key)?.slice(0, MAX_BODY) ?? '')?.[1]);
    if (seconds !== undefined) return seconds * 1_000;
  }
  return undefined;
}

function ownText(error: unknown, key: string): string | undefined {
  const value = readProperty(error, key);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function untilReset(error: unknown, date: number): number | undefined {
  if (statusOf(error) !== 429) return undefined;
  for (const name of RESET_HEADERS) {
    const seconds = secondsIn(headerOf(error, name));
    if (seconds !== undefined) {
      return seconds < FIRST_DATE_SECONDS ? seconds * 1_000 : Math.max(0, seconds * 1_000 - date);
    }
  }
  return undefined;
}

/** The milliseconds of a Retry-After: seconds, also with a fraction, which some servers send, or a date of HTTP. */
export function parseRetryAfter(text: string | undefined, date: number): number | undefined {
  const seconds = secondsIn(text);
  if (seconds !== undefined) return seconds * 1_000;
  const at = text === undefined ? undefined : parseHttpDate(text, date);
  if (at === undefined || !Number.isFinite(date)) return undefined;
  return Math.max(0, at - date);
}

function secondsIn(text: string | undefined, unitsPerSecond = 1): number | undefined {
  if (text === undefined || !/^\d+(?:\.\d+)?$/.test(text)) return undefined;
  const seconds = Number(text) / unitsPerSecond;
  return seconds <= MAX_SECONDS ? seconds : undefined;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = '(?<hour>[01]\\d|2[0-3]):(?<minute>[0-5]\\d):(?<second>[0-5]\\d|60)';
const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
/** The three forms that every recipient must accept, all in GMT (RFC 9110, 5.6.7). */
const FORMS = [
  `${DAY_NAME}, (?<day>\\d\\d) ${MONTH} (?<year>\\d{4}) ${TIME} GMT`,
  `(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\\d\\d)-${MONTH}-(?<year>\\d\\d) ${TIME} GMT`,
  `${DAY_NAME} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})`,
].map((form) => new RegExp(`^${form}$`));
const FIFTY_YEARS_MS = 50 * 365.25 * 86_400_000;

/** A date of HTTP in milliseconds since the epoch; `undefined` for any other text and for a day that does not exist. */
export function parseHttpDate(text: string, now: number): number | undefined {
  const parts = FORMS.map((form) => form.exec(text)?.groups).find((groups) => groups !== undefined);
  if (parts === undefined) return undefined;
  const month = MONTHS.indexOf(parts.month ?? '');
  const day = Number(parts.day);
  const [hour, minute, second] = [Number(parts.hour), Number(parts.minute), Number(parts.second)];
  const inYear = (year: number) => {
    const start = new Date(Date.UTC(2000, month, 1, hour, minute, second));
    start.setUTCFullYear(year, month, day);
    return start.getUTCMonth() === month && start.getUTCDate() === day ? start.getTime() : undefined;
  };
  const year = Number(parts.year);
  if (parts.year?.length === 4) return inYear(year);
  // A year of two digits is the last one with these digits that is at most 50 years ahead.
  const limit = now + FIFTY_YEARS_MS;
  const century = Math.floor(new Date(limit).getUTCFullYear() / 100) * 100;
  const at = inYear(century + year);
  return at !== undefined && at <= limit ? at : inYear(century - 100 + year);
}
