import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Primitive,
  PrimitiveTimeoutError,
  parallel,
  retry,
  sequential,
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

/** Work that hears no signal: it takes as long as it takes. */
const deaf = (ms: number, end: () => string = () => 'done') =>
  task('deaf', async (_: string, context) => {
    await context.clock.sleep(ms);
    return end();
  });

let telemetry: TestTelemetry;
let clock: VirtualClock;
beforeEach(() => {
  telemetry = startTestTelemetry();
  clock = createVirtualClock();
});
afterEach(() => telemetry.stop());

function start<T>(work: Promise<T>) {
  const state: { value?: T; error?: unknown; over: boolean } = { over: false };
  work.then(
    (value) => Object.assign(state, { value, over: true }),
    (error: unknown) => Object.assign(state, { error, over: true }),
  );
  return state;
}
const outcomes = (type: string, outcome: string) =>
  telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: type, outcome }, 1);

describe('a cooperative timeout', () => {
  const patient = { timeoutMs: 100, mode: 'cooperative', graceMs: 50 } as const;

  it('aborts the work at the deadline and takes what it still completes in its grace for a success', async () => {
    let abortedAt: number | undefined;
    const work = task('work', async (_: string, context) => {
      context.signal.addEventListener('abort', () => {
        abortedAt = clock.now();
      });
      await context.clock.sleep(140);
      return 'done';
    });
    const begun = clock.now();
    const run = start(timeout(work, patient).execute('x', { context: { clock } }));
    await clock.advance(139);
    expect([run.over, (abortedAt ?? 0) - begun]).toEqual([false, 100]);
    await clock.advance(1);
    expect(run.value).toBe('done');
    expect(clock.pending).toBe(0);
    await outcomes('timeout', 'success');
    await outcomes('task', 'success');
    const span = telemetry.spans().find(({ name }) => name.startsWith('timeout'));
    expect(span?.attributes).toMatchObject({ 'tta.timeout.seconds': 0.1, 'tta.timeout.overrun_seconds': 0.04 });
  });

  it('reports work that fails in its grace as a timeout, with the failure as cause', async () => {
    const cause = new Error('half written');
    const run = start(
      timeout(
        deaf(120, () => {
          throw cause;
        }),
        patient,
      ).execute('x', { context: { clock } }),
    );
    await clock.advance(120);
    expect(run.error).toBeInstanceOf(PrimitiveTimeoutError);
    expect(run.error).toMatchObject({ cause, message: 'timeout around deaf did not finish within 100 ms' });
    expect(clock.pending).toBe(0);
    await outcomes('timeout', 'timeout');
    await outcomes('task', 'failure');
  });

  it('gives up on work that outlives its grace', async () => {
    const run = start(timeout(deaf(1_000), patient).execute('x', { context: { clock } }));
    await clock.advance(149);
    expect(run.over).toBe(false);
    await clock.advance(1);
    expect(run.error).toBeInstanceOf(PrimitiveTimeoutError);
    await outcomes('timeout', 'timeout');
    await outcomes('task', 'timeout');
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('waits for work that heeds its signal no longer than that takes', async () => {
    const heeding = scriptedTask<string, string>('heeding', [{ result: 'never', delayMs: 1_000 }]);
    const run = start(timeout(heeding, patient).execute('x', { context: { clock } }));
    await clock.advance(100);
    expect(run.error).toBeInstanceOf(PrimitiveTimeoutError);
    expect((run.error as Error).cause).toBeUndefined();
    expect(clock.pending).toBe(0);
  });

  it('starts nothing new in the grace: no next step, no further try', async () => {
    let later = 0;
    const next = task('next', () => {
      later += 1;
    });
    const failing = deaf(120, () => {
      throw new Error('busy');
    });
    const inners: Primitive<string, unknown>[] = [sequential(deaf(120), next), retry(failing, { initialDelayMs: 0 })];
    const runs = inners.map((inner) => start(timeout(inner, patient).execute('x', { context: { clock } })));
    await clock.advance(150);
    expect(runs.map(({ error }) => error)).toEqual([
      expect.any(PrimitiveTimeoutError),
      expect.any(PrimitiveTimeoutError),
    ]);
    expect(later).toBe(0);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'deaf' }, 2);
  });

  it('reaches through everything between it and the work, and holds only for its own abort', async () => {
    const inner = parallel([timeout(deaf(140), { timeoutMs: 500 }), deaf(130)]);
    const late = start(timeout(inner, patient).execute('x', { context: { clock } }));
    const strict = start(timeout(timeout(deaf(140), { timeoutMs: 20 }), patient).execute('x', { context: { clock } }));
    await clock.advance(20);
    expect(strict.error).toMatchObject({ timeoutMs: 20 });
    await clock.advance(120);
    expect(late.value).toEqual(['done', 'done']);
    expect(clock.pending).toBe(0);
  });

  it.each([
    ['before', 50],
    ['in the grace of', 120],
  ])('lets an abort from outside %s its deadline end it in the same tick', async (_, atMs) => {
    const controller = new AbortController();
    const running = timeout(deaf(1_000), patient).execute('x', { signal: controller.signal, context: { clock } });
    const run = start(running);
    await clock.advance(atMs);
    controller.abort(new Error('stop'));
    for (let i = 0; i < 20 && !run.over; i += 1) await Promise.resolve();
    expect(run.over).toBe(true);
    expect(clock.pending).toBe(1); // the deaf work's own
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });
});

