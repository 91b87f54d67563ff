import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retry, task } from '../../src/index.ts';
import { askedDelay } from '../../src/resilience/backoff.ts';
import { parseRetryAfter, retryAfterMs } from '../../src/resilience/retry-after.ts';
import { createVirtualClock } from '../../src/testing/index.ts';

const NOW = Date.UTC(2030, 0, 1);
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const two = (n: number) => String(n).padStart(2, '0');

/** The three forms of a date of HTTP (RFC 9110, 5.6.7). */
function formsOf(date: Date) {
  const [day, month, year] = [date.getUTCDate(), MONTHS[date.getUTCMonth()], date.getUTCFullYear()];
  const weekday = DAYS[date.getUTCDay()] as string;
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  return {
    imf: `${weekday.slice(0, 3)}, ${two(day)} ${month} ${year} ${time} GMT`,
    rfc850: `${weekday}, ${two(day)}-${month}-${two(year % 100)} ${time} GMT`,
    asctime: `${weekday.slice(0, 3)} ${month} ${String(day).padStart(2)} ${time} ${year}`,
  };
}

describe('Retry-After', () => {
  it('is read in every lawful form, whatever the time zone', () => {
    const seconds = fc.integer({ min: Date.UTC(1981, 0, 1) / 1_000, max: Date.UTC(2079, 0, 1) / 1_000 });
    fc.assert(
      fc.property(seconds, (at) => {
        const waitMs = Math.max(0, at * 1_000 - NOW);
        for (const text of Object.values(formsOf(new Date(at * 1_000))))
          expect(parseRetryAfter(text, NOW)).toBe(waitMs);
      }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (delta) => {
        expect(parseRetryAfter(String(delta), NOW)).toBe(delta * 1_000);
      }),
    );
    expect(parseRetryAfter(new Date(NOW + 9_000).toUTCString(), NOW)).toBe(9_000);
    expect(parseRetryAfter('0.5', NOW)).toBe(500);
  });

  it.each([
    ...['-3600', '3600.', '.5', '3600 (1 hour)', '', ' ', '+5', '1e3', '0x10', '5s', '3, 5', 'soon', 'NaN', 'Infinity'],
    ...['9'.repeat(20), '9'.repeat(400), '2030', '2030-01-01', 'Tue, 01 Jan 2030', 'Tue, 01 Jan 2030 00:00:09'],
    ...['Tue, 31 Feb 2030 00:00:09 GMT', 'Tue, 01 Jan 2030 24:00:00 GMT', 'Tue, 1 Jan 2030 00:00:09 GMT'],
    'Tue, 01 Jan 2030 00:00:09 +0100',
  ])('is ignored where it is %j', (text) => {
    const own = parseRetryAfter(text, NOW);
    expect(own === undefined || /^\d+$/.test(text)).toBe(true);
    if (text !== '2030') expect(own).toBeUndefined();
  });

  it('is ignored where it is any other text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/^\d+(\.\d+)?$/.test(text));
        expect(parseRetryAfter(text, NOW)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['openai', { headers: new Headers({ 'retry-after': '7' }) }, 7_000],
    ['AI SDK', { responseHeaders: { 'retry-after': '7' } }, 7_000],
    ['AI SDK after its own tries', { lastError: { responseHeaders: { 'retry-after': '7' } } }, 7_000],
    ['Mistral and Cohere', { rawResponse: { headers: new Headers({ 'Retry-After': '7' }) } }, 7_000],
    ['ky', { response: new Response('', { headers: { 'retry-after': '7' } }) }, 7_000],
    ['got and axios', { response: { headers: { 'retry-after': '7' } } }, 7_000],
    ['AWS', { $response: { headers: { 'Retry-After': '7' } } }, 7_000],
    ['a cause', { cause: { cause: { headers: { 'retry-after': 7 } } } }, 7_000],
    ['milliseconds first', { headers: { 'retry-after-ms': '1500.5', 'retry-after': '7' } }, 1_500.5],
    ['malformed milliseconds', { headers: { 'retry-after-ms': '-1', 'retry-after': '7' } }, 7_000],
    ['a list of values', { headers: { 'retry-after': ['7', '8'] } }, 7_000],
    ['the end of a rate limit', { status: 429, headers: { 'RateLimit-Reset': '7' } }, 7_000],
    ['the date of that end', { status: 429, headers: { 'X-RateLimit-Reset': String(NOW / 1_000 + 7) } }, 7_000],
    ['the end of a rate limit that was not reached', { status: 500, headers: { 'RateLimit-Reset': '7' } }, undefined],
    ['a policy of ours', { retryAfterMs: 12.5 }, 12.5],
  ])('is found where %s has it', (_, error, waitMs) => {
    expect(retryAfterMs(error, NOW)).toBe(waitMs);
  });

  it('is read from the body of an answer of Google, whose clients keep no headers', () => {
    const body = { error: { code: 429, details: [{ '@type': 'RetryInfo', retryDelay: '34.5s' }] } };
    const message = JSON.stringify({ error: { message: JSON.stringify(body, null, 2), code: 429 } });
    for (const error of [
      { message: JSON.stringify(body) },
      { message },
      { responseBody: JSON.stringify(body, null, 1) },
    ])
      expect(retryAfterMs({ status: 429, ...error }, NOW)).toBe(34_500);
    expect(retryAfterMs({ message: '"retryDelay":"soon"' }, NOW)).toBeUndefined();
  });

  it('is read from an error of AWS that says it in seconds', () => {
    for (const retryAfterSeconds of [3, '3'])
      expect(retryAfterMs({ name: 'ThrottlingException', retryAfterSeconds }, NOW)).toBe(3_000);
  });

  it('has no meaning as a date where nobody knows what time it is', () => {
    expect(parseRetryAfter(new Date(NOW).toUTCString(), Number.NaN)).toBeUndefined();
  });
});

describe('the wait that was asked for', () => {
  const backoff = { initialDelayMs: 250, maxDelayMs: 30_000, jitter: 'full' } as const;

  it('is never shorter than asked, and never longer than maxDelayMs', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 60_000, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom('full', 'decorrelated', 'none'),
        (askedMs, attempt, random, jitter) => {
          const waitMs = askedDelay({ ...backoff, jitter }, askedMs, attempt, 250, random);
          expect(waitMs).toBeLessThanOrEqual(30_000);
          if (askedMs <= 30_000) expect(waitMs).toBeGreaterThanOrEqual(askedMs);
          else expect(waitMs).toBeGreaterThanOrEqual(27_000);
        },
      ),
    );
  });

  it.each([
    ['of the server', { status: 429, headers: { 'retry-after': '5' } }, 5_000],
    ['of a server that asks for more than maxDelayMs', { status: 429, headers: { 'retry-after': '3600' } }, 27_000],
    ['of an open circuit', { name: 'CircuitOpenError', retryAfterMs: 5_000 }, 5_000],
  ])('brings 100 callers %s back one after the other', async (_, properties, earliestMs) => {
    const clock = createVirtualClock();
    const startedAt = clock.now();
    const returns: number[] = [];
    const work = task('work', async (_: number, context) => {
      if (context.attempt === 1) throw Object.assign(new Error('full'), properties);
      returns.push(clock.now() - startedAt);
    });
    const runs = Array.from({ length: 100 }, (_, i) =>
      retry(work, { maxRetries: 1 }).execute(i, { context: { clock } }),
    );
    await clock.advance(30_000);
    await Promise.all(runs);
    expect(Math.min(...returns)).toBeGreaterThanOrEqual(earliestMs);
    expect(new Set(returns.map(Math.floor)).size).toBeGreaterThan(50);
  });
});
