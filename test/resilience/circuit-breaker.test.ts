import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  type CircuitBreakerOptions,
  CircuitOpenError,
  circuit,
  circuitBreaker,
  type Primitive,
  retry,
  stream,
  task,
  timeout,
} from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

const down = { error: new Error('down') };
const up = { result: 'ok' };
const collectGarbage = (globalThis as { gc?: () => void }).gc as () => void;

describe('circuitBreaker', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
  });
  afterEach(async () => {
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  const run = <In>(primitive: Primitive<In, unknown>, input?: In, signal?: AbortSignal) =>
    primitive.execute(input as In, { context: { clock }, signal }).then(
      () => 'ok',
      (error: unknown) => (error instanceof CircuitOpenError ? 'refused' : 'failed'),
    );
  const runs = async <In>(primitive: Primitive<In, unknown>, count: number) => {
    const results: string[] = [];
    for (let i = 0; i < count; i += 1) results.push(await run(primitive));
    return results;
  };
  const expectState = (name: string, state: number) =>
    telemetry.expectMetric('tta_circuit_breaker_state', { primitive_name: name }, state);
  const transitions = async (name: string) => {
    const { samples } = await telemetry.scrape();
    return Object.fromEntries(
      samples
        .filter(
          (sample) =>
            sample.name === 'tta_circuit_breaker_transitions_total' &&
            sample.labels.primitive_name === name &&
            sample.value > 0,
        )
        .map(({ labels, value }) => [labels.to, value]),
    );
  };

  it('refuses at once after so many failures in a row, and closes again when a probe succeeds', async () => {
    const inner = scriptedTask<void, string>('inner', [down, down, up]);
    const guarded = circuitBreaker(inner, { consecutiveFailures: 2, openMs: 1_000, name: 'a' });
    await expectState('a', 0);
    expect(await runs(guarded, 3)).toEqual(['failed', 'failed', 'refused']);
    expect(inner.calls).toHaveLength(2);
    await expectState('a', 2);
    await clock.advance(1_000);
    await expectState('a', 1);
    expect(await transitions('a')).toEqual({ open: 1 });
    expect(await runs(guarded, 1)).toEqual(['ok']);
    await expectState('a', 0);
    expect(await transitions('a')).toEqual({ open: 1, half_open: 1, closed: 1 });
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'circuit_breaker', outcome: 'rejected' },
      1,
    );
    const refused = telemetry.spans().find(({ attributes }) => attributes['tta.outcome'] === 'rejected');
    expect(refused?.attributes).toMatchObject({ 'tta.circuit_breaker.state': 'open' });
    const changes = telemetry
      .spans()
      .flatMap(({ events }) => events.filter((event) => event.name.endsWith('transition')));
    expect(changes.map((event) => event.attributes?.['tta.circuit_breaker.to'])).toEqual(['open', 'closed']);
  });

  it('says until when it refuses, in a sentence', async () => {
    const guarded = circuitBreaker(scriptedTask('inner', [down]), {
      consecutiveFailures: 1,
      openMs: 2_500,
      name: 'api',
    });
    await run(guarded);
    await clock.advance(500);
    await expect(guarded.execute(undefined, { context: { clock } })).rejects.toMatchObject({
      name: 'CircuitOpenError',
      message:
        'api is open because too much of its work failed; it refuses more for another 2000 ms (2030-01-01T00:00:02.500Z)',
      primitiveName: 'api',
      until: Date.UTC(2030, 0, 1, 0, 0, 2, 500),
      retryAfterMs: 2_000,
    });
  });

  it('is waited for by a retry around it as long as the circuit stays open', async () => {
    const inner = scriptedTask<string, string>('inner', [down, up]);
    const guarded = circuitBreaker(inner, { consecutiveFailures: 1, openMs: 5_000 });
    const running = retry(guarded, { initialDelayMs: 1, random: () => 1 }).execute('x', { context: { clock } });
    await clock.advance(4_999);
    expect(inner.calls).toHaveLength(1);
    await clock.advance(10);
    await expect(running).resolves.toBe('ok');
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'circuit_breaker', outcome: 'rejected' },
      1,
    );
  });

  it('opens by the share of failures in its window, and only with enough traffic', async () => {
    let failing = true;
    const inner = task('inner', () => (failing ? Promise.reject(new Error('down')) : 'ok'));
    const options = { failureRatio: 0.5, windowMs: 10_000, minimumThroughput: 4, openMs: 1_000 };
    const guarded = circuitBreaker(inner, options);
    expect(await runs(guarded, 3)).toEqual(['failed', 'failed', 'failed']);
    await clock.advance(10_000);
    expect(await runs(guarded, 1)).toEqual(['failed']);
    failing = false;
    expect(await runs(guarded, 2)).toEqual(['ok', 'ok']);
    failing = true;
    expect(await runs(guarded, 2)).toEqual(['failed', 'refused']);
  });

  it('opens again with a failed probe though its window now holds less than the minimum throughput', async () => {
    const guarded = circuitBreaker(scriptedTask('inner', [down]), {
      failureRatio: 0.5,
      windowMs: 100,
      minimumThroughput: 5,
      openMs: 1_000,
    });
    expect(await runs(guarded, 6)).toEqual([...Array(5).fill('failed'), 'refused']);
    for (let i = 0; i < 3; i += 1) {
      await clock.advance(1_000);
      expect(await runs(guarded, 2)).toEqual(['failed', 'refused']);
    }
    expect(await transitions('CircuitBreakerPrimitive')).toEqual({ open: 4, half_open: 3 });
  });

  it('is not locked when its half-open probe is aborted', async () => {
    let hang = false;
    const inner = task('inner', (fail: boolean) => {
      if (fail) throw new Error('down');
      return hang ? new Promise<string>(() => {}) : 'ok';
    });
    const guarded = circuitBreaker(inner, { consecutiveFailures: 1, openMs: 1_000, name: 'a' });
    await run(guarded, true);
    await clock.advance(1_000);
    hang = true;
    const controller = new AbortController();
    const probe = run(guarded, false, controller.signal);
    await settled();
    expect(await run(guarded, false)).toBe('refused');
    controller.abort(new Error('enough'));
    expect(await probe).toBe('failed');
    await expectState('a', 1);
    hang = false;
    expect(await run(guarded, false)).toBe('ok');
    await expectState('a', 0);
  });

  it('is not locked by a probe that never comes back', async () => {
    let hang = true;
    const inner = task('inner', (fail: boolean) => {
      if (fail) throw new Error('down');
      return hang ? new Promise<string>(() => {}) : 'ok';
    });
    const guarded = circuitBreaker(inner, { consecutiveFailures: 1, openMs: 1_000 });
    await run(guarded, true);
    await clock.advance(1_000);
    const controller = new AbortController();
    const lost = run(guarded, false, controller.signal);
    await settled();
    hang = false;
    const refused = await guarded.execute(false, { context: { clock } }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ retryAfterMs: 1_000, message: expect.stringContaining('half-open') });
    await clock.advance(1_000);
    expect(await run(guarded, false)).toBe('ok');
    controller.abort();
    expect(await lost).toBe('failed');
    expect(await run(guarded, false)).toBe('ok');
  });

  it('is not locked when its probe fails with an error that does not count', async () => {
    const missing = { error: Object.assign(new Error('not found'), { status: 404 }) };
    const guarded = circuitBreaker(scriptedTask('inner', [down, missing, up]), {
      consecutiveFailures: 1,
      openMs: 1_000,
    });
    await run(guarded);
    await clock.advance(1_000);
    expect(await runs(guarded, 3)).toEqual(['failed', 'ok', 'ok']);
    expect(await transitions('CircuitBreakerPrimitive')).toEqual({ open: 1, half_open: 1, closed: 1 });
  });

  it('is not locked when the predicate itself throws during a probe', async () => {
    let broken = false;
    const when = () => {
      if (broken) throw new TypeError('bad predicate');
      return true;
    };
    const guarded = circuitBreaker(scriptedTask('inner', [down, down, up]), {
      consecutiveFailures: 1,
      openMs: 10,
      when,
    });
    await run(guarded);
    await clock.advance(10);
    broken = true;
    await expect(guarded.execute(undefined, { context: { clock } })).rejects.toBe(down.error);
    expect(await run(guarded)).toBe('ok');
    const events = telemetry.spans().flatMap((span) => span.events.map(({ name }) => name));
    expect(events.filter((name) => name === 'tta.callback_error')).toHaveLength(1);
  });

  it('lets in no more probes than it may, however many ask in the same tick', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    let calls = 0;
    const inner = task('inner', async (fail: boolean) => {
      if (fail) throw new Error('down');
      calls += 1;
      await gate;
    });
    const guarded = circuitBreaker(inner, { consecutiveFailures: 1, openMs: 1_000, halfOpenProbes: 3 });
    await run(guarded, true);
    await clock.advance(1_000);
    const results = Promise.all(Array.from({ length: 1_000 }, () => run(guarded, false)));
    await settled();
    expect(calls).toBe(3);
    release();
    const counted = (await results).filter((result) => result === 'ok');
    expect(counted).toHaveLength(3);
    expect(await run(guarded, false)).toBe('ok');
  });

  it('moves on to half-open also when many failures at once came in after it had opened', async () => {
    let fail = (_: Error) => {};
    const gate = new Promise<never>((_, reject) => {
      fail = reject;
    });
    gate.catch(() => {});
    let broken = true;
    const guarded = circuitBreaker(
      task('inner', () => (broken ? gate : 'ok')),
      { consecutiveFailures: 5, openMs: 1_000 },
    );
    const all = Promise.all(Array.from({ length: 50 }, () => run(guarded)));
    await settled();
    fail(new Error('down'));
    expect(new Set(await all)).toEqual(new Set(['failed']));
    expect(await transitions('CircuitBreakerPrimitive')).toEqual({ open: 1 });
    broken = false;
    await clock.advance(1_000);
    expect(await run(guarded)).toBe('ok');
  });

  it('is not closed by a success that was under way before it opened', async () => {
    let finish = () => {};
    const slow = new Promise<string>((resolve) => {
      finish = () => resolve('late');
    });
    const inner = task('inner', (kind: 'slow' | 'fail') => {
      if (kind === 'fail') throw new Error('down');
      return slow;
    });
    const guarded = circuitBreaker(inner, { consecutiveFailures: 1, openMs: 1_000 });
    const late = run(guarded, 'slow');
    await settled();
    await run(guarded, 'fail');
    finish();
    expect(await late).toBe('ok');
    expect(await run(guarded, 'slow')).toBe('refused');
  });

  it('counts neither what was aborted nor what a policy inside refused', async () => {
    const controller = new AbortController();
    const inner = bulkhead(
      task('inner', () => new Promise<string>(() => {})),
      { concurrency: 1 },
    );
    const guarded = circuitBreaker(inner, { consecutiveFailures: 1, openMs: 1_000 });
    const hanging = run(guarded, undefined, controller.signal);
    await settled();
    expect(await runs(guarded, 3)).toEqual(['failed', 'failed', 'failed']);
    controller.abort();
    expect(await hanging).toBe('failed');
    expect(await transitions('CircuitBreakerPrimitive')).toEqual({});
  });

  it('counts a timeout inside as a failure', async () => {
    const hanging = task('inner', () => new Promise<string>(() => {}));
    const guarded = circuitBreaker(timeout(hanging, { timeoutMs: 50 }), { consecutiveFailures: 1, openMs: 1_000 });
    const running = run(guarded);
    await clock.advance(50);
    expect(await running).toBe('failed');
    expect(await run(guarded)).toBe('refused');
  });

  it('counts by default no error that only the caller can mend, and by choice what when says', async () => {
    const badRequest = { error: Object.assign(new Error('bad request'), { status: 400 }) };
    const byDefault = circuitBreaker(scriptedTask('inner', [badRequest]), { consecutiveFailures: 1, openMs: 1_000 });
    expect(await runs(byDefault, 3)).toEqual(['failed', 'failed', 'failed']);
    const when = (error: unknown) => (error as { status?: number }).status === 400;
    const byChoice = circuitBreaker(scriptedTask('inner', [badRequest]), {
      consecutiveFailures: 1,
      openMs: 1_000,
      when,
    });
    expect(await runs(byChoice, 2)).toEqual(['failed', 'refused']);
  });

  it('takes a stream that breaks in the middle for a failure, and one that is read to its end for a success', async () => {
    let broken = true;
    const chunks = stream('chunks', async function* () {
      yield 1;
      if (broken) throw new Error('cut');
    });
    const guarded = circuitBreaker(chunks, { consecutiveFailures: 1, openMs: 1_000, name: 'a' });
    const read = async () => {
      for await (const _ of await guarded.execute(undefined, { context: { clock } }));
    };
    await expect(read()).rejects.toThrow('cut');
    await expectState('a', 2);
    await clock.advance(1_000);
    broken = false;
    await read();
    await expectState('a', 0);
  });

  describe('with a circuit that was made elsewhere', () => {
    it('shares it, and shows it under the name of each that does', async () => {
      const shared = circuit({ consecutiveFailures: 2, openMs: 1_000 });
      const one = circuitBreaker(scriptedTask('one', [down]), { circuit: shared, name: 'one' });
      const two = circuitBreaker(scriptedTask('two', [down, up]), { circuit: shared, name: 'two' });
      expect([await run(one), await run(two), await run(one), await run(two)]).toEqual([
        'failed',
        'failed',
        'refused',
        'refused',
      ]);
      expect(shared.state).toBe('open');
      for (const name of ['one', 'two']) {
        await expectState(name, 2);
        expect(await transitions(name)).toEqual({ open: 1 });
      }
      const three = circuitBreaker(scriptedTask('three', [up]), { circuit: shared, name: 'three' });
      await expectState('three', 2);
      await clock.advance(1_000);
      expect(shared.state).toBe('half_open');
      expect(await run(three)).toBe('ok');
      expect(shared.state).toBe('closed');
      for (const name of ['one', 'two', 'three']) await expectState(name, 0);
    });

    it('can be isolated and reset by hand', async () => {
      const shared = circuit({ consecutiveFailures: 1, openMs: 1_000 });
      const guarded = circuitBreaker(scriptedTask('inner', [up, down]), { circuit: shared, name: 'a' });
      shared.isolate();
      shared.isolate();
      await clock.advance(1_000_000);
      expect(shared.state).toBe('isolated');
      await expectState('a', 2);
      await expect(guarded.execute(undefined, { context: { clock } })).rejects.toMatchObject({
        message: 'a is isolated; it lets work through again after a reset',
        until: undefined,
        retryAfterMs: undefined,
      });
      shared.reset();
      await expectState('a', 0);
      expect(await runs(guarded, 3)).toEqual(['ok', 'failed', 'refused']);
      shared.reset();
      expect(await run(guarded)).toBe('failed');
      expect(await transitions('a')).toEqual({ isolated: 1, closed: 2, open: 2 });
    });
  });

  describe('by key', () => {
    const failing = (bad: ReadonlySet<string>) =>
      task('inner', (key: string) => {
        if (bad.has(key)) throw new Error('down');
      });

    it('keeps a circuit for each and shows the worst of them, never the key', async () => {
      const bad = new Set(['client-1']);
      const options = { consecutiveFailures: 1, openMs: 1_000, key: (key: string) => key, name: 'keyed' };
      const guarded = circuitBreaker(failing(bad), options);
      expect(await run(guarded, 'client-1')).toBe('failed');
      expect([await run(guarded, 'client-1'), await run(guarded, 'client-2')]).toEqual(['refused', 'ok']);
      await expectState('keyed', 2);
      expect(await telemetry.scrapeText()).not.toContain('client');
      bad.clear();
      await clock.advance(1_000);
      await expectState('keyed', 1);
      expect(await run(guarded, 'client-1')).toBe('ok');
      await expectState('keyed', 0);
    });

    it('forgets the one unused for longest, and its state with it', async () => {
      const options = { consecutiveFailures: 1, openMs: 1_000, key: (key: string) => key, maxKeys: 2, name: 'evicted' };
      const guarded = circuitBreaker(failing(new Set(['x'])), options);
      await run(guarded, 'x');
      await run(guarded, 'y');
      expect(await run(guarded, 'x')).toBe('refused');
      await run(guarded, 'z');
      await expectState('evicted', 2);
      expect(await run(guarded, 'x')).toBe('refused');
      await run(guarded, 'y');
      await run(guarded, 'z');
      await expectState('evicted', 0);
      expect(await run(guarded, 'x')).toBe('failed');
    });

    it('refuses a key that is no text', async () => {
      const guarded = circuitBreaker(failing(new Set()), { consecutiveFailures: 1, openMs: 1, key: () => 7 as never });
      await expect(guarded.execute('x')).rejects.toThrow(
        'circuitBreaker around inner: key must give a text, got a number',
      );
    });
  });

  it('leaves the gauge when it was dropped while open', async () => {
    await (async () =>
      run(circuitBreaker(scriptedTask('inner', [down]), { consecutiveFailures: 1, openMs: 1e9, name: 'gone' })))();
    await expectState('gone', 2);
    const deadline = performance.now() + 10_000;
    for (let state = 2; state !== 0; ) {
      collectGarbage();
      await settled();
      const { samples } = await telemetry.scrape();
      state = samples.find(
        ({ name, labels }) => name === 'tta_circuit_breaker_state' && labels.primitive_name === 'gone',
      )?.value as number;
      if (performance.now() > deadline) break;
    }
    await expectState('gone', 0);
  });

  it('runs ten thousand at once and is right about every one of them', async () => {
    const guarded = circuitBreaker(
      task('inner', async (fail: boolean) => {
        await Promise.resolve();
        if (fail) throw new Error('down');
      }),
      { failureRatio: 0.5, windowMs: 1_000, minimumThroughput: 20_000, openMs: 1_000 },
    );
    const results = await Promise.all(Array.from({ length: 10_000 }, (_, i) => run(guarded, i % 4 === 0)));
    expect(results.filter((result) => result === 'failed')).toHaveLength(2_500);
    expect(results.filter((result) => result === 'ok')).toHaveLength(7_500);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'circuit_breaker' }, 10_000);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it.each<[object, string]>([
    [
      { openMs: 1 },
      'must say when to open, by consecutiveFailures alone or by failureRatio, windowMs, minimumThroughput together, got neither',
    ],
    [{ openMs: 1, failureRatio: 0.5 }, 'together, got failureRatio'],
    [{ openMs: 1, consecutiveFailures: 1, windowMs: 5 }, 'together, got consecutiveFailures, windowMs'],
    [{ consecutiveFailures: 0, openMs: 1 }, 'consecutiveFailures must be a whole number, 1 or more, got 0'],
    [{ consecutiveFailures: 1 }, 'openMs must be a finite number, 0 or more, got undefined'],
    [{ consecutiveFailures: 1, openMs: 10, maxOpenMs: 5 }, 'maxOpenMs must be a finite number, 10 or more, got 5'],
    [{ consecutiveFailures: 1, openMs: 10, openFactor: 0.5 }, 'openFactor must be a finite number, 1 or more, got 0.5'],
    [{ consecutiveFailures: 1, openMs: 10, halfOpenProbes: 0 }, 'halfOpenProbes must be a whole number, 1 or more'],
    [{ failureRatio: 0, windowMs: 1, minimumThroughput: 1, openMs: 1 }, 'failureRatio must be above 0'],
    [{ failureRatio: 1.1, windowMs: 1, minimumThroughput: 1, openMs: 1 }, 'failureRatio must be a number from 0 to 1'],
    [
      { consecutiveFailure: 1, openMs: 1 },
      'there is no option "consecutiveFailure"; did you mean consecutiveFailures?',
    ],
    [
      { consecutiveFailures: 1, openMs: 1, openFactor: 3 },
      'openFactor is of use only together with maxOpenMs, or the open time never grows, got 3',
    ],
    [{ circuit: {} }, 'circuit must be made by circuit({ … }), got an object with no keys'],
    [{ circuit: circuit({ consecutiveFailures: 1, openMs: 1 }), openMs: 1 }, 'circuit has its own rules'],
    [{ consecutiveFailures: 1, openMs: 1, maxKeys: 5 }, 'maxKeys is of use only together with key'],
    [{ consecutiveFailures: 1, openMs: 1, key: 'host' }, 'key must be a function, got "host"'],
    [{ consecutiveFailures: 1, openMs: 1, when: true }, 'when must be a function, got true'],
  ])('refuses %j at construction', (options, message) => {
    const build = () => circuitBreaker(scriptedTask('inner', [up]), options as CircuitBreakerOptions<unknown>);
    expect(build).toThrow('CircuitBreakerOptions: ');
    expect(build).toThrow(message);
  });
});
