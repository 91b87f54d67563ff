/** What is worth another try, by the errors that real clients throw. `test/resilience/clients.deep.ts` asks the clients. */
import { describe, expect, it, vi } from 'vitest';
import {
  BulkheadFullError,
  CompensationError,
  cache,
  circuitBreaker,
  hedge,
  LoopLimitError,
  rateLimit,
  retry,
  router,
  stream,
  task,
} from '../../src/index.ts';
import { JobDeadError, PayloadTooLargeError, StreamNotDistributableError } from '../../src/queue/index.ts';
import { judge } from '../../src/resilience/judge.ts';
import {
  ANSWERS,
  abort,
  error,
  fetchFailed,
  OWN_DOING,
  PAID_IN_VAIN,
  reply,
  reset,
  TRANSIENT,
} from '../support/client-errors.ts';

const circuitOf = (thrown: unknown) => judge(thrown).circuit;

describe('by default', () => {
  it.each(TRANSIENT)('is worth another try, and counts against a circuit: %s', (_, thrown) => {
    expect(judge(thrown)).toEqual({ retry: true, circuit: 'failure' });
  });

  it.each(ANSWERS)('is an answer, which no repetition changes: %s', (_, thrown) => {
    expect(judge(thrown)).toEqual({ retry: false, circuit: 'success' });
  });

  it.each(PAID_IN_VAIN)('is an answer, which would be paid again: %s', (_, thrown) => {
    expect(judge(thrown)).toEqual({ retry: false, circuit: 'success' });
  });

  it("is a failure that may be paid again: the provider's error in a 200", () => {
    for (const code of [undefined, 429, 502]) {
      expect(judge(reply('provider_error', code))).toEqual({ retry: false, circuit: 'failure' });
    }
  });

  it.each(OWN_DOING)("is the caller's own doing, and says nothing about the dependency: %s", (_, thrown) => {
    expect(judge(thrown)).toEqual({ retry: false, circuit: 'unknown' });
  });

  it('is broken for good where the certificate is not trusted, or the client says so of a 200', () => {
    const untrusted = fetchFailed(error({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }));
    const ofAiSdk = error({ name: 'AI_APICallError', isRetryable: true }, 'Cannot connect to API', untrusted);
    const afterItsTries = error({ name: 'AI_RetryError', errors: [ofAiSdk, ofAiSdk], lastError: ofAiSdk });
    const garbled = error({ name: 'AI_APICallError', statusCode: 200, isRetryable: false });
    for (const thrown of [untrusted, ofAiSdk, afterItsTries, garbled]) {
      expect(judge(thrown)).toEqual({ retry: false, circuit: 'failure' });
    }
  });

  it.each([
    [{ status: 401, headers: { 'X-Should-Retry': 'true' } }, true, 'success'],
    [{ status: 503, headers: new Headers({ 'x-should-retry': 'false' }) }, false, 'failure'],
    [{ statusCode: 429, isRetryable: true, responseHeaders: { 'x-should-retry': 'false' } }, false, 'failure'],
    [{ response: { statusCode: 500, headers: [['x-should-retry', 'false']] } }, false, 'failure'],
    [{ status: 401, headers: new Map([['X-Should-Retry', 'true']]) }, true, 'success'],
    [{ status: 401, headers: ['X-Should-Retry', 'true'] }, true, 'success'],
    [{ status: 401, headers: { 'x-should-retry': 'perhaps' } }, false, 'success'],
  ])('obeys x-should-retry, and no other value of it: %#', (properties, again, circuit) => {
    expect(judge(error(properties))).toEqual({ retry: again, circuit });
  });

  it('reads errors that lie, throw and go in circles, and never throws itself', () => {
    const circle = error({ name: 'A' });
    Object.assign(circle, { cause: circle, errors: [circle], lastError: circle });
    const trap = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('hands off');
      },
      getPrototypeOf: () => {
        throw new Error('hands off');
      },
    });
    const odd = error({
      status: Number.NaN,
      headers: { get: () => trap },
      name: 5,
      code: {},
      message: null,
      errors: 'no',
    });
    for (const thrown of [circle, trap, odd, error({ cause: trap }), Object.create(null)]) {
      expect(judge(thrown)).toEqual({ retry: true, circuit: 'failure' });
    }
  });
});

describe('an error of ours', () => {
  const nothing = task('nothing', () => 1);
  const failureOf = (running: Promise<unknown>) => running.catch((thrown: unknown) => thrown);

  it('is not repeated where a repetition brings it again', async () => {
    const heavy = rateLimit(nothing, { permits: 1, perMs: 1, weight: () => 5 });
    const nowhere = router((() => 'c') as never, { a: nothing });
    const thrown = [
      await failureOf(heavy.execute(undefined)),
      await failureOf(nowhere.execute(undefined)),
      new LoopLimitError('loop', 3, 'x'),
      new CompensationError('saga', 1, [], reset),
      new JobDeadError('texts', 'id', 'it has ended 3 workers'),
      new PayloadTooLargeError('input', 1),
      new PayloadTooLargeError('output', 1),
      new StreamNotDistributableError('chunks'),
    ];
    expect(thrown.map((each) => judge(each).retry)).toEqual(thrown.map(() => false));
  });

  it('is repeated where it passes', async () => {
    const down = task('down', () => Promise.reject(new Error('down')));
    const guarded = circuitBreaker(down, { consecutiveFailures: 1, openMs: 60_000 });
    await failureOf(guarded.execute(undefined));
    const thrown = [await failureOf(guarded.execute(undefined)), new BulkheadFullError('b', 1, 0)];
    expect(thrown.map(judge)).toEqual(Array(2).fill({ retry: true, circuit: 'unknown' }));
  });

  it('does not repeat a stream in a cache, which cannot be kept', async () => {
    const chunks = stream('s', async function* () {
      yield 1;
    });
    const onRetry = vi.fn();
    const kept = cache(chunks, { key: () => 'a' });
    await expect(retry(kept, { initialDelayMs: 0, onRetry }).execute(undefined)).rejects.toThrow('gave a stream');
    expect(onRetry).not.toHaveBeenCalled();
  });
});

it('leaves a circuit closed after aborts, bugs and answers, and a half-open one as it is', async () => {
  for (const [name, thrown] of [...OWN_DOING, ...ANSWERS, ...PAID_IN_VAIN]) {
    expect([name, circuitOf(thrown)]).not.toEqual([name, 'failure']);
  }
  const failing = task('failing', () => Promise.reject(abort()));
  const guarded = circuitBreaker(failing, { consecutiveFailures: 1, openMs: 60_000 });
  for (let i = 0; i < 3; i += 1) await expect(guarded.execute(undefined)).rejects.toMatchObject({ name: 'AbortError' });
});

it('is the default of retry and of hedge', async () => {
  let calls = 0;
  const denied = error({ statusCode: 401 });
  const ask = task('ask', () => {
    calls += 1;
    return Promise.reject(denied);
  });
  await expect(retry(ask, { initialDelayMs: 0 }).execute(undefined)).rejects.toBe(denied);
  await expect(hedge(ask, { delayMs: 60_000 }).execute(undefined)).rejects.toBe(denied);
  expect(calls).toBe(2);
});
