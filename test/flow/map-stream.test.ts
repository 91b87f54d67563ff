import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { map, sequential, stream, task, workflow } from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const outcome = (type: string, name: string, value: number) =>
  telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: type, outcome: name }, value);
const mapSpan = () => telemetry.spans().find(({ name }) => name === 'map MapPrimitive');

/** Work whose items end when the test says so. */
function gates() {
  const open = new Map<number, { resolve: (n: number) => void; reject: (error: unknown) => void }>();
  const aborted: number[] = [];
  const started: number[] = [];
  const work = task(
    'work',
    (n: number, context) =>
      new Promise<number>((resolve, reject) => {
        started.push(n);
        open.set(n, { resolve, reject });
        context.signal.addEventListener('abort', () => aborted.push(n));
      }),
  );
  return {
    work,
    started,
    aborted,
    finish: async (n: number) => {
      open.get(n)?.resolve(n);
      await settled();
    },
    break: async (n: number, error: unknown) => {
      open.get(n)?.reject(error);
      await settled();
    },
  };
}

/** An async source; counts what was taken and whether it was closed. */
function source(count: number) {
  const state = { taken: 0, closed: 0 };
  const items = (async function* () {
    try {
      for (let n = 1; n <= count; n += 1) {
        state.taken += 1;
        yield n;
      }
    } finally {
      state.closed += 1;
    }
  })();
  return { items, state };
}

async function read<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const double = task('double', (n: number) => n * 2);

