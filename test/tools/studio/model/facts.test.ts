/** What is read of a span, of real primitives where they say it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  budget,
  bulkhead,
  cache,
  llm,
  llmStream,
  type Model,
  map,
  rateLimit,
  retry,
  router,
  task,
  workflow,
} from '../../../../src/index.ts';
import { loadCatalogue } from '../../../../src/ledger/catalogue.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../../../src/testing/index.ts';
import { factsOf } from '../../../../src/tools/studio/model/facts.ts';
import { studioSpans } from './recorded.ts';
import { chat, primitive, span } from './spans.ts';

let telemetry: TestTelemetry;
beforeEach(async () => {
  await loadCatalogue();
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const gpt4 = { provider: 'openai', id: 'gpt-4' };
const usage = { inputTokens: 1_000, outputTokens: 1_000 };
/** Of the spans of one type, in the order of their ends. */
const factsOfAll = (type: string) =>
  studioSpans(telemetry)
    .map(factsOf)
    .filter((facts) => facts.type === type);
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the facts of a primitive', () => {
  it('are the model, tokens, dollars and the outermost workflow of a call', async () => {
    const ask = llm(scriptedModel([{ text: 'ok', usage }], gpt4), { name: 'ask' });
    await workflow(
      'flow',
      task('inner', () => ask.execute('hi')),
    ).execute(undefined);
    expect(factsOfAll('llm')).toMatchObject([
      {
        group: 'model',
        label: 'ask',
        isModelCall: true,
        model: 'gpt-4',
        provider: 'openai',
        nanodollars: 90_000_000,
        unknownDollars: null,
        tokens: { input: 1_000, output: 1_000 },
        conversation: null,
      },
    ]);
    expect(studioSpans(telemetry).find(({ name }) => name === 'chat gpt-4')?.attributes['tta.workflow.name']).toBe(
      'flow',
    );
  });

  it('are the messages of a call only where capturing them was switched on', async () => {
    const model = scriptedModel([{ text: 'yes', usage }], gpt4);
    for (const captureContent of [true, false]) await llm(model, { captureContent }).execute('really?');
    const [told, silent] = factsOfAll('llm').map(({ conversation }) => conversation);
    expect(told?.input).toEqual([{ role: 'user', parts: [{ type: 'text', text: 'really?' }] }]);
    expect(told?.output[0]?.parts).toEqual([{ type: 'text', text: 'yes' }]);
    expect(silent).toBeNull();
  });

  it('are why its dollars are not known', async () => {
    await llm(scriptedModel([{ text: 'ok', usage }], { id: 'nobody-knows' })).execute('hi');
    await llm(scriptedModel([{ text: 'ok' }], gpt4)).execute('hi');
    expect(factsOfAll('llm').map(({ unknownDollars }) => unknownDollars)).toEqual(['unpriced', 'unmetered']);
    expect(factsOf(chat('m', { id: 'a' }))).toMatchObject({
      unknownDollars: 'not told',
      nanodollars: null,
      tokens: { input: null, reasoning: null },
    });
  });

  it('are the time to the first chunk', async () => {
    const model: Model = {
      ...gpt4,
      generate: () => Promise.reject(new Error('no')),
      async *stream() {
        yield { text: 'a', usage };
      },
    };
    for await (const _ of await llmStream(model).execute('hi'));
    expect(factsOfAll('llm')[0]?.firstChunkUs).toBeGreaterThanOrEqual(0);
  });

  it('are what a cache did and saved', async () => {
    const kept = cache(llm(scriptedModel([{ text: 'ok', usage }], gpt4)), { key: String });
    await kept.execute('a');
    await kept.execute('a');
    expect(factsOfAll('cache')).toMatchObject([
      { cache: 'miss', savedNanodollars: null, group: 'cache' },
      { cache: 'hit', savedNanodollars: 90_000_000 },
    ]);
  });

  it('are the tries of a retry, and its waits, apart from work', async () => {
    let left = 2;
    const flaky = task('flaky', () => {
      left -= 1;
      if (left >= 0) throw new RangeError('busy');
    });
    await retry(flaky, { initialDelayMs: 5, jitter: 'none', when: () => true }).execute();
    const [facts] = factsOfAll('retry');
    expect(facts).toMatchObject({ attempts: 3, retryResult: 'success_retried', isNamed: false, group: 'resilience' });
    expect(facts?.retries.map(({ attempt, error }) => [attempt, error?.type])).toEqual([
      [1, 'RangeError'],
      [2, 'RangeError'],
    ]);
    expect(facts?.waits.map(({ kind }) => kind)).toEqual(['backoff', 'backoff']);
  });

  it('are the waits for a rate limit and in a queue', async () => {
    await map(
      rateLimit(
        task('t', () => {}),
        { permits: 1, perMs: 30 },
      ),
      { concurrency: 2 },
    ).execute([1, 2] as never);
    await map(
      bulkhead(
        task('t', () => sleep(20)),
        { concurrency: 1, maxQueue: 2 },
      ),
      { concurrency: 2 },
    ).execute([1, 2] as never);
    const [limited, queued] = [factsOfAll('rate_limit').at(-1), factsOfAll('bulkhead').at(-1)];
    expect(limited?.waits).toMatchObject([{ kind: 'rate_limit' }]);
    expect(limited?.waits[0]?.durationUs).toBeGreaterThan(10_000);
    expect(queued?.waits).toMatchObject([{ kind: 'queue' }]);
  });

  it('are the route, the tags and the ids', async () => {
    const routed = router((_: undefined) => 'b', { a: task('one', () => 1), b: task('two', () => 2) });
    const context = { correlationId: 'c-1', sessionId: 's-1', tenant: 't-1', tags: { user: 'ada', vip: true } };
    await routed.execute(undefined, { context });
    expect(factsOfAll('router')).toMatchObject([
      {
        choice: 'b',
        label: 'RouterPrimitive',
        isNamed: false,
        correlation: 'c-1',
        session: 's-1',
        tenant: 't-1',
        tags: { user: 'ada', vip: 'true' },
      },
    ]);
  });
});

