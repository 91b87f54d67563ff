/**
 * A generator that is closed before it began runs none of its code: a stream that was not read left its source open,
 * and a model's reply uncounted. And an iterator written by hand may answer without a promise.
 */
import { Readable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { llmStream, type Model, stream, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const endings: readonly (readonly [string, (it: AsyncIterator<unknown>, controller: AbortController) => unknown])[] = [
  ['left', (chunks) => chunks.return?.()],
  ['aborted', (_, controller) => controller.abort()],
];

it.each(endings)('closes a Node stream that was %s before its first chunk was read', async (_, end) => {
  const source = new Readable({ read() {} });
  source.push('x');
  const controller = new AbortController();
  const chunks = await stream('s', () => source).execute(undefined, { signal: controller.signal });
  await end(chunks, controller);
  await new Promise((resolve) => setImmediate(resolve));
  expect(source.destroyed).toBe(true);
});

it.each(endings)('cancels a web stream that was %s before its first chunk was read', async (_, end) => {
  let cancelled = 0;
  const source = new ReadableStream<string>({
    start(chunks) {
      chunks.enqueue('x');
    },
    cancel() {
      cancelled += 1;
    },
  });
  const controller = new AbortController();
  const read = stream('s', () => source as unknown as AsyncIterable<string>);
  const chunks = await read.execute(undefined, { signal: controller.signal });
  await end(chunks, controller);
  expect(cancelled).toBe(1);
});

it.each(endings)('tells the model, and counts the call, of a reply that was %s unread', async (_, end) => {
  let closed = 0;
  const model: Model = {
    provider: 'openai',
    id: 'gpt-4',
    generate: () => Promise.reject(new Error('not asked')),
    async *stream() {
      try {
        yield { text: 'one', usage: { inputTokens: 1_000, outputTokens: 0 } };
        yield { text: 'two' };
      } finally {
        closed += 1;
      }
    },
  };
  const controller = new AbortController();
  const chunks = await llmStream(model).execute('x', { signal: controller.signal });
  await end(chunks, controller);
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(1);
  await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.03);
});

it('reads an iterator whose answers are no promises', async () => {
  let n = 0;
  const counter = {
    next: () => ({ done: n >= 2, value: ++n }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const read: number[] = [];
  const chunks = await task('count', () => counter as unknown as AsyncIterable<number>).execute();
  for await (const chunk of chunks) read.push(chunk);
  expect(read).toEqual([1, 2]);
});

it('closes what is opened only after the execution was aborted', async () => {
  const source = new Readable({ read() {} });
  let open = (_: Readable) => {};
  const late = stream('late', () => new Promise<Readable>((resolve) => (open = resolve)));
  const controller = new AbortController();
  const running = late.execute(undefined, { signal: controller.signal });
  const reason = new Error('too late');
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  open(source);
  await new Promise((resolve) => setImmediate(resolve));
  expect(source.destroyed).toBe(true);
});

it('leaves a model that answers only after the execution was aborted', async () => {
  let closed = 0;
  let answer = () => {};
  const model: Model = {
    provider: 'fake',
    id: 'gpt-4',
    generate: () => Promise.reject(new Error('not asked')),
    async *stream() {
      try {
        await new Promise<void>((resolve) => (answer = resolve));
        yield { text: 'one' };
      } finally {
        closed += 1;
      }
    },
  };
  const controller = new AbortController();
  const running = llmStream(model).execute('x', { signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  controller.abort(new Error('too late'));
  await expect(running).rejects.toThrow('too late');
  answer();
  await new Promise((resolve) => setImmediate(resolve));
  expect(closed).toBe(1);
});
