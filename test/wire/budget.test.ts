/** A budget around the official client, whose errors and repetitions are its own. */
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BudgetExceededError, budget, observeFetch, parallel, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type ChatServer, chunk, completion, json, sse, startChatServer } from '../support/chat-server.ts';

let server: ChatServer;
let telemetry: TestTelemetry;
let client: OpenAI;
beforeAll(async () => {
  server = await startChatServer();
  const fetch = observeFetch(globalThis.fetch, { hosts: { [new URL(server.baseURL).host]: { provider: 'openai' } } });
  client = new OpenAI({ baseURL: server.baseURL, apiKey: 'x', fetch, maxRetries: 1 });
});
afterAll(() => server.close());

// At $30 and $60 for a million: a cent of input, and 2 cents of output.
const usage = { prompt_tokens: 333, completion_tokens: 333, total_tokens: 666 };
const COST = 0.02997;
beforeEach(() => {
  telemetry = startTestTelemetry();
  server.asked.length = 0;
  server.answer = (response, asked) =>
    (asked.body.stream === true
      ? sse(chunk({ content: 'Hello' }, 'stop'), { choices: [], usage }, '[DONE]')
      : json({ ...completion('Hello'), usage }))(response, asked);
});
afterEach(() => telemetry.stop());

const request = { model: 'gpt-4', messages: [{ role: 'user' as const, content: 'Hi' }] };
const ask = task('ask', async (max_tokens: number) => {
  const { choices } = await client.chat.completions.create({ ...request, max_tokens });
  return choices[0]?.message.content;
});
const failureOf = (execution: Promise<unknown>) =>
  execution.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a budget around the official client', () => {
  it('counts what its calls cost', async () => {
    const shared = budget(ask, { name: 'counted', limitUsd: 1, per: 'all' });
    expect(await shared.execute(300)).toBe('Hello');
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'counted' }, 1 - COST);
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, COST);
  });

  it('refuses the call that may cost too much, at once, whatever the client makes of the error', async () => {
    let seen: unknown;
    const twice = task('twice', async () => {
      for (const max_tokens of [300, 300]) {
        await client.chat.completions.create({ ...request, max_tokens }).catch((error: unknown) => {
          seen = error;
          throw error;
        });
      }
    });
    const error = await failureOf(budget(twice, { limitUsd: 0.04 }).execute(undefined));
    expect(error).toBeInstanceOf(BudgetExceededError);
    expect(error).toMatchObject({ spentUsd: COST });
    expect(seen).toBeUndefined();
    // The client repeats the request by itself, and puts an error of its own around the refusal.
    await expect.poll(() => seen, { timeout: 60_000 }).toMatchObject({ name: 'Error', cause: error });
    expect(server.asked).toHaveLength(1);
  });

  it('holds for calls at the same time, and for streams', async () => {
    const streamed = task('streamed', async (max_tokens: number) => {
      let text = '';
      const chunks = await client.chat.completions.create({
        ...request,
        max_tokens,
        stream: true,
        stream_options: { include_usage: true },
      });
      for await (const { choices } of chunks) text += choices[0]?.delta.content ?? '';
      return text;
    });
    const both = budget(parallel([ask, streamed]), { name: 'both', limitUsd: 1, per: 'all' });
    expect(await both.execute(300)).toEqual(['Hello', 'Hello']);
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'both' }, 1 - 2 * COST);
    const narrow = budget(parallel([streamed, streamed, streamed]), { limitUsd: 0.05 });
    expect(await failureOf(narrow.execute(300))).toMatchObject({ name: 'BudgetExceededError', spentUsd: 0 });
    expect(server.asked.length).toBeLessThanOrEqual(4);
  });

  it('gives back what was held for a request that the server refuses', async () => {
    server.answer = json({ error: { message: 'no such key' } }, 401);
    const shared = budget(ask, { name: 'refused', limitUsd: 1, per: 'all' });
    expect(await failureOf(shared.execute(300))).toMatchObject({ status: 401 });
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'refused' }, 1);
  });

  it('takes what was held for a stream that was left without its usage', async () => {
    server.answer = (response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write(`data: ${JSON.stringify(chunk({ content: 'Hello' }))}\n\n`);
    };
    const leave = task('leave', async () => {
      for await (const _ of await client.chat.completions.create({ ...request, max_tokens: 100, stream: true })) break;
    });
    const bytes = Buffer.byteLength(JSON.stringify({ ...request, max_tokens: 100, stream: true }));
    await budget(leave, { name: 'left', limitUsd: 1, per: 'all' }).execute();
    const held = (Math.ceil(bytes / 3) * 30 + 100 * 60) / 1e6;
    await telemetry.expectMetric('tta_budget_remaining_dollars', { budget: 'left' }, 1 - held);
  });

  it('holds the tokens of every answer that a request asks for', async () => {
    const three = task('three', () => client.chat.completions.create({ ...request, max_tokens: 100, n: 3 }));
    expect(await failureOf(budget(three, { limitUsd: 0.018 }).execute())).toBeInstanceOf(BudgetExceededError);
    await budget(three, { limitUsd: 0.02 }).execute();
    const choices = telemetry.spans().map(({ attributes }) => attributes['gen_ai.request.choice.count']);
    expect(choices.filter((count) => count !== undefined)).toEqual([3, 3]);
  });
});