describe('the facts of a span', () => {
  it('are read without trust in the types of attributes', () => {
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.usage.input_tokens': '12',
      'gen_ai.usage.output_tokens': -3,
      'tta.llm.cost_usd': 'free',
      'gen_ai.request.model': ['a'],
      'tta.outcome': 'splendid',
      'tta.retry.attempts': Number.NaN,
      'tta.cache.result': 7,
      'tta.tag.__proto__': 'x',
      'tta.tag.object': { a: 1 },
      'gen_ai.input.messages': '{"broken',
    };
    const facts = factsOf(span({ id: 'a', attributes }));
    expect(facts).toMatchObject({ outcome: 'success', nanodollars: null, model: null, attempts: null, cache: null });
    expect(facts.tokens).toMatchObject({ input: 12, output: null });
    expect(Object.entries(facts.tags)).toEqual([['__proto__', 'x']]);
    expect(facts.conversation?.input).toEqual([{ role: 'user', parts: [{ type: 'text', text: '{"broken' }] }]);
    expect(factsOf(span({ id: 'b', attributes: { 'tta.primitive.type': 'constructor' } })).group).toBe('other');
  });

  it('are the same object each time', () => {
    const one = span({ id: 'a' });
    expect(factsOf(one)).toBe(factsOf(one));
  });

  it('are a tool call and its answer in messages, and what is not text as JSON', () => {
    const parts = [
      { type: 'tool_call', name: 'weather', arguments: { city: 'Rome' }, id: '1' },
      { type: 'tool_call_response', id: '1', response: 'sunny' },
      { type: 'image', uri: 'x' },
    ];
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts }]),
    };
    expect(factsOf(span({ id: 'a', attributes })).conversation?.output[0]?.parts).toEqual([
      { type: 'tool_call', text: 'weather({"city":"Rome"})' },
      { type: 'tool_call_response', text: 'sunny' },
      { type: 'image', text: '{"uri":"x"}' },
    ]);
  });

  it('are no unknown dollars of a call that was not billed', async () => {
    const broken: Model = { ...gpt4, generate: () => Promise.reject(new Error('503')) };
    await llm(broken)
      .execute('x')
      .catch(() => {});
    await budget(llm(scriptedModel([{ text: 'ok', usage }], gpt4)), { limitUsd: 0.000001 })
      .execute('x')
      .catch(() => {});
    expect(
      factsOfAll('llm').map(({ outcome, nanodollars, unknownDollars }) => [outcome, nanodollars, unknownDollars]),
    ).toEqual([
      ['failure', 0, null],
      ['rejected', 0, null],
    ]);
    const givenUp = primitive('llm', 'ask', {
      id: 'a',
      attributes: { 'gen_ai.operation.name': 'chat', 'tta.outcome': 'superseded' },
    });
    expect(factsOf(givenUp)).toMatchObject({ nanodollars: null, unknownDollars: 'not told' });
    expect(factsOf(chat('m', { id: 'b', failed: 'Error: no' }))).toMatchObject({ nanodollars: null });
  });

  it('never have a wait outside of the span', () => {
    const attributes = { 'tta.rate_limit.wait_seconds': 1e9 };
    const { waits } = factsOf(primitive('rate_limit', 'r', { id: 'a', took: 10, attributes }));
    expect(waits.map(({ durationUs }) => durationUs)).toEqual([10_000]);
  });
});
