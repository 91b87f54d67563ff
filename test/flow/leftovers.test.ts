import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { loop, map, type Primitive, race, switchOn, task } from '../../src/index.ts';
import { createVirtualClock, settled } from '../../src/testing/index.ts';

const next = task('next', async (n: number) => n + 1);
const failing = task('failing', async (_: number) => Promise.reject(new Error('no')));
const nap = task('nap', (n: number, context) => context.clock.sleep(60_000, context.signal).then(() => n));
const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

async function readFive(primitive: Primitive<number[], AsyncIterable<number>>, signal: AbortSignal) {
  let left = 5;
  for await (const _ of await primitive.execute(ten, { signal, context: { clock } })) if (--left === 0) return;
}

const clock = createVirtualClock();
const execute = (primitive: Primitive<number, unknown>) => (signal: AbortSignal) =>
  primitive.execute(1, { signal, context: { clock } });
const mapped = map(next, { concurrency: 4 });
const mappedStream = map(next, { concurrency: 4, stream: true });
const spoilt = map(race([failing, nap]), { concurrency: 20 });
const brokenMap = map(
  switchOn((n: number) => n === 3, { true: failing, false: nap }),
  { concurrency: 20 },
);

const cases: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
  switchOn: execute(switchOn((n: number) => n, { 1: next })),
  'a loop that reaches its limit': execute(loop(next, { until: () => false, maxIterations: 3 })),
  'a race with losers': execute(race([nap, next, failing, nap])),
  'a race without a winner': execute(race([failing, failing])),
  'a map': (signal) => mapped.execute(ten, { signal }),
  'a map whose item fails': (signal) => brokenMap.execute(ten, { signal, context: { clock } }),
  'a stream of results that is left': (signal) => readFive(mappedStream, signal),
  'a map that is aborted': async () => {
    const controller = new AbortController();
    const running = spoilt.execute([1, 2], { signal: controller.signal, context: { clock } });
    running.catch(() => {});
    await Promise.resolve();
    controller.abort();
    await running;
  },
};

describe('ten thousand executions', () => {
  it.each(Object.entries(cases))('of %s leave no timer, no listener and no memory behind', async (_, run) => {
    const { signal } = new AbortController();
    const some = async (count: number) => {
      for (let i = 0; i < count; i += 1) await run(signal).catch(() => {});
      await settled();
      globalThis.gc?.();
      await settled();
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const before = await some(2_000);
    const handles = process.getActiveResourcesInfo().length;
    const after = await some(8_000);
    expect(after - before).toBeLessThan(500_000);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(handles);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
