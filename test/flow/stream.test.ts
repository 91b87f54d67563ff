import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parallel, sequential, stream, task, workflow } from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
let closed = 0;
beforeEach(() => {
  telemetry = startTestTelemetry();
  closed = 0;
});
afterEach(() => telemetry.stop());

const count = stream('count', async function* (to: number) {
  try {
    for (let n = 1; n <= to; n += 1) yield n;
  } finally {
    closed += 1;
  }
});

async function read<T>(chunks: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const active = (value: number) => telemetry.expectMetric('tta_primitive_active', { primitive_type: 'stream' }, value);
const outcome = (name: string, value = 1) =>
  telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'stream', outcome: name }, value);
const streamSpan = () => telemetry.spans().find(({ name }) => name === 'stream count');

describe('stream', () => {
  it('is one execution that lasts until the last chunk was read', async () => {
    const clock = createVirtualClock();
    const ticking = stream('count', async function* (_: void, context) {
      for (let n = 1; n <= 3; n += 1) {
        await context.clock.sleep(10, context.signal);
        yield n;
      }
    });
    const running = ticking.execute(undefined, { context: { clock } });
    await clock.advance(10);
    const chunks = await running;
    await active(1);
    const reading = read(chunks);
    for (let i = 0; i < 2; i += 1) await clock.advance(10);
    await expect(reading).resolves.toEqual([1, 2, 3]);
    await active(0);
    await outcome('success');
    await telemetry.expectMetric('tta_execution_duration_seconds_sum', { primitive_type: 'stream' }, 0.03);
    expect(streamSpan()?.attributes).toMatchObject({
      'tta.stream.end': 'done',
      'tta.stream.chunks': 3,
      'tta.stream.time_to_first_chunk_seconds': 0.01,
    });
  });

  it('keeps everything around it open until it ends, and the spans form the tree', async () => {
    const chunks = await workflow(
      'talk',
      sequential(
        task('ask', (n: number) => n),
        count,
      ),
    ).execute(2);
    await telemetry.expectMetric('tta_workflow_executions_total', { status: 'success' }, 0);
    await expect(read(chunks)).resolves.toEqual([1, 2]);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'talk', status: 'success' }, 1);
    telemetry.expectSpans(`
      invoke_workflow talk
        task ask
        stream count
    `);
  });

  it('has succeeded when its consumer has had enough, and the source is closed', async () => {
    for await (const n of await count.execute(1_000)) if (n === 2) break;
    expect(closed).toBe(1);
    await outcome('success');
    expect(streamSpan()?.attributes).toMatchObject({ 'tta.stream.end': 'left', 'tta.stream.chunks': 2 });
  });

  it('fails with the very error of its source, counted once', async () => {
    const error = new Error('cut');
    const broken = stream('count', async function* () {
      yield 1;
      throw error;
    });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const n of await broken.execute()) seen.push(n);
    })();
    await expect(reading).rejects.toBe(error);
    expect(seen).toEqual([1]);
    await outcome('failure');
    await active(0);
  });

  it('rejects the pending chunk with the reason in the tick of an abort, though the source ignores it', async () => {
    const stuck = stream('count', async function* () {
      yield 1;
      await new Promise(() => {});
    });
    const controller = new AbortController();
    const chunks = await stuck.execute(undefined, { signal: controller.signal });
    await chunks.next();
    const pending = chunks.next();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await outcome('cancelled');
    await active(0);
    await expect(chunks.next()).resolves.toMatchObject({ done: true });
  });

  it('rejects the pending chunk also when the source itself aborts, before it has answered', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborting = stream('count', async function* () {
      yield 1;
      controller.abort(reason);
    });
    const chunks = await aborting.execute(undefined, { signal: controller.signal });
    await chunks.next();
    await expect(chunks.next()).rejects.toBe(reason);
    await expect(chunks.next()).resolves.toMatchObject({ done: true });
    await outcome('cancelled');
    await active(0);
  });

  it('was left by its consumer also when a pending chunk turns out to be the end', async () => {
    const slow = stream('count', async function* () {
      yield 1;
      await settled();
    });
    const chunks = await slow.execute();
    await chunks.next();
    const pending = chunks.next();
    await chunks.return?.();
    await expect(pending).resolves.toMatchObject({ done: true });
    await outcome('success');
    expect(streamSpan()?.attributes).toMatchObject({ 'tta.stream.end': 'left', 'tta.stream.chunks': 1 });
  });

  it('tells a consumer that was busy during the abort before it ends', async () => {
    const controller = new AbortController();
    const chunks = await count.execute(10, { signal: controller.signal });
    await chunks.next();
    const reason = new Error('meanwhile');
    controller.abort(reason);
    await expect(chunks.next()).rejects.toBe(reason);
    await expect(chunks.next()).resolves.toMatchObject({ done: true });
    await settled();
    expect(closed).toBe(1);
  });

  it('is closed by its signal when it is never read', async () => {
    const controller = new AbortController();
    await count.execute(10, { signal: controller.signal });
    await active(1);
    controller.abort();
    await active(0);
    await outcome('cancelled');
  });

  it.skipIf(globalThis.gc === undefined)('is closed when it is dropped unread', async () => {
    const drop = async () => {
      await count.execute(10);
    };
    await drop();
    for (let i = 0; i < 50; i += 1) {
      globalThis.gc?.();
      await settled();
    }
    await active(0);
    await outcome('cancelled');
  });

  it('runs its source in its own contexts at every chunk, not in those of the reader', async () => {
    const inner = task('inner', (_: void, context) => context.tags.who);
    const asking = stream('count', async function* () {
      yield await inner.execute();
      yield await inner.execute();
    });
    const chunks = await asking.execute(undefined, { context: { tags: { who: 'owner' } } });
    const reader = task('reader', () => read(chunks));
    await expect(reader.execute(undefined, { context: { tags: { who: 'reader' } } })).resolves.toEqual([
      'owner',
      'owner',
    ]);
    const parents = telemetry
      .spans()
      .filter(({ name }) => name === 'task inner')
      .map((span) => span.parentSpanContext?.spanId);
    expect(new Set(parents)).toEqual(new Set([streamSpan()?.spanContext().spanId]));
  });

  it('takes any async iterable for a source, and closes it', async () => {
    const source = Readable.from(['a', 'b', 'c']);
    for await (const chunk of await stream('count', () => source).execute()) if (chunk === 'a') break;
    expect(source.destroyed).toBe(true);
  });

  it('can be one of several branches, whose signal lives as long as the longest', async () => {
    const controller = new AbortController();
    const { numbers } = await parallel({ numbers: count, plain: task('plain', (n: number) => n) }).execute(5, {
      signal: controller.signal,
    });
    await numbers.next();
    const reason = new Error('late');
    controller.abort(reason);
    await expect(numbers.next()).rejects.toBe(reason);
  });

  it('rejects a source that is not an async iterable, without quoting it', async () => {
    await expect(stream('count', () => 7 as never).execute()).rejects.toThrow(
      'count: fn must give an async iterable, got a number',
    );
  });

  it('leaves other async iterables that a task gives untouched', async () => {
    const source = Readable.from(['a']);
    await expect(task('plain', () => source).execute()).resolves.toBe(source);
  });

  it('leaves nothing behind after 10,000 of them', async () => {
    const controller = new AbortController();
    for (let i = 0; i < 10_000; i += 1) await read(await count.execute(2, { signal: controller.signal }));
    expect(closed).toBe(10_000);
    await outcome('success', 10_000);
    await active(0);
  });
});
