/** Calls without a reply: what a provider may bill is unmetered, what it does not bill counts in no metric of money. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hedge, llm, llmStream, type Model, type ModelChunk, ModelReplyError, race, timeout } from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const clock = createVirtualClock();
const usage = { inputTokens: 1_000, outputTokens: 1_000 };
const openai = { provider: 'openai', id: 'gpt-4' } as const;
const counts = async (unmetered: number) => {
  await settled();
  await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, unmetered);
  await telemetry.expectMetric('tta_llm_unpriced_requests_total', {}, 0);
};

/** Answers after a time, unless it is aborted. */
const slow = (ms: number): Model => ({
  ...openai,
  async generate(_, { signal }) {
    await clock.sleep(ms, signal);
    return { text: 'ok', usage };
  },
});
const failing = (error: unknown): Model => ({ ...openai, generate: () => Promise.reject(error) });
const code = (name: string) => Object.assign(new Error('net'), { code: name });

describe('a call of llm', () => {
  it('that was aborted, timed out, or lost a race or a hedge is unmetered', async () => {
    const controller = new AbortController();
    const run = [
      llm(slow(100)).execute('x', { context: { clock }, signal: controller.signal }),
      timeout(llm(slow(100)), { timeoutMs: 10 }).execute('x', { context: { clock } }),
      race([llm(slow(10)), llm(slow(100))]).execute('x', { context: { clock } }),
      hedge(llm(slow(50)), { delayMs: 10 }).execute('x', { context: { clock } }),
    ].map((work) => work.catch(() => {}));
    await clock.advance(5);
    controller.abort();
    await clock.advance(200);
    await Promise.all(run);
    await counts(4);
    await telemetry.expectMetric('tta_llm_cost_total', {}, 0.18);
  });

  it.each<[string, unknown, number]>([
    ['is refused by its status', Object.assign(new Error('busy'), { status: 429 }), 0],
    ['meets a server that fails', Object.assign(new Error('busy'), { status: 503 }), 0],
    ['has no connection', new Error('Connection error.', { cause: code('ECONNREFUSED') }), 0],
    ['fails in the model, which would say its usage if there was any', new Error('no'), 0],
    ['loses its connection', new Error('Connection error.', { cause: code('ECONNRESET') }), 1],
    ['is aborted by its client', Object.assign(new Error('Request was aborted.'), { name: 'AbortError' }), 1],
    ['has a reply that is an error and does not say its usage', new ModelReplyError('no text', undefined), 1],
    ['rejects with a text', 'no', 0],
    ['rejects with nothing', undefined, 0],
  ])('that %s counts %#', async (_, error, unmetered) => {
    await llm(failing(error))
      .execute('x')
      .catch(() => {});
    await counts(unmetered);
    await telemetry.expectMetric('tta_llm_requests_total', { status: 'failure' }, 1);
  });
});

describe('a call of llmStream', () => {
  const streaming = (chunks: readonly ModelChunk[], error?: unknown): Model => ({
    ...openai,
    generate: () => Promise.reject(new Error('not used')),
    async *stream() {
      yield* chunks;
      if (error !== undefined) throw error;
    },
  });

  it.each<[string, Model, number, number]>([
    ['before its first text', streaming([{ id: 'r' }], new Error('broke off')), 1, 0],
    ['before its first text, after a usage', streaming([{ usage }], new Error('broke off')), 1, 0.09],
    ['by its status', streaming([], Object.assign(new Error('busy'), { status: 429 })), 0, 0],
    ['without a connection', streaming([], code('ECONNREFUSED')), 0, 0],
    ['in the middle', streaming([{ text: 'a' }], new Error('broke off')), 1, 0],
  ])('that fails %s', async (_, model, unmetered, dollars) => {
    const read = async () => {
      for await (const _chunk of await llmStream(model).execute('x'));
    };
    await expect(read()).rejects.toThrow();
    await counts(unmetered);
    await telemetry.expectMetric('tta_llm_cost_total', {}, dollars);
  });
});
