import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hedge, llm, type Model, type Primitive, sequential, stream, task, workflow } from '../../src/index.ts';
import {
  createVirtualClock,
  type ScriptStep,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

const down = new Error('down');

describe('hedge', () => {
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

  const script = (...steps: ScriptStep<string>[]) => scriptedTask<string, string>('inner', steps);
  const run = <Out>(primitive: Primitive<string, Out>, signal?: AbortSignal) => {
    const running = primitive.execute('x', { context: { clock }, signal });
    running.catch(() => {});
    return running;
  };
  const results = async () => {
    const { samples } = await telemetry.scrape();
    return Object.fromEntries(
      samples
        .filter(({ name, value }) => name === 'tta_hedge_attempts_total' && value > 0)
        .map(({ labels, value }) => [labels.result, value]),
    );
  };

  it('does not begin a second try when the first answers in time', async () => {
    const inner = script({ result: 'first', delayMs: 99 });
    const running = run(hedge(inner, { delayMs: 100 }));
    await clock.advance(99);
    await expect(running).resolves.toBe('first');
    expect(clock.pending).toBe(0);
    expect(inner.calls).toHaveLength(1);
    expect(await results()).toEqual({ primary: 1 });
  });

  it('begins a second try when the first is late, takes the first answer and aborts the loser', async () => {
    const inner = script({ result: 'first', delayMs: 500 }, { result: 'second', delayMs: 50 });
    const running = run(hedge(inner, { delayMs: 100 }));
    await clock.advance(100);
    expect(inner.calls).toHaveLength(2);
    await clock.advance(50);
    await expect(running).resolves.toBe('second');
    await settled();
    expect(await results()).toEqual({ hedge: 1 });
    const outcomes = { primitive_type: 'task', outcome: 'superseded' };
    await telemetry.expectMetric('tta_primitive_outcomes_total', outcomes, 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
    const span = telemetry.spans().find(({ name }) => name === 'hedge HedgePrimitive');
    expect(span?.attributes).toMatchObject({ 'tta.hedge.result': 'hedge' });
    expect(span?.events).toMatchObject([{ name: 'tta.hedge', attributes: { 'tta.hedge.attempt': 2 } }]);
  });

  it('takes the late first answer when it comes before that of the second try', async () => {
    const running = run(
      hedge(script({ result: 'first', delayMs: 150 }, { result: 'second', delayMs: 100 }), { delayMs: 100 }),
    );
    await clock.advance(150);
    await expect(running).resolves.toBe('first');
    expect(await results()).toEqual({ primary_hedged: 1 });
  });

  it('begins the second try at once when the first fails before the delay', async () => {
    const inner = script({ error: down, delayMs: 10 }, { result: 'second', delayMs: 5 });
    const running = run(hedge(inner, { delayMs: 10_000 }));
    await clock.advance(15);
    await expect(running).resolves.toBe('second');
    const span = telemetry.spans().find(({ name }) => name === 'hedge HedgePrimitive');
    expect(span?.events).toMatchObject([{ attributes: { 'tta.hedge.attempt': 2, 'exception.message': 'down' } }]);
  });

  it('waits for the other try when one of two fails, and rejects with the last error when both do', async () => {
    const last = new Error('last');
    const rescued = run(hedge(script({ error: down, delayMs: 150 }, { result: 'ok', delayMs: 100 }), { delayMs: 100 }));
    const lost = run(hedge(script({ error: down, delayMs: 150 }, { error: last, delayMs: 100 }), { delayMs: 100 }));
    await clock.advance(200);
    await expect(rescued).resolves.toBe('ok');
    await expect(lost).rejects.toBe(last);
    expect(await results()).toEqual({ hedge: 1, none: 1 });
  });

  it.each([
    ['one by one', 10, 20, 'second', 'first'],
    ['in the same tick', 10, 10, 'second', 'first'],
  ])('shows both failures when two tries fail %s', async (_, firstMs, secondMs, thrown, shown) => {
    const [first, second] = [new Error('first'), new Error('second')];
    const running = run(
      hedge(script({ error: first, delayMs: firstMs }, { error: second, delayMs: secondMs }), { delayMs: 0 }),
    );
    await clock.advance(20);
    await expect(running).rejects.toThrow(thrown);
    const span = telemetry.spans().find(({ name }) => name === 'hedge HedgePrimitive');
    const failures = span?.events.filter(({ name }) => name === 'tta.hedge.failure');
    expect(failures).toMatchObject([{ attributes: { 'tta.hedge.attempt': 1, 'exception.message': shown } }]);
    expect(span?.status.message).toBe(thrown);
    expect(await results()).toEqual({ none: 1 });
  });

  it('shows the failure beside one that is not worth another try, and one beside an answer', async () => {
    const badRequest = Object.assign(new Error('bad request'), { status: 400 });
    const sameTick = (...ends: readonly (() => unknown)[]) => {
      const gate = Promise.resolve();
      const left = [...ends];
      return task('inner', (_: string) => gate.then(left.shift()));
    };
    const fail = (error: Error) => () => {
      throw error;
    };
    const both = hedge(sameTick(fail(down), fail(badRequest)), { delayMs: 0 });
    const rescued = run(hedge(script({ error: down, delayMs: 1 }, { result: 'ok', delayMs: 5 }), { delayMs: 0 }));
    await expect(run(both)).rejects.toBe(badRequest);
    await clock.advance(5);
    await expect(rescued).resolves.toBe('ok');
    const events = telemetry.spans().flatMap((span) => span.events.filter(({ name }) => name === 'tta.hedge.failure'));
    expect(events.map(({ attributes }) => attributes?.['exception.message'])).toEqual(['down', 'down']);
  });

  it('ends with an error that is not worth another try, and aborts the try beside it', async () => {
    const badRequest = Object.assign(new Error('bad request'), { status: 400 });
    const inner = script({ result: 'late', delayMs: 1_000 }, { error: badRequest, delayMs: 10 });
    const running = run(hedge(inner, { delayMs: 100, maxHedges: 5 }));
    await clock.advance(110);
    await expect(running).rejects.toBe(badRequest);
    expect(inner.calls).toHaveLength(2);
    await settled();
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('begins as many tries as it may, one delay apart, and all at once without a delay', async () => {
    const apart = script({ result: 'late', delayMs: 1_000 }, { result: 'late', delayMs: 1_000 }, { result: 'third' });
    const running = run(hedge(apart, { delayMs: 100, maxHedges: 2 }));
    await clock.advance(199);
    expect(apart.calls).toHaveLength(2);
    await clock.advance(1);
    await expect(running).resolves.toBe('third');
    const atOnce = script({ result: 'late', delayMs: 1_000 }, { result: 'late', delayMs: 1_000 }, { result: 'third' });
    await expect(run(hedge(atOnce, { delayMs: 0, maxHedges: 2 }))).resolves.toBe('third');
  });

  it('counts what the aborted call to a model has cost, though its answer comes too late', async () => {
    const replies = [300, 10];
    const model: Model = {
      provider: 'fake',
      id: 'deaf',
      async generate() {
        await clock.sleep(replies.shift() as number);
        return { text: 'ok', usage: { inputTokens: 1_000_000, outputTokens: 0 } };
      },
    };
    const ask = hedge(llm(model, { prices: { deaf: { input: 3, output: 1 } } }), { delayMs: 100 });
    const running = run(workflow('answer', sequential(ask)));
    await clock.advance(110);
    await running;
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'deaf' }, 3);
    await clock.advance(190);
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'deaf' }, 6);
    await telemetry.expectMetric('tta_workflow_llm_cost_total', { workflow_name: 'answer' }, 6);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'deaf', status: 'success' }, 1);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'deaf', status: 'failure' }, 1);
  });

  it('aborts every try in the tick of an abort, and begins no other', async () => {
    const inner = script({ result: 'late', delayMs: 1_000 });
    const controller = new AbortController();
    const running = run(hedge(inner, { delayMs: 100, maxHedges: 5 }), controller.signal);
    await clock.advance(250);
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    await clock.advance(10_000);
    expect(inner.calls).toHaveLength(3);
    expect(await results()).toEqual({ none: 1 });
    const cancelled = { primitive_type: 'task', outcome: 'cancelled' };
    await telemetry.expectMetric('tta_primitive_outcomes_total', cancelled, 3);
  });

  it('runs the second try in the context of its caller, though a timer began it', async () => {
    const seen: unknown[] = [];
    const inside = task('inside', (_: string, context) => {
      seen.push(context.tags.who);
    });
    let calls = 0;
    const work = task('work', async (id: string, context) => {
      calls += 1;
      if (calls === 1) await context.clock.sleep(1_000, context.signal);
      await inside.execute(id);
    });
    const around = task('around', () => hedge(work, { delayMs: 100 }).execute('x'));
    const running = around.execute(undefined, { context: { clock, tags: { who: 'me' } } });
    await clock.advance(100);
    await running;
    expect(seen).toEqual(['me']);
    telemetry.expectSpans(`
      task around
        hedge HedgePrimitive
          task work !AbortError
          task work
            task inside
    `);
  });

  it('leaves the stream that won alone, and its abort still reaches it', async () => {
    const numbers = stream('numbers', async function* (_: string, context) {
      yield 1;
      await context.clock.sleep(100, context.signal);
      yield 2;
    });
    const quick = hedge(numbers, { delayMs: 50 });
    const read: number[] = [];
    const reading = (async () => {
      for await (const n of await run(quick)) read.push(n);
    })();
    await clock.advance(100);
    await reading;
    expect(read).toEqual([1, 2]);
    const controller = new AbortController();
    const chunks = await run(quick, controller.signal);
    await chunks.next();
    const waiting = chunks.next();
    waiting.catch(() => {});
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  describe('at a percentile', () => {
    const timed = (durations: number[]) =>
      task('timed', async (_: string, context) => {
        await context.clock.sleep(durations.shift() ?? 10, context.signal);
      });
    const next = async (primitive: Primitive<string, unknown>, ms: number) => {
      const running = run(primitive);
      await clock.advance(ms);
      await running;
    };

    it('learns from the recent durations when a try is late', async () => {
      const durations = [10, 20, 30, 40];
      const quick = hedge(timed(durations), { percentile: 75, minimumSamples: 4 });
      for (const ms of [...durations]) await next(quick, ms);
      expect(await results()).toEqual({ primary: 4 });
      durations.push(31, 5);
      await next(quick, 31);
      expect(await results()).toEqual({ primary: 4, primary_hedged: 1 });
    });

    it('waits for delayMs, or for ever, while it has seen too little', async () => {
      await next(hedge(timed([1_000]), { percentile: 50, minimumSamples: 2 }), 1_000);
      expect(await results()).toEqual({ primary: 1 });
      await next(hedge(timed([1_000, 5]), { percentile: 50, minimumSamples: 2, delayMs: 100 }), 105);
      expect(await results()).toEqual({ primary: 1, hedge: 1 });
    });

    it('learns nothing from a first try that failed', async () => {
      const steps = [
        { error: down, delayMs: 10 },
        { result: 'ok', delayMs: 500 },
        { result: 'ok', delayMs: 600 },
      ];
      const quick = hedge(script(...steps), { percentile: 50, minimumSamples: 1 });
      await next(quick, 510);
      await next(quick, 600);
      expect(await results()).toEqual({ hedge: 1, primary: 1 });
    });

    it('does not hedge more and more because the slow ones are the ones that lose', async () => {
      let seed = 1;
      const random = () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return seed / 2_147_483_647;
      };
      const work = task('work', (_: string, context) => context.clock.sleep(10 / random(), context.signal));
      const quick = hedge(work, { percentile: 80, minimumSamples: 20, maxSamples: 100 });
      for (let i = 0; i < 500; i += 1) await next(quick, 1_000_000);
      const { hedge: answered = 0, primary_hedged: needless = 0 } = await results();
      expect((answered + needless) / 500).toBeGreaterThan(0.1);
      expect((answered + needless) / 500).toBeLessThan(0.3);
    });
  });

  it('runs ten thousand at once and leaves nothing behind', async () => {
    const work = task('work', async (input: string) => {
      await Promise.resolve();
      return input;
    });
    const quick = hedge(work, { delayMs: 100 });
    const all = Array.from({ length: 10_000 }, () => run(quick));
    expect(clock.pending).toBe(10_000);
    expect(await Promise.all(all)).toEqual(Array(10_000).fill('x'));
    expect(await results()).toEqual({ primary: 10_000 });
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it.each<[object, string]>([
    [{}, 'must say when a try is late, by delayMs or percentile, got neither'],
    [{ delayMs: -1 }, 'delayMs must be a finite number, 0 or more, got -1'],
    [{ percentile: 0 }, 'percentile must be a number from 1 to 100, got 0'],
    [{ percentile: 50, minimumSamples: 500 }, 'minimumSamples must be a whole number from 1 to 200, got 500'],
    [{ delayMs: 1, maxHedges: 0 }, 'maxHedges must be a whole number, 1 or more, got 0'],
    [{ delayMs: 1, when: 1 }, 'when must be a function, got 1'],
    [{ delay: 1 }, 'there is no option "delay"; did you mean delayMs?'],
  ])('refuses %j at construction', (options, message) => {
    const build = () => hedge(script({ result: 'x' }), options);
    expect(build).toThrow('HedgeOptions: ');
    expect(build).toThrow(message);
  });
});
