import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  doNotRetry,
  hedge,
  type Primitive,
  retry,
  retryBudget,
  stream,
  task,
  type WorkflowContext,
} from '../../src/index.ts';
import { backoffDelay } from '../../src/resilience/backoff.ts';
import { retryAfterMs } from '../../src/resilience/retry-after.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

const fail = (properties: object = {}) => ({ error: Object.assign(new Error('busy'), properties) });

describe('retry', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  const results = async () => {
    const { samples } = await telemetry.scrape();
    return Object.fromEntries(
      samples
        .filter(({ name, value }) => name === 'tta_retry_attempts_total' && value > 0)
        .map(({ labels, value }) => [labels.result, value]),
    );
  };

  it('retries until it succeeds, waiting longer from try to try', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [fail(), fail(), { result: 'ok' }]);
    const running = retry(inner, { initialDelayMs: 100, random: () => 1 }).execute('x', { context: { clock } });
    await clock.advance(99);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(1);
    expect(inner.calls).toHaveLength(2);
    await clock.advance(199);
    expect(inner.calls).toHaveLength(2);
    await clock.advance(1);
    await expect(running).resolves.toBe('ok');
    expect(await results()).toEqual({ success_retried: 1 });
    expect(clock.pending).toBe(0);
    telemetry.expectSpans(`
      retry RetryPrimitive
        task inner !Error
        task inner !Error
        task inner
    `);
  });

  it('shows each retry with attempt, delay and reason on its span', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [fail(), { result: 'ok' }]);
    const running = retry(inner, { initialDelayMs: 100, random: () => 0.5 }).execute('x', { context: { clock } });
    await clock.advance(100);
    await running;
    const span = telemetry.spans().find(({ name }) => name === 'retry RetryPrimitive');
    expect(span?.attributes).toMatchObject({ 'tta.retry.result': 'success_retried', 'tta.retry.attempts': 2 });
    expect(span?.events[0]).toMatchObject({
      name: 'tta.retry',
      attributes: { 'tta.retry.attempt': 1, 'tta.retry.delay_seconds': 0.05, 'exception.message': 'busy' },
    });
  });

  it('gives up after maxRetries with the last error', async () => {
    const last = new Error('last');
    const inner = scriptedTask('inner', [fail(), fail(), { error: last }]);
    await expect(retry(inner, { maxRetries: 2, initialDelayMs: 0 }).execute('x')).rejects.toBe(last);
    expect(inner.calls).toHaveLength(3);
    expect(await results()).toEqual({ failure_exhausted: 1 });
  });

  it('does not retry what when refuses, nor a client error that no repetition mends', async () => {
    const refused = scriptedTask('inner', [fail()]);
    await expect(retry(refused, { when: () => false }).execute('x')).rejects.toThrow('busy');
    const unauthorized = scriptedTask('inner', [fail({ status: 401 })]);
    await expect(retry(unauthorized).execute('x')).rejects.toThrow('busy');
    expect([refused.calls.length, unauthorized.calls.length]).toEqual([1, 1]);
    expect(await results()).toEqual({ failure_not_retryable: 2 });
  });

  it.each([
    [
      'throws',
      () => {
        throw new TypeError('bad predicate');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('bad predicate'))],
  ])(
    'keeps the error of the work when the predicate %s, does not try again, and shows both on the span',
    async (_, when) => {
      const inner = scriptedTask('inner', [fail()]);
      await expect(retry(inner, { when }).execute('x')).rejects.toThrow('busy');
      expect(inner.calls).toHaveLength(1);
      expect(await results()).toEqual({ failure_not_retryable: 1 });
      const span = telemetry.spans().find(({ name }) => name === 'retry RetryPrimitive');
      expect(span?.events.map(({ name, attributes }) => [name, attributes?.['exception.message']])).toEqual([
        ['tta.callback_error', 'bad predicate'],
      ]);
    },
  );

  it.each([
    ['seconds in Headers', { status: 429, headers: new Headers({ 'retry-after': '7' }) }, 7_000],
    ['milliseconds', { headers: { 'Retry-After-Ms': '1500' } }, 1_500],
    ['a date', { headers: { 'retry-after': new Date(Date.UTC(2030, 0, 1, 0, 0, 9)).toUTCString() } }, 9_000],
    ['a response', { response: { headers: { 'Retry-After': 3 } } }, 3_000],
  ])('waits as long as the server asks with %s', async (_, properties, waitMs) => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [fail(properties), { result: 'ok' }]);
    const running = retry(inner, { random: () => 0 }).execute('x', { context: { clock } });
    await clock.advance(waitMs - 1);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(1);
    await expect(running).resolves.toBe('ok');
  });

  it('never waits longer than maxDelayMs, whatever the server asks', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [
      fail({ headers: { 'retry-after': '86400' } }),
      { result: 'ok' },
    ]);
    const running = retry(inner, { maxDelayMs: 1_000 }).execute('x', { context: { clock } });
    await clock.advance(1_000);
    await expect(running).resolves.toBe('ok');
  });

  it('stops waiting in the tick of an abort and leaves no timer', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const inner = scriptedTask('inner', [fail()]);
    const running = retry(inner, { initialDelayMs: 1_000, random: () => 1 }).execute('x', {
      signal: controller.signal,
      context: { clock },
    });
    await settled();
    expect(clock.pending).toBe(1);
    const reason = new Error('enough');
    controller.abort(reason);
    expect(clock.pending).toBe(0);
    await expect(running).rejects.toBe(reason);
    expect(await results()).toEqual({ failure_not_retryable: 1 });
  });

  it('waits as long as an error of ours asks in retryAfterMs', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [fail({ retryAfterMs: 4_000 }), { result: 'ok' }]);
    const running = retry(inner, { random: () => 0 }).execute('x', { context: { clock } });
    await clock.advance(3_999);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(1);
    await expect(running).resolves.toBe('ok');
  });

  it.each([
    ['none', [100, 200, 400]],
    ['full', [50, 100, 200]],
    ['decorrelated', [200, 350, 575]],
  ] as const)('spreads its waits with jitter %s', async (jitter, delays) => {
    const clock = createVirtualClock();
    const inner = scriptedTask('inner', [fail()]);
    const running = retry(inner, { initialDelayMs: 100, jitter, random: () => 0.5 }).execute('x', {
      context: { clock },
    });
    running.catch(() => {});
    await clock.advance(2_000);
    await expect(running).rejects.toThrow('busy');
    const span = telemetry.spans().find(({ name }) => name === 'retry RetryPrimitive');
    const waits = span?.events.map(({ attributes }) => attributes?.['tta.retry.delay_seconds']);
    expect(waits?.slice(0, 3)).toEqual(delays.map((ms) => ms / 1_000));
    expect(span?.attributes['tta.retry.stopped_by']).toBe('max_retries');
  });

  describe('with a deadline', () => {
    const options = { deadlineMs: 1_000, initialDelayMs: 400, jitter: 'none' } as const;

    it('begins no wait that would end after it', async () => {
      const clock = createVirtualClock();
      const inner = scriptedTask('inner', [fail()]);
      const running = retry(inner, options).execute('x', { context: { clock } });
      running.catch(() => {});
      await clock.advance(400);
      // The next wait of 800 ms would end at 1,200.
      await expect(running).rejects.toThrow('busy');
      expect(inner.calls).toHaveLength(2);
      expect(clock.pending).toBe(0);
      expect(await results()).toEqual({ failure_exhausted: 1 });
      expect(telemetry.spans().at(-1)?.attributes['tta.retry.stopped_by']).toBe('deadline');
    });

    it('aborts the try that is running then, and tells of the failure before it', async () => {
      const clock = createVirtualClock();
      const inner = scriptedTask('inner', [fail(), { result: 'too late', delayMs: 5_000 }]);
      const running = retry(inner, options).execute('x', { context: { clock } });
      running.catch(() => {});
      await clock.advance(999);
      expect(clock.pending).toBe(2);
      await clock.advance(1);
      await expect(running).rejects.toMatchObject({
        name: 'PrimitiveTimeoutError',
        message: 'retry around inner did not finish within 1000 ms',
        cause: { message: 'busy' },
      });
      expect(clock.pending).toBe(0);
      expect(await results()).toEqual({ failure_exhausted: 1 });
      await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'retry', outcome: 'timeout' }, 1);
    });

    it('leaves no timer when it is met', async () => {
      const clock = createVirtualClock();
      await retry(scriptedTask('inner', [{ result: 1 }]), options).execute('x', { context: { clock } });
      expect(clock.pending).toBe(0);
    });
  });

  describe('with a budget', () => {
    it('adds no more than its share to the traffic of all that share it', async () => {
      const clock = createVirtualClock();
      const budget = retryBudget({ ratio: 0.1, minPerSecond: 0 });
      const inner = scriptedTask('inner', [fail()]);
      const some = retry(inner, { budget, initialDelayMs: 0 });
      const others = retry(inner, { budget, initialDelayMs: 0, name: 'others' });
      const runs = Array.from({ length: 1_000 }, (_, i) =>
        (i % 2 === 0 ? some : others).execute('x', { context: { clock } }).catch(() => {}),
      );
      await clock.advance(1);
      await Promise.all(runs);
      expect(inner.calls).toHaveLength(1_100);
      expect(await results()).toEqual({ failure_exhausted: 500 });
      await telemetry.expectMetric('tta_retry_attempts_total', { result: 'failure_exhausted' }, 1_000);
      const stops = telemetry.spans().map(({ attributes }) => attributes['tta.retry.stopped_by']);
      expect(stops.filter((stop) => stop === 'budget').length).toBeGreaterThan(900);
    });

    it('gets back what an aborted wait had taken', async () => {
      const clock = createVirtualClock();
      const budget = retryBudget({ ratio: 0, minPerSecond: 1, windowMs: 1_000 });
      const controller = new AbortController();
      const aborted = retry(scriptedTask('inner', [fail()]), { budget }).execute('x', {
        signal: controller.signal,
        context: { clock },
      });
      aborted.catch(() => {});
      await settled();
      controller.abort(new Error('stop'));
      await expect(aborted).rejects.toThrow('stop');
      const inner = scriptedTask('inner', [fail(), { result: 'ok' }]);
      const second = retry(inner, { budget, initialDelayMs: 0 }).execute('x', { context: { clock } });
      await clock.advance(0);
      await expect(second).resolves.toBe('ok');
    });
  });

  it('tells the function which try it is, from 1, also where retries are nested', async () => {
    const seen: number[] = [];
    const work = task('work', (_: string, context) => {
      seen.push(context.attempt);
      throw new Error('down');
    });
    const steady = (inner: Primitive<string, never>) => retry(inner, { maxRetries: 1, initialDelayMs: 0 });
    await expect(steady(steady(work)).execute('x')).rejects.toThrow('down');
    expect(seen).toEqual([1, 2, 1, 2]);
    await expect(work.execute('x')).rejects.toThrow('down');
    expect(seen.at(-1)).toBe(1);
  });

  it('calls onRetry before each wait, with the error and the number of the try, and waits for it', async () => {
    const clock = createVirtualClock();
    const inner = scriptedTask<string, string>('inner', [fail(), fail(), { result: 'ok' }]);
    const seen: unknown[] = [];
    const onRetry = async (error: unknown, { attempt, clock }: WorkflowContext) => {
      await clock.sleep(50);
      seen.push([(error as Error).message, attempt, inner.calls.length]);
    };
    const options = { onRetry, initialDelayMs: 100, jitter: 'none' } as const;
    const running = retry(inner, options).execute('x', { context: { clock } });
    await clock.advance(149);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(1);
    expect(inner.calls).toHaveLength(2);
    await clock.advance(250);
    await expect(running).resolves.toBe('ok');
    expect(seen).toEqual([
      ['busy', 1, 1],
      ['busy', 2, 2],
    ]);
  });

  it('goes on after an onRetry that throws, shows that on the span, and does not hold an abort', async () => {
    const inner = scriptedTask<string, string>('inner', [fail(), { result: 'ok' }]);
    const broken = () => {
      throw new Error('no log');
    };
    await expect(retry(inner, { onRetry: broken, initialDelayMs: 0 }).execute('x')).resolves.toBe('ok');
    expect(
      telemetry
        .spans()
        .at(-1)
        ?.events.map(({ name }) => name),
    ).toEqual(['tta.retry', 'tta.callback_error']);
    const controller = new AbortController();
    const held = retry(scriptedTask('inner', [fail()]), { onRetry: () => new Promise(() => {}) });
    const running = held.execute('x', { signal: controller.signal });
    await settled();
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  describe('with whenResult', () => {
    const options = { whenResult: (text: string) => text === 'poor', initialDelayMs: 0 };

    it('tries again until the result is good enough, and counts a success', async () => {
      const inner = scriptedTask<string, string>('inner', [{ result: 'poor' }, fail(), { result: 'good' }]);
      await expect(retry(inner, options).execute('x')).resolves.toBe('good');
      expect(await results()).toEqual({ success_retried: 1 });
    });

    it('returns the last result, however poor, and counts that the tries were used up', async () => {
      const inner = scriptedTask<string, string>('inner', [{ result: 'poor' }]);
      const onRetry = vi.fn();
      await expect(retry(inner, { ...options, maxRetries: 2, onRetry }).execute('x')).resolves.toBe('poor');
      expect(inner.calls).toHaveLength(3);
      expect(onRetry.mock.calls.map(([error, { attempt }]) => [error, attempt])).toEqual([
        [undefined, 1],
        [undefined, 2],
      ]);
      expect(await results()).toEqual({ failure_exhausted: 1 });
      await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'retry', status: 'success' }, 1);
      const span = telemetry.spans().at(-1);
      expect(span?.attributes).toMatchObject({ 'tta.retry.attempts': 3, 'tta.retry.stopped_by': 'max_retries' });
      expect(JSON.stringify(span?.events)).not.toContain('poor');
    });

    it('waits as long as the response asks that was not good enough', async () => {
      const clock = createVirtualClock();
      const headers = { 'retry-after': '2' };
      const inner = scriptedTask<string, Response>('fetch', [
        { result: new Response('', { status: 503, headers }) },
        { result: new Response('ok') },
      ]);
      const whenResult = ({ status }: Response) => status === 503;
      const running = retry(inner, { whenResult, random: () => 0 }).execute('x', { context: { clock } });
      await clock.advance(1_999);
      expect(inner.calls).toHaveLength(1);
      await clock.advance(1);
      await expect(running).resolves.toMatchObject({ status: 200 });
    });

    it('may answer later, and ends the execution with its own error', async () => {
      const later = { ...options, whenResult: async (text: string) => text === 'poor' };
      const inner = scriptedTask<string, string>('inner', [{ result: 'poor' }, { result: 'good' }]);
      await expect(retry(inner, later).execute('x')).resolves.toBe('good');
      const broken = { ...options, whenResult: (text: string) => JSON.parse(text) as boolean };
      await expect(retry(inner, broken).execute('x')).rejects.toThrow('JSON');
      expect(inner.calls).toHaveLength(3);
    });

    it('is not asked about a stream', async () => {
      const whenResult = vi.fn(() => true);
      const chunks = stream('s', async function* () {
        yield 1;
      });
      const output = await retry(chunks, { whenResult }).execute(undefined);
      for await (const chunk of output) expect(chunk).toBe(1);
      expect(whenResult).not.toHaveBeenCalled();
    });
  });

  describe('after an error that doNotRetry has marked', () => {
    const always = { when: () => true, initialDelayMs: 0 };

    it.each([
      ['an error', new Error('mine')],
      ['a frozen error', Object.freeze(new Error('mine'))],
      ['a proxy', new Proxy(new Error('mine'), { defineProperty: () => false })],
    ])('does not try again, whatever when says, and rejects with the same object: %s', async (_, mine) => {
      expect(doNotRetry(mine)).toBe(mine);
      expect(Object.keys(mine)).toEqual([]);
      const inner = scriptedTask('inner', [{ error: mine }]);
      await expect(retry(inner, always).execute('x')).rejects.toBe(mine);
      await expect(hedge(inner, { delayMs: 60_000, when: () => true }).execute('x')).rejects.toBe(mine);
      expect(inner.calls).toHaveLength(2);
    });

    it('does not try again where it is a cause, or was marked by other code', async () => {
      const wrapped = new Error('outer', { cause: new Error('middle', { cause: doNotRetry(new Error('inner')) }) });
      const byOthers = Object.assign(new Error('theirs'), { [Symbol.for('tta-primitives.doNotRetry')]: true });
      for (const error of [wrapped, byOthers]) {
        const inner = scriptedTask('inner', [{ error }]);
        await expect(retry(inner, always).execute('x')).rejects.toBe(error);
        expect(inner.calls).toHaveLength(1);
      }
    });

    it('refuses to mark what cannot be marked', () => {
      expect(() => doNotRetry('text' as never)).toThrow('doNotRetry: error must be an object, got "text"');
    });
  });

  it.each([
    [{ maxRetries: -1 }, 'RetryOptions: maxRetries must be a whole number, 0 or more, got -1'],
    [{ maxRetries: 1.5 }, 'RetryOptions: maxRetries must be a whole number, 0 or more, got 1.5'],
    [{ initialDelayMs: Number.NaN }, 'RetryOptions: initialDelayMs must be a finite number, 0 or more, got NaN'],
    [{ maxRetry: 2 }, 'RetryOptions: there is no option "maxRetry"; did you mean maxRetries?'],
    [{ when: 'always' }, 'RetryOptions: when must be a function, got "always"'],
    [{ jitter: 'some' }, 'RetryOptions: jitter must be one of full, decorrelated, none, got "some"'],
    [{ deadlineMs: -1 }, 'RetryOptions: deadlineMs must be a finite number, 0 or more, got -1'],
    [{ budget: { ratio: 1 } }, 'RetryOptions: budget must be made by retryBudget({ … }), got an object with ratio'],
  ])('refuses %j at construction', (options, message) => {
    expect(() => retry(scriptedTask('inner', [fail()]), options as never)).toThrow(message);
  });
});

