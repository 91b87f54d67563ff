/** What the port owes every `Model`: its requests are counted once, what it leaves out is unknown, its reply is told whole. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  fallback,
  llm,
  llmStream,
  type Model,
  type ModelChunk,
  type ModelReply,
  retry,
  type WorkflowContext,
} from '../../src/index.ts';
import { isUncounted } from '../../src/llm/uncounted.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { read } from '../support/chat-server.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const usage = { inputTokens: 1_000, outputTokens: 1_000 };
const gpt4 = (chunks: readonly ModelChunk[], more: Partial<Model> = {}): Model => ({
  provider: 'openai',
  id: 'gpt-4',
  generate: async () => ({ text: 'ok', ...Object.assign({}, ...chunks) }),
  async *stream() {
    for (const chunk of chunks) yield chunk;
  },
  ...more,
});

describe('a request of the port', () => {
  it('is not counted a second time where it crosses the wire, whenever the model sends it', async () => {
    const seen: boolean[] = [];
    const note = async () => {
      seen.push(isUncounted());
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(isUncounted());
    };
    const model: Model = {
      provider: 'fake',
      id: 'fake',
      async findServer() {
        await note();
        return { provider: 'fake' };
      },
      async generate() {
        await note();
        return { text: 'ok' };
      },
      async *stream() {
        await note();
        yield { text: 'a' };
        await note();
        yield { text: 'b' };
        await note();
      },
    };
    await llm(model).execute('hi');
    for await (const _ of await llmStream(model).execute('hi')) expect(isUncounted()).toBe(false);
    expect(seen).toEqual(Array(12).fill(true));
    expect(isUncounted()).toBe(false);
  });

  it('is not sent where the model cannot find out whom it asks, and costs nothing', async () => {
    const model = gpt4([{ text: 'ok', usage }], { findServer: () => Promise.reject(new Error('no key')) });
    for (const ask of [llm(model), llmStream(model)]) await expect(ask.execute('hi')).rejects.toThrow('no key');
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'gpt-4', status: 'failure' }, 2);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 0);
  });
});

describe('a usage', () => {
  it.each<[string, unknown]>([
    ['is missing', undefined],
    ['is null', null],
    ['is empty', {}],
    ['has nulls', { inputTokens: null, outputTokens: null }],
    ['has a total only', { totalTokens: 2_000 }],
    ['is negative', { inputTokens: -1, outputTokens: -1 }],
    ['is no number', { inputTokens: Number.NaN, outputTokens: '5' }],
    ['is endless', { inputTokens: Number.POSITIVE_INFINITY, outputTokens: Number.POSITIVE_INFINITY }],
  ])('that %s is unknown, and not 0 dollars', async (_, said) => {
    const model = gpt4([{ text: 'ok', usage: said as never }]);
    await llm(model).execute('hi');
    await read(await llmStream(model).execute('hi'));
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 2);
    await telemetry.expectMetric('tta_llm_unpriced_requests_total', { model: 'gpt-4' }, 0);
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0);
  });

  it('of which one number is known is a lower bound, and unmetered', async () => {
    const model = gpt4([{ text: 'ok', usage: { inputTokens: 1_000, outputTokens: Number.NaN } }]);
    await llm(model).execute('hi');
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.03);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 1);
  });

  it.each<[string, unknown]>([
    ['zeros', { inputTokens: 0, outputTokens: 0 }],
    ['nothing', {}],
    ['null', null],
    ['nulls', { inputTokens: null, outputTokens: null }],
    ['negative numbers', { inputTokens: -5, outputTokens: -5 }],
  ])('of a stream is not erased by %s at its end', async (_, last) => {
    const model = gpt4([{ text: 'ok', usage }, { usage: last as never }]);
    await read(await llmStream(model).execute('hi'));
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.09);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, 0);
  });

  it('of a stream is the last one: numbers that grow are not added up', async () => {
    const model = gpt4([
      { usage: { inputTokens: 1_000, outputTokens: 1 } },
      { text: 'ok' },
      { usage: { inputTokens: 0, outputTokens: 1_000 } },
    ]);
    await read(await llmStream(model).execute('hi'));
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.09);
  });
});

describe('onReply', () => {
  const parts: readonly ModelChunk[] = [
    { id: 'r1', model: 'gpt-4-0613' },
    { text: 'Hel' },
    { text: 'lo', finishReason: 'length', model: undefined },
    { usage },
  ];
  const whole = { id: 'r1', model: 'gpt-4-0613', text: 'Hello', finishReason: 'length', usage };

  it('tells usage and finish reason of a reply, also through retry and fallback', async () => {
    const told: [ModelReply, WorkflowContext][] = [];
    const onReply = (...args: [ModelReply, WorkflowContext]) => void told.push(args);
    const down = gpt4([], {
      stream: () => {
        throw new Error('down');
      },
    });
    const ask = fallback(retry(llmStream(down, { onReply }), { maxRetries: 1, initialDelayMs: 0 }), [
      llmStream(gpt4(parts), { onReply }),
    ]);
    const chunks = await ask.execute('hi', { context: { tags: { team: 'a' } } });
    expect(told).toEqual([]);
    expect(await read(chunks)).toBe('Hello');
    expect(told).toEqual([[whole, expect.objectContaining({ tags: { team: 'a' } })]]);
    await llm(gpt4([whole]), { onReply }).execute('hi');
    expect(told[1]?.[0]).toEqual(whole);
  });

  it('is not told of a reply that was left, that failed or that is no answer', async () => {
    const told: unknown[] = [];
    const onReply = (reply: ModelReply) => told.push(reply);
    for await (const _ of await llmStream(gpt4(parts), { onReply }).execute('hi')) break;
    const filtered = gpt4([{ text: 'Hel', finishReason: 'content_filter' }]);
    await expect(llm(filtered, { onReply }).execute('hi')).rejects.toMatchObject({ reason: 'content_filter' });
    await expect(read(await llmStream(filtered, { onReply }).execute('hi'))).rejects.toMatchObject({
      reason: 'content_filter',
    });
    expect(told).toEqual([]);
  });

  it('cannot lose a reply that is paid for: its error is an event on the span', async () => {
    const onReply = () => {
      throw new Error('the disk is full');
    };
    await expect(llm(gpt4([whole]), { onReply }).execute('hi')).resolves.toMatchObject({ text: 'Hello' });
    expect(await read(await llmStream(gpt4(parts), { onReply }).execute('hi'))).toBe('Hello');
    expect(
      telemetry.spans().flatMap(({ events }) => events.map(({ attributes }) => attributes?.['exception.message'])),
    ).toEqual(['the disk is full', 'the disk is full']);
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, 0.18);
  });
});

it('finds out whom it asks before it sends, also for a model that was copied', async () => {
  const own = gpt4([{ text: 'ok', usage }], {
    findServer: async () => ({ provider: 'groq', serverAddress: 'api.groq.com' }),
  });
  const ask = llm({ ...own, id: 'gpt-4' }, { prices: { 'groq/gpt-4': { input: 1, output: 1 } } });
  await ask.execute('hi');
  await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4', provider: 'groq' }, 0.002);
  await telemetry.expectMetric('tta_llm_requests_total', { provider: 'groq', status: 'success' }, 1);
  expect(telemetry.spans()[0]?.attributes).toMatchObject({
    'gen_ai.provider.name': 'groq',
    'server.address': 'api.groq.com',
  });
});

it('reads a model that is an instance of a class with getters', async () => {
  class Own implements Model {
    get provider() {
      return 'openai';
    }
    get id() {
      return 'gpt-4';
    }
    get serverAddress() {
      return 'models.example.com';
    }
    async generate() {
      return { text: 'ok', usage };
    }
  }
  await llm(new Own()).execute('hi');
  await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4', provider: 'openai' }, 0.09);
  expect(telemetry.spans()[0]?.attributes).toMatchObject({
    'gen_ai.provider.name': 'openai',
    'server.address': 'models.example.com',
  });
});
