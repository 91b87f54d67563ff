import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BulkheadFullError, bulkhead, hedge, type Primitive, retry, stream, task, timeout } from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

/** Work that ends when the test says so. */
function gates() {
  const open = new Map<number, { resolve: (value: number) => void; reject: (error: unknown) => void }>();
  const started: number[] = [];
  const work = task(
    'work',
    (id: number) =>
      new Promise<number>((resolve, reject) => {
        started.push(id);
        open.set(id, { resolve, reject });
      }),
  );
  return {
    work,
    started,
    finish: (id: number) => open.get(id)?.resolve(id),
    fail: (id: number) => open.get(id)?.reject(new Error(`no ${id}`)),
  };
}

describe('bulkhead', () => {
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

  const run = <In>(primitive: Primitive<In, unknown>, input: In, signal?: AbortSignal) => {
    const running = primitive.execute(input, { context: { clock }, signal });
    running.catch(() => {});
    return running;
  };
  const expectInside = async (name: string, running: number, queued: number) => {
    await telemetry.expectMetric('tta_bulkhead_running', { primitive_name: name }, running);
    await telemetry.expectMetric('tta_bulkhead_queued', { primitive_name: name }, queued);
  };

  it('runs as many at once as it may, lets the next wait in their order and refuses the rest', async () => {
    const { work, started, finish, fail } = gates();
    const gentle = bulkhead(work, { concurrency: 2, maxQueue: 2, name: 'a' });
    const all = [0, 1, 2, 3, 4].map((id) => run(gentle, id));
    await settled();
    expect(started).toEqual([0, 1]);
    await expectInside('a', 2, 2);
    await expect(all[4]).rejects.toThrow('a is full: 2 running and 2 waiting, which is all it may hold');
    await expect(all[4]).rejects.toBeInstanceOf(BulkheadFullError);
    await clock.advance(500);
    fail(1);
    await settled();
    expect(started).toEqual([0, 1, 2]);
    await clock.advance(250);
    finish(0);
    finish(2);
    await settled();
    finish(3);
    expect(await Promise.allSettled(all.slice(0, 4))).toMatchObject([
      { value: 0 },
      { status: 'rejected' },
      { value: 2 },
      { value: 3 },
    ]);
    await expectInside('a', 0, 0);
    await telemetry.expectMetric('tta_bulkhead_wait_seconds_count', { primitive_name: 'a' }, 2);
    await telemetry.expectMetric('tta_bulkhead_wait_seconds_sum', { primitive_name: 'a' }, 1.25);
    const rejected = { primitive_type: 'bulkhead', outcome: 'rejected' };
    await telemetry.expectMetric('tta_primitive_outcomes_total', rejected, 1);
    const waits = telemetry.spans().map(({ attributes }) => attributes['tta.bulkhead.wait_seconds']);
    expect(waits.filter((wait) => wait !== undefined)).toEqual([0.5, 0.75]);
  });

  it('frees the place in the queue in the tick of an abort, and leaks no slot', async () => {
    const { work, started, finish } = gates();
    const gentle = bulkhead(work, { concurrency: 1, maxQueue: 1, name: 'a' });
    const first = run(gentle, 0);
    const controller = new AbortController();
    const leaving = run(gentle, 1, controller.signal);
    await settled();
    const reason = new Error('enough');
    controller.abort(reason);
    const next = run(gentle, 2);
    await expect(leaving).rejects.toBe(reason);
    await expectInside('a', 1, 1);
    finish(0);
    await settled();
    expect(started).toEqual([0, 2]);
    finish(2);
    await Promise.all([first, next]);
    await expectInside('a', 0, 0);
    await telemetry.expectMetric('tta_bulkhead_wait_seconds_count', { primitive_name: 'a' }, 2);
  });

  it('hands the slot on when its new owner is aborted in the very tick of the hand-over', async () => {
    const { work, started, finish } = gates();
    const gentle = bulkhead(work, { concurrency: 1, maxQueue: 2 });
    const controller = new AbortController();
    const first = run(gentle, 0);
    const second = run(gentle, 1, controller.signal);
    const third = run(gentle, 2);
    await settled();
    finish(0);
    await first;
    controller.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await settled();
    expect(started.at(-1)).toBe(2);
    finish(2);
    await expect(third).resolves.toBe(2);
  });

  it('has a free slot for a caller whose time is over and who comes back at once', async () => {
    const hanging = task('hang', () => new Promise<string>(() => {}));
    const deep = hedge(retry(timeout(retry(hanging), { timeoutMs: 60_000 })), { delayMs: 60_000 });
    const one = timeout(bulkhead(deep, { concurrency: 1 }), { timeoutMs: 100 });

    const call = () => one.execute('x', { context: { clock } }).catch((error) => error.name);
    const calls = call().then(async (first) => [first, await call(), await call()]);
    await clock.advance(100);
    await clock.advance(100);
    await clock.advance(100);

    expect(await calls).toEqual(['PrimitiveTimeoutError', 'PrimitiveTimeoutError', 'PrimitiveTimeoutError']);
  });

  it('keeps the context of each caller across the queue', async () => {
    const seen: unknown[] = [];
    const inside = task('inside', (_: number, context) => {
      seen.push(context.tags.who);
    });
    const gentle = bulkhead(
      task('work', async (id: number) => {
        await Promise.resolve();
        await inside.execute(id);
      }),
      { concurrency: 1, maxQueue: 10 },
    );
    const callers = [0, 1, 2].map((id) =>
      task(`caller ${id}`, () => gentle.execute(id)).execute(undefined, { context: { clock, tags: { who: id } } }),
    );
    await Promise.all(callers);
    expect(seen).toEqual([0, 1, 2]);
    telemetry.expectSpans(
      [0, 1, 2]
        .map((id) => `task caller ${id}\n  bulkhead BulkheadPrimitive\n    task work\n      task inside`)
        .join('\n'),
    );
  });

  it('holds the slot of a stream until it has ended', async () => {
    const numbers = stream('numbers', async function* (to: number) {
      for (let n = 1; n <= to; n += 1) yield n;
    });
    const gentle = bulkhead(numbers, { concurrency: 1, maxQueue: 1, name: 'a' });
    const first = await gentle.execute(2, { context: { clock } });
    const waiting = gentle.execute(1, { context: { clock } });
    await settled();
    await expectInside('a', 1, 1);
    const read: number[] = [];
    for await (const n of first) read.push(n);
    expect(read).toEqual([1, 2]);
    const second = await waiting;
    await expectInside('a', 1, 0);
    await second.return?.();
    await expectInside('a', 0, 0);
  });

  it('refuses at once without a queue, which is the default', async () => {
    const { work, finish } = gates();
    const gentle = bulkhead(work, { concurrency: 1 });
    const first = run(gentle, 0);
    await expect(run(gentle, 1)).rejects.toBeInstanceOf(BulkheadFullError);
    finish(0);
    await first;
  });

  it('runs ten thousand in their order, never more than it may at once', async () => {
    const started: number[] = [];
    let running = 0;
    let most = 0;
    const work = task('work', async (id: number) => {
      started.push(id);
      running += 1;
      most = Math.max(most, running);
      await Promise.resolve();
      running -= 1;
      return id;
    });
    const gentle = bulkhead(work, { concurrency: 7, maxQueue: 10_000, name: 'a' });
    const ids = Array.from({ length: 10_000 }, (_, i) => i);
    expect(await Promise.all(ids.map((id) => gentle.execute(id)))).toEqual(ids);
    expect(started).toEqual(ids);
    expect(most).toBe(7);
    await expectInside('a', 0, 0);
  });

  it('loses no slot and no place, whatever ends, fails or is aborted, in whatever order', async () => {
    const step = fc.record({ do: fc.constantFrom('start', 'start', 'finish', 'fail', 'abort'), which: fc.nat(30) });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { work, started, finish, fail } = gates();
      const gentle = bulkhead(work, { concurrency: 2, maxQueue: 3, name: 'random' });
      const controllers: AbortController[] = [];
      const all: Promise<unknown>[] = [];
      let settledCount = 0;
      for (const { do: what, which } of steps) {
        const id = which % Math.max(1, all.length);
        if (what === 'start') {
          const controller = new AbortController();
          controllers.push(controller);
          const running = run(gentle, all.length, controller.signal);
          all.push(running);
          running.then(
            () => (settledCount += 1),
            () => (settledCount += 1),
          );
        } else if (what === 'finish') finish(id);
        else if (what === 'fail') fail(id);
        else controllers[id]?.abort(new Error('aborted'));
        await settled();
        const inside = all.length - settledCount;
        await expectInside('random', Math.min(inside, 2), Math.max(0, inside - 2));
        expect(inside).toBeLessThanOrEqual(5);
      }
      for (let i = 0; i < all.length; i += 1) {
        for (const id of started) finish(id);
        await settled();
      }
      await Promise.allSettled(all);
      expect([...started].sort((a, b) => a - b)).toEqual(started);
      await expectInside('random', 0, 0);
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it.each<[object, string]>([
    [{ concurrency: 0 }, 'BulkheadOptions: concurrency must be a whole number, 1 or more, got 0'],
    [{ concurrency: 1.5 }, 'BulkheadOptions: concurrency must be a whole number, 1 or more, got 1.5'],
    [{ concurrency: 1, maxQueue: -1 }, 'BulkheadOptions: maxQueue must be a whole number, 0 or more, got -1'],
    [{ concurrency: 1, queue: 1 }, 'BulkheadOptions: there is no option "queue"; did you mean maxQueue?'],
  ])('refuses %j at construction', (options, message) => {
    expect(() => bulkhead(gates().work, options as never)).toThrow(message);
  });
});
