/** Requests that real programs sent, as they crossed the wire: foreign.deep.ts records such anew, and says how. */
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { factsOf } from '../../../../src/tools/studio/model/facts.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { summarise } from '../../../../src/tools/studio/model/summarise.ts';
import { send } from '../../../support/http.ts';
import { startSpanReceiver } from '../../../support/span-receiver.ts';

/** The spans of each trace, in the order of their arrival. */
async function received(name: string): Promise<readonly (readonly StudioSpan[])[]> {
  const receiver = await startSpanReceiver();
  onTestFinished(receiver.close);
  const body = readFileSync(new URL(`exchanges/${name}.gz`, import.meta.url));
  const type = name.endsWith('.pb') ? 'application/x-protobuf' : 'application/json';
  const headers = { 'content-type': type, 'content-encoding': 'gzip' };
  const { status } = await send(`${receiver.url}/v1/traces`, { method: 'POST', headers }, body);
  expect(status).toBe(200);
  return receiver.traces();
}

const rowOf = (spans: readonly StudioSpan[]) => summarise(undefined, spans, { arrival: 1, change: 1, receivedMs: 0 });

async function only(name: string): Promise<readonly StudioSpan[]> {
  const [trace, ...others] = await received(name);
  expect(others).toEqual([]);
  return trace ?? [];
}