describe('backoffDelay', () => {
  const backoff = { initialDelayMs: 100, maxDelayMs: 1_000 } as const;
  const delays = (jitter: 'full' | 'none', random: number) =>
    [1, 2, 3, 4, 5, 5_000].map((attempt) => backoffDelay({ ...backoff, jitter }, attempt, 0, random));

  it('doubles up to the maximum, of which full jitter takes a random part', () => {
    const doubled = [100, 200, 400, 800, 1_000, 1_000];
    expect(delays('none', 0.25)).toEqual(doubled);
    expect(delays('full', 1)).toEqual(doubled);
    expect(delays('full', 0.25)).toEqual(doubled.map((delay) => delay / 4));
  });

  it('goes from the first delay to three times the one before with decorrelated jitter', () => {
    const next = (previousMs: number, random: number) =>
      backoffDelay({ ...backoff, jitter: 'decorrelated' }, 1, previousMs, random);
    expect([next(100, 0), next(100, 1), next(200, 0.5), next(900, 1), next(0, 1)]).toEqual([100, 300, 350, 1_000, 100]);
  });
});

describe('retryAfterMs', () => {
  it.each([undefined, null, 'text', {}, { headers: null }, { headers: { 'retry-after': 'soon' } }, { headers: [] }])(
    'finds nothing in %j',
    (error) => {
      expect(retryAfterMs(error, 0)).toBeUndefined();
    },
  );
});
