import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { map, task } from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const mapSpan = () => telemetry.spans().find(({ name }) => name === 'map MapPrimitive');

/** Takes as many milliseconds as its input says, and fails where that is odd; keeps count of those under way. */
function napper() {
  const state = { running: 0, most: 0, started: [] as number[] };
  const nap = task('nap', async (ms: number, context) => {
    state.started.push(ms);
    state.most = Math.max(state.most, ++state.running);
    try {
      await context.clock.sleep(ms, context.signal);
      if (ms % 2 === 1) throw new Error(`${ms} is odd`);
      return ms;
    } finally {
      state.running -= 1;
    }
  });
  return { nap, state };
}

/** Counts what is taken from it and whether it was closed. */
function source(items: Iterable<number>) {
  const state = { taken: 0, closed: 0 };
  const generator = (function* () {
    try {
      for (const item of items) {
        state.taken += 1;
        yield item;
      }
    } finally {
      state.closed += 1;
    }
  })();
  return { items: generator, state };
}

describe('map over what is at hand', () => {
  it('gives the results in the order of the items, one execution each', async () => {
    await expect(map(double).execute([1, 2, 3])).resolves.toEqual([2, 4, 6]);
    telemetry.expectSpans(`
      map MapPrimitive
        task double
        task double
        task double
    `);
    expect(mapSpan()?.attributes).toMatchObject({ 'tta.map.items': 3, 'tta.map.failed_items': 0 });
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'map', status: 'success' }, 1);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_type: 'task', status: 'success' }, 3);
  });

  it('takes any iterable, also an empty one', async () => {
    await expect(map(double).execute([])).resolves.toEqual([]);
    await expect(map(double).execute(new Set([1, 2]))).resolves.toEqual([2, 4]);
    await expect(map(double, { concurrency: 100 }).execute(source([5]).items)).resolves.toEqual([10]);
  });

  it('has no more under way than it may, and uses all of that', async () => {
    const clock = createVirtualClock();
    const { nap, state } = napper();
    const running = map(nap, { concurrency: 3 }).execute([6, 2, 4, 8, 2, 2], { context: { clock } });
    await clock.advance(3);
    expect(state.started).toEqual([6, 2, 4, 8]);
    await clock.advance(100);
    await expect(running).resolves.toEqual([6, 2, 4, 8, 2, 2]);
    expect(state.most).toBe(3);
  });

  it('gives the results as they come when their order is free', async () => {
    const clock = createVirtualClock();
    const running = map(napper().nap, { unordered: true }).execute([6, 2, 4], { context: { clock } });
    await clock.advance(6);
    await expect(running).resolves.toEqual([2, 4, 6]);
  });

  it('aborts the others when one fails, takes no more, closes the source and rejects with that failure', async () => {
    const clock = createVirtualClock();
    const { nap, state } = napper();
    const { items, state: taken } = source([100, 5, 200, 300]);
    const running = map(nap, { concurrency: 2 }).execute(items, { context: { clock } });
    const failed = expect(running).rejects.toThrow('5 is odd');
    await clock.advance(5);
    await failed;
    expect(clock.pending).toBe(0);
    expect(state).toMatchObject({ running: 0, started: [100, 5] });
    expect(taken).toEqual({ taken: 2, closed: 1 });
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'task', outcome: 'superseded' }, 1);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'map', outcome: 'failure' }, 1);
  });

  it('tries every item and tells of each when failures are to be settled', async () => {
    const clock = createVirtualClock();
    const running = map(napper().nap, { mode: 'settle' }).execute([2, 3, 4], { context: { clock } });
    await clock.advance(4);
    await expect(running).resolves.toEqual([
      { status: 'fulfilled', value: 2 },
      { status: 'rejected', reason: expect.objectContaining({ message: '3 is odd' }) },
      { status: 'fulfilled', value: 4 },
    ]);
    expect(mapSpan()?.attributes).toMatchObject({ 'tta.map.items': 3, 'tta.map.failed_items': 1 });
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'map', outcome: 'success' }, 1);
  });

  it.each(['fail', 'settle'] as const)('stops in the tick of an abort, mode %s', async (mode) => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const { nap, state } = napper();
    const { items, state: taken } = source([10, 10, 10, 10]);
    const running = map(nap, { concurrency: 2, mode }).execute(items, {
      signal: controller.signal,
      context: { clock },
    });
    await settled();
    const reason = new Error('stop');
    controller.abort(reason);
    expect(clock.pending).toBe(0);
    await expect(running).rejects.toBe(reason);
    expect(state.started).toHaveLength(2);
    expect(taken.closed).toBe(1);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'map', outcome: 'cancelled' }, 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it.each(['fail', 'settle'] as const)('fails with the error of a source that breaks, mode %s', async (mode) => {
    const error = new Error('broken');
    const broken = (function* () {
      yield 1;
      throw error;
    })();
    await expect(map(double, { mode }).execute(broken)).rejects.toBe(error);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('collects an async iterable when it is told to', async () => {
    async function* numbers() {
      yield 1;
      yield 2;
    }
    await expect(map(double, { stream: false }).execute(numbers())).resolves.toEqual([2, 4]);
    const error = new Error('no');
    const failing = map(
      task('failing', (_: number) => Promise.reject(error)),
      { stream: false },
    );
    await expect(failing.execute(numbers())).rejects.toBe(error);
  });

  it('is right for a hundred thousand items under a long-lived signal, and leaves nothing on it', async () => {
    const { signal } = new AbortController();
    await telemetry.stop();
    const items = Array.from({ length: 100_000 }, (_, i) => i);
    const outputs = await map(double, { concurrency: 1_000 }).execute(items, { signal });
    expect(outputs).toEqual(items.map((i) => i * 2));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    telemetry = startTestTelemetry();
  });

  it('gives what the items give, however long each takes, for any concurrency', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(20), { maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.boolean(),
        async (times, concurrency, unordered, stream) => {
          const clock = createVirtualClock();
          const { nap, state } = napper();
          const options = { concurrency, unordered, mode: 'settle' } as const;
          const all = stream
            ? map(nap, { ...options, stream })
                .execute(times, { context: { clock } })
                .then(collect)
            : map(nap, options).execute(times, { context: { clock } });
          await clock.advance(1_000);
          const words = (await all).map((one) => (one.status === 'fulfilled' ? String(one.value) : one.reason.message));
          const expected = times.map((ms) => (ms % 2 === 1 ? `${ms} is odd` : String(ms)));
          expect(unordered ? words.sort() : words).toEqual(unordered ? expected.sort() : expected);
          expect(state.most).toBe(Math.min(concurrency, times.length));
          expect(clock.pending).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('is refused at construction, or at execution, with what it must be given', async () => {
    expect(() => map(double, { concurrency: 0 })).toThrow(
      'MapOptions: concurrency must be a whole number, 1 or more, got 0',
    );
    expect(() => map(double, { mode: 'all' as never })).toThrow("mode must be 'fail' or 'settle'");
    expect(() => map(double, { unordered: 1 as never })).toThrow('unordered must be true or false');
    expect(() => map(double, { concurency: 1 } as never)).toThrow('did you mean concurrency?');
    expect(() => map((() => 1) as never)).toThrow('map: primitive must be a primitive');
    for (const input of ['text', 7, null, { length: 1 }]) {
      await expect(map(double).execute(input as never)).rejects.toThrow(
        'map around double: input must be an array or another iterable, async or not',
      );
    }
  });
});

async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}