describe('an idle timeout', () => {
  const chunks = (...gapsMs: number[]) =>
    stream('chunks', async function* (_: string, context) {
      for (const [i, gap] of gapsMs.entries()) {
        await context.clock.sleep(gap, context.signal);
        yield i;
      }
    });
  async function readAll(source: AsyncIterable<number>, pauseMs = 0): Promise<number[]> {
    const read: number[] = [];
    for await (const chunk of source) {
      read.push(chunk);
      if (pauseMs > 0) await clock.sleep(pauseMs);
    }
    return read;
  }
  const run = (gaps: number[], options: Parameters<typeof timeout>[1], pauseMs = 0) => {
    const primitive = timeout(chunks(...gaps), options);
    return start(primitive.execute('x', { context: { clock } }).then((source) => readAll(source, pauseMs)));
  };

  it('lets a stream go on for as long as chunks keep coming, and leaves no timer', async () => {
    const reading = run([90, 90, 90, 90], { idleMs: 100 });
    await clock.advance(360);
    expect(reading.value).toEqual([0, 1, 2, 3]);
    expect(clock.pending).toBe(0);
    await outcomes('timeout', 'success');
  });

  it('ends a stream that falls silent, closes its source and says so', async () => {
    const reading = run([10, 1_000], { idleMs: 100, name: 'feed' });
    await clock.advance(109);
    expect(reading.over).toBe(false);
    await clock.advance(1);
    expect(reading.error).toMatchObject({ name: 'PrimitiveTimeoutError', message: 'feed gave nothing for 100 ms' });
    await settled();
    expect(clock.pending).toBe(0);
    await outcomes('timeout', 'timeout');
    await outcomes('stream', 'timeout');
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('counts the wait for the first chunk, and not what the reader does between two', async () => {
    const silent = run([100, 0], { idleMs: 50 });
    const slowReader = run([10, 10, 10], { idleMs: 50 }, 500);
    await clock.advance(50);
    expect(silent.error).toBeInstanceOf(PrimitiveTimeoutError);
    await clock.advance(2_000);
    expect(slowReader.value).toEqual([0, 1, 2]);
    expect(clock.pending).toBe(0);
  });

  it('stands beside a limit on the whole stream', async () => {
    const reading = run([40, 40, 40, 40], { idleMs: 50, timeoutMs: 100 });
    await clock.advance(100);
    expect(reading.error).toMatchObject({ message: 'timeout around chunks did not finish within 100 ms' });
    await settled();
    expect(clock.pending).toBe(0);
  });

  it('lets the reader leave early and leaves no timer', async () => {
    const running = timeout(chunks(0, 0, 0), { idleMs: 50, timeoutMs: 500 }).execute('x', { context: { clock } });
    await clock.advance(0);
    await (await running).return?.();
    expect(clock.pending).toBe(0);
    await outcomes('timeout', 'success');
  });
});

describe('the options of timeout', () => {
  it.each([
    [{ idleMs: -1 }, 'TimeoutOptions: idleMs must be a finite number, 0 or more, got -1'],
    [{ timeoutMs: 1, mode: 'gentle' }, `TimeoutOptions: mode must be 'immediate' or 'cooperative', got "gentle"`],
    [{ timeoutMs: 1, mode: 'cooperative', graceMs: Number.NaN }, 'TimeoutOptions: graceMs must be a finite number'],
    [{ timeoutMs: 1, graceMs: 5 }, "TimeoutOptions: graceMs needs mode: 'cooperative', got 5"],
  ])('are refused at construction: %j', (options, message) => {
    expect(() => timeout(deaf(1), options as never)).toThrow(message);
  });
});

it('leaves nothing behind after 10,000 cooperative timeouts under one signal', async () => {
  const { signal } = new AbortController();
  const primitive = timeout(
    task('quick', async (n: number) => n),
    { timeoutMs: 100, mode: 'cooperative' },
  );
  const outputs = await Promise.all(
    Array.from({ length: 10_000 }, (_, i) => primitive.execute(i, { signal, context: { clock } })),
  );
  expect(outputs.every((output, i) => output === i)).toBe(true);
  expect(clock.pending).toBe(0);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