describe('the Vercel AI SDK', () => {
  it.each([
    ['vercel-ai-4', { inputTokens: 45, outputTokens: 18 }, { inputTokens: null, outputTokens: null }],
    ['vercel-ai-5', { inputTokens: 44, outputTokens: 18 }, { inputTokens: 17, outputTokens: 11 }],
    ['vercel-ai-6', { inputTokens: 44, outputTokens: 18 }, { inputTokens: 17, outputTokens: 11 }],
  ])('%s: each run has its function, model, tokens, session and error', async (name, tokens, streamed) => {
    const rows = (await received(`${name}.json`)).map(rowOf);
    const [answer, stream, embed, broken] = rows;
    const common = { session: 's-7', tags: { userId: 'u1', sessionId: 's-7' }, errors: 0, status: 'success' };
    expect(answer).toMatchObject({ ...common, workflow: 'answer', modelCalls: 2, models: ['gpt-4o'], ...tokens });
    expect(stream).toMatchObject({
      ...{ ...common, workflow: 'stream', modelCalls: 1 },
      ...{ models: ['gpt-4o-mini'], ...streamed },
    });
    expect(embed).toMatchObject({
      ...{ ...common, workflow: 'embed', modelCalls: 1 },
      ...{ models: ['text-embedding-3-small'], inputTokens: 1 },
    });
    expect(broken).toMatchObject({
      workflow: 'broken',
      modelCalls: 1,
      models: ['gpt-4o'],
      errors: 2,
      status: 'failure',
    });
    expect(broken?.failure).toContain('Cannot connect to API');
    // Nothing says the dollars: they are not 0.
    expect(rows.map(({ nanodollars, unpricedCalls }) => [nanodollars, unpricedCalls])).toEqual([
      ...[
        [null, 2],
        [null, 1],
        [null, 1],
      ],
      [null, 1],
    ]);
  });

  it('has its tools, its messages and the time to the first chunk', async () => {
    const [answer = [], stream = []] = await received('vercel-ai-6.json');
    const facts = answer.map(factsOf);
    expect(facts.map(({ group, label, provider }) => [group, label, provider])).toEqual([
      ['model', 'gpt-4o', 'openai'],
      ['tool', 'weather', null],
      ['model', 'gpt-4o', 'openai'],
      ['agent', 'answer', null],
    ]);
    expect(facts[0]?.conversation).toMatchObject({
      input: [{ role: 'system' }, { role: 'user', parts: [{ text: 'use weather for Paris' }] }],
      output: [{ role: 'assistant', parts: [{ type: 'tool_call', text: expect.stringMatching(/^weather\(/) }] }],
    });
    expect(facts[2]?.conversation).toMatchObject({ output: [{ role: 'assistant', parts: [{ text: 'sunny.' }] }] });
    expect(factsOf(stream[0] as StudioSpan).firstChunkUs).toBe(156_369);
  });
});

describe('OpenLLMetry', () => {
  it('of JavaScript has its workflow, steps, model, tokens and session', async () => {
    const spans = await only('openllmetry-js-0.27.pb');
    expect(rowOf(spans)).toMatchObject({
      ...{ name: 'joke', workflow: 'joke', service: 'otl-js', modelCalls: 2, session: 's-9' },
      ...{ models: ['gpt-4o', 'gpt-4o-mini'], inputTokens: 21, outputTokens: 10 },
      tags: { tenant: 'acme', session_id: 's-9' },
    });
    expect(spans.map((span) => [factsOf(span).group, factsOf(span).label])).toEqual([
      ['model', 'gpt-4o'],
      ['other', 'make.task'],
      ['tool', 'lookup'],
      ['model', 'gpt-4o-mini'],
      ['flow', 'joke'],
    ]);
  });

  it('of Python has its model, tokens, error and time to the first chunk, in its older names too', async () => {
    const current = await only('openllmetry-python-0.62.pb');
    expect(rowOf(current)).toMatchObject({
      ...{ name: 'answer a question', service: 'py-openllmetry', kind: 'model', modelCalls: 4, errors: 1 },
      ...{ models: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'], inputTokens: 28, outputTokens: 19 },
    });
    const failed = current.map(factsOf).find(({ error }) => error !== null);
    expect(failed).toMatchObject({
      model: 'gpt-4o',
      error: { type: 'APIConnectionError', message: 'Connection error.' },
    });

    const older = await only('openllmetry-python-0.33.pb');
    expect(rowOf(older)).toMatchObject({ modelCalls: 3, inputTokens: 18, outputTokens: 15 });
    for (const spans of [current, older]) {
      const [first, streamed] = spans.map(factsOf);
      expect(first).toMatchObject({ model: 'gpt-4o', provider: 'openai', tokens: { input: 17, output: 15 } });
      expect(first?.conversation).toMatchObject({
        input: [
          { role: 'system', parts: [{ text: 'be short' }] },
          { role: 'user', parts: [{ text: 'use weather for Paris' }] },
        ],
        output: [{ role: 'assistant', parts: [{ type: 'tool_call', text: expect.stringMatching(/^weather\(/) }] }],
      });
      expect(streamed?.firstChunkUs).toBeGreaterThan(0);
    }
  });
});

it('OpenInference has its model, tokens, messages and error', async () => {
  const spans = await only('openinference-python-0.1.66.pb');
  expect(rowOf(spans)).toMatchObject({
    ...{ name: 'answer a question', kind: 'model', modelCalls: 4, errors: 1 },
    ...{ models: ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'], inputTokens: 28, outputTokens: 19 },
  });
  const [first, streamed, , failed] = spans.map(factsOf);
  expect(first?.conversation).toMatchObject({
    input: [{ role: 'system' }, { role: 'user', parts: [{ text: 'use weather for Paris' }] }],
    output: [{ parts: [{ type: 'tool_call', text: expect.stringMatching(/^weather\(/) }] }],
  });
  expect(streamed?.firstChunkUs).toBeGreaterThan(0);
  expect(failed).toMatchObject({ model: 'gpt-4o', error: { type: 'openai.APIConnectionError' } });
});

it('Pydantic AI has its agent, tool, model, tokens, dollars and error, each call once', async () => {
  const [answer = [], broken = []] = await received('pydantic-ai-2.62.pb');
  expect(rowOf(answer)).toMatchObject({
    ...{ modelCalls: 2, inputTokens: 44, outputTokens: 18, nanodollars: 290_000, unpricedCalls: 0, errors: 0 },
    name: 'invoke_agent forecaster',
  });
  expect(answer.map((span) => [factsOf(span).group, factsOf(span).label])).toEqual([
    ['model', 'gpt-4o'],
    ['tool', 'weather'],
    ['model', 'gpt-4o'],
    ['agent', 'forecaster'],
  ]);
  expect(rowOf(broken)).toMatchObject({ status: 'failure', errors: 2, failure: expect.stringContaining('Connection') });
});