describe('map over a stream', () => {
  it('gives a stream for an async iterable, and for anything where that is asked for', async () => {
    const { items, state } = source(3);
    await expect(read(await map(double).execute(items))).resolves.toEqual([2, 4, 6]);
    expect(state).toEqual({ taken: 3, closed: 1 });
    await expect(read(await map(double, { stream: true }).execute([1, 2]))).resolves.toEqual([2, 4]);
    await outcome('map', 'success', 2);
  });

  it('is one execution until the last result was read, and the parent of every item', async () => {
    const results = await workflow(
      'whole',
      sequential(
        task('open', (n: number) => source(n).items),
        map(double, { stream: true }),
      ),
    ).execute(2);
    await telemetry.expectMetric('tta_primitive_active', { primitive_type: 'map' }, 1);
    await expect(read(results)).resolves.toEqual([2, 4]);
    telemetry.expectSpans(`
      invoke_workflow whole
        task open
        map MapPrimitive
          task double
          task double
    `);
    expect(mapSpan()?.attributes).toMatchObject({
      'tta.map.items': 2,
      'tta.map.failed_items': 0,
      'tta.stream.chunks': 2,
      'tta.stream.end': 'done',
    });
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('resolves with its first result, and never holds more than it may beside it', async () => {
    const { work, started, finish } = gates();
    const running = map(work, { concurrency: 3 }).execute(source(100).items);
    await settled();
    expect(started).toEqual([1, 2, 3]);
    await finish(2);
    await finish(3);
    expect(started).toEqual([1, 2, 3]);
    await finish(1);
    const results = await running;
    expect(started).toEqual([1, 2, 3, 4]);
    await expect(results.next()).resolves.toEqual({ done: false, value: 1 });
    await settled();
    expect(started).toEqual([1, 2, 3, 4]);
    await expect(results.next()).resolves.toEqual({ done: false, value: 2 });
    await settled();
    expect(started).toEqual([1, 2, 3, 4, 5]);
    await results.return?.();
  });

  it('hands out what is ready while the source keeps the next one waiting', async () => {
    const slow = (async function* () {
      yield 1;
      await new Promise(() => {});
    })();
    const results = await map(double, { concurrency: 8 }).execute(slow);
    await expect(results.next()).resolves.toEqual({ done: false, value: 2 });
    await results.return?.();
  });

  it('gives results as they come where the order is free', async () => {
    const { work, finish } = gates();
    const reading = map(work, { concurrency: 3, unordered: true }).execute(source(3).items).then(read);
    await settled();
    for (const n of [3, 1, 2]) await finish(n);
    await expect(reading).resolves.toEqual([3, 1, 2]);
  });

  it('serves readers that do not wait for one another in their order', async () => {
    const results = await map(double, { concurrency: 2 }).execute(source(3).items);
    const four = await Promise.all([results.next(), results.next(), results.next(), results.next()]);
    expect(four.map(({ value }) => value)).toEqual([2, 4, 6, undefined]);
  });

  it('aborts what is under way and closes the source when one fails, once what stood ready before it was read', async () => {
    const { items, state } = source(100);
    const { work, started, aborted, finish, break: fail } = gates();
    const running = map(work, { concurrency: 4 }).execute(items);
    await settled();
    await finish(1);
    const results = await running;
    await results.next();
    await finish(2);
    await settled();
    const error = new Error('three');
    await fail(3, error);
    expect(started).toEqual([1, 2, 3, 4, 5]);
    expect(aborted).toContain(4);
    expect(aborted).toContain(5);
    expect(state.closed).toBe(1);
    await expect(results.next()).resolves.toEqual({ done: false, value: 2 });
    await expect(results.next()).rejects.toBe(error);
    await expect(results.next()).resolves.toMatchObject({ done: true });
    await outcome('map', 'failure', 1);
    await outcome('task', 'superseded', 2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('tells of every item where failures are to be settled', async () => {
    const picky = task('picky', (n: number) => (n === 2 ? Promise.reject(new Error('two')) : n));
    const results = await map(picky, { mode: 'settle' }).execute(source(3).items);
    expect((await read(results)).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    await outcome('map', 'success', 1);
    expect(mapSpan()?.attributes).toMatchObject({ 'tta.map.failed_items': 1 });
  });

  it('fails with the error of a source that breaks, and does not close it on top', async () => {
    const error = new Error('broken');
    let closed = 0;
    const broken: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(error),
        return: async () => {
          closed += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    for (const mode of ['fail', 'settle'] as const) {
      await expect(map(double, { mode }).execute(broken)).rejects.toBe(error);
    }
    expect(closed).toBe(0);
    await outcome('map', 'failure', 2);
  });

  it('aborts what is under way and closes the source when its reader leaves', async () => {
    const { items, state } = source(100);
    const { work, started, aborted, finish } = gates();
    const running = map(work, { concurrency: 3 }).execute(items);
    const reading = (async () => {
      for await (const n of await running) return n;
      return 0;
    })();
    await settled();
    await finish(1);
    await expect(reading).resolves.toBe(1);
    expect(aborted.filter((n) => n > 1)).toEqual(started.filter((n) => n > 1));
    expect(state.closed).toBe(1);
    await outcome('map', 'success', 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
    expect(mapSpan()?.attributes).toMatchObject({ 'tta.map.items': started.length, 'tta.stream.end': 'left' });
    await expect((await running).next()).resolves.toMatchObject({ done: true });
  });

  it('can be left while a result is awaited and the source owes an item', async () => {
    const stuck = (async function* (): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    })();
    const results = await map(double).execute(stuck);
    await results.next();
    const pending = results.next();
    await settled();
    await results.return?.();
    await expect(pending).resolves.toMatchObject({ done: true });
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('rejects the reader that leaves with the error of a source that cannot be closed', async () => {
    const error = new Error('stuck door');
    const items: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: 1 }),
        return: () => Promise.reject(error),
      }),
    };
    const results = await map(double).execute(items);
    await results.next();
    await settled();
    await expect(results.return?.()).rejects.toBe(error);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('stops in the tick of an abort, whether it is being read or not', async () => {
    const clock = createVirtualClock();
    const nap = task('nap', (n: number, context) =>
      n === 1 ? n : context.clock.sleep(1_000, context.signal).then(() => n),
    );
    for (const readIt of [true, false]) {
      const controller = new AbortController();
      const { items, state } = source(100);
      const results = await map(nap, { concurrency: 2 }).execute(items, {
        signal: controller.signal,
        context: { clock },
      });
      if (readIt) await results.next();
      const pending = readIt ? results.next() : undefined;
      await settled();
      const reason = new Error('stop');
      controller.abort(reason);
      expect(clock.pending).toBe(0);
      await expect(pending ?? results.next()).rejects.toBe(reason);
      await expect(results.next()).resolves.toMatchObject({ done: true });
      await settled();
      expect(state.closed).toBe(1);
    }
    await outcome('map', 'cancelled', 2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('takes no more items once the work on one has aborted the whole, also within the same tick', async () => {
    const controller = new AbortController();
    let asked = 0;
    const items = {
      [Symbol.iterator]: () => ({
        next: () => {
          asked += 1;
          return { done: false, value: asked };
        },
      }),
    };
    const aborting = task('aborting', (n: number) => {
      if (n === 2) controller.abort(new Error('stop'));
      return n;
    });
    const primitive = map(aborting, { concurrency: 5, stream: true });
    await expect(primitive.execute(items, { signal: controller.signal })).rejects.toThrow('stop');
    expect(asked).toBe(2);
  });

  it('rejects with the reason of an abort that comes while the source is opened, and closes it', async () => {
    const controller = new AbortController();
    const reason = new Error('stop');
    const { items, state } = source(3);
    const close = async () => {
      state.closed += 1;
      return { done: true, value: undefined } as const;
    };
    const opening: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => {
        controller.abort(reason);
        return { next: () => items.next(), return: close };
      },
    };
    const running = (async () => read(await map(double).execute(opening, { signal: controller.signal })))();
    await expect(running).rejects.toBe(reason);
    expect(state).toEqual({ taken: 0, closed: 1 });
    await outcome('map', 'cancelled', 1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('runs the source and the items in its own context, not in that of the reader', async () => {
    const seen: unknown[] = [];
    const look = task('look', (_: unknown, context) => void seen.push(context.tags));
    const items = (async function* () {
      for (let n = 1; n <= 4; n += 1) {
        await look.execute(n);
        yield n;
      }
    })();
    const results = await map(look, { concurrency: 2 }).execute(items, { context: { tags: { who: 'map' } } });
    const readers = ['a', 'b'].map((who) =>
      task('reader', () => read(results)).execute(undefined, { context: { tags: { who } } }),
    );
    await Promise.all(readers);
    expect(seen).toEqual(Array.from({ length: 8 }, () => ({ who: 'map' })));
    const parent = mapSpan()?.spanContext().spanId;
    const looks = telemetry.spans().filter(({ name }) => name === 'task look');
    expect(looks.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(looks.map(() => parent));
  });

  it('carries streams through several maps', async () => {
    const numbers = stream('numbers', async function* (to: number) {
      for (let n = 1; n <= to; n += 1) yield n;
    });
    const chain = sequential(numbers, map(double, { stream: true }), map(double, { stream: true, concurrency: 2 }));
    await expect(read(await chain.execute(3))).resolves.toEqual([4, 8, 12]);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it.each([
    [1_000_000, false],
    [200_000, true],
  ])('takes %i items in constant memory, unordered %s', { timeout: 120_000 }, async (count, unordered) => {
    await telemetry.stop();
    let taken = 0;
    const items = (async function* () {
      while (taken < count) yield { text: `item ${++taken}`, payload: new Array(20).fill(taken) };
    })();
    const measure = task('measure', async (item: { text: string; payload: number[] }) => ({ ...item, done: true }));
    const heap: number[] = [];
    let most = 0;
    let readSoFar = 0;
    for await (const result of await map(measure, { concurrency: 50, unordered }).execute(items)) {
      most = Math.max(most, taken - readSoFar);
      readSoFar += result.done ? 1 : 0;
      if (readSoFar % (count / 5) !== 0) continue;
      globalThis.gc?.();
      heap.push(process.memoryUsage().heapUsed);
    }
    expect(readSoFar).toBe(count);
    expect(most).toBeLessThanOrEqual(51);
    expect(heap).toHaveLength(5);
    expect((heap.at(-1) as number) - (heap[0] as number)).toBeLessThan(1_000_000);
    telemetry = startTestTelemetry();
  });
});
