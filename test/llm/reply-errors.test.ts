/** Replies that are no answers: why, what the provider said, what they cost, and that nobody pays for them twice. */
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { llm, llmStream, ModelReplyError, openAICompatible, retry } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type ChatServer, chunk, completion, json, read, sse, startChatServer, USAGE } from '../support/chat-server.ts';

let server: ChatServer;
let telemetry: TestTelemetry;
beforeAll(async () => {
  server = await startChatServer();
});
afterAll(() => server.close());
beforeEach(() => {
  telemetry = startTestTelemetry();
  server.asked.length = 0;
});
afterEach(() => telemetry.stop());

const model = () => openAICompatible({ baseURL: server.baseURL, model: 'gpt-4', provider: 'openai' });
const usageChunk = { id: 'r', choices: [], usage: USAGE };
const SORRY = 'I cannot help with the diary of Ann.';
const calls = [
  { index: 0, id: 'c1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Graz"}' } },
];
const overloaded = { message: 'Provider returned error', code: 502, metadata: { raw: 'upstream is overloaded' } };
const filter = {
  content_filter_results: { violence: { filtered: true, severity: 'high' }, hate: { filtered: false } },
};

interface Case {
  readonly what: string;
  readonly reason: string;
  readonly said: string | undefined;
  readonly whole: unknown;
  readonly parts: readonly (object | string)[];
  readonly facts?: object;
  /** Whether the reply tells no usage. */
  readonly unmetered?: true;
}

const CASES: readonly Case[] = [
  {
    what: 'a refusal',
    reason: 'refusal',
    said: SORRY,
    whole: completion(null, { refusal: SORRY }),
    parts: [chunk({ refusal: SORRY.slice(0, 9) }), chunk({ refusal: SORRY.slice(9) }), chunk({}, 'stop'), usageChunk],
  },
  {
    what: 'a refusal beside a text',
    reason: 'refusal',
    said: SORRY,
    whole: completion('Well', { refusal: SORRY }),
    parts: [chunk({ content: 'Well' }), chunk({ refusal: SORRY }), chunk({}, 'stop'), usageChunk],
  },
  {
    what: 'a call of a tool',
    reason: 'tool_call',
    said: 'get_weather',
    whole: completion(null, { tool_calls: calls }, { finish_reason: 'tool_calls' }),
    parts: [
      chunk({ tool_calls: calls }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '}' } }] }),
      chunk({}, 'tool_calls'),
      usageChunk,
    ],
  },
  {
    what: 'a call of a tool beside a text',
    reason: 'tool_call',
    said: 'get_weather',
    whole: completion('Let me see.', { tool_calls: calls }, { finish_reason: 'tool_calls' }),
    parts: [chunk({ content: 'Let me see.' }), chunk({ tool_calls: calls }), chunk({}, 'tool_calls'), usageChunk],
  },
  {
    what: 'a call of a function in the older form',
    reason: 'tool_call',
    said: 'get_weather',
    whole: completion(null, { function_call: calls[0]?.function }, { finish_reason: 'function_call' }),
    parts: [chunk({ function_call: calls[0]?.function }), chunk({}, 'function_call'), usageChunk],
  },
  {
    what: 'a filter before the first word',
    reason: 'content_filter',
    said: 'violence (high)',
    whole: completion('', {}, { finish_reason: 'content_filter', ...filter }),
    parts: [chunk({ content: '' }), chunk({}, 'content_filter', filter), usageChunk],
  },
  {
    what: 'a filter in the middle of a text',
    reason: 'content_filter',
    said: undefined,
    whole: completion('Once upon', {}, { finish_reason: 'content_filter' }),
    parts: [chunk({ content: 'Once upon' }), chunk({}, 'content_filter'), usageChunk],
  },
  {
    what: 'a filter of Google',
    reason: 'content_filter',
    said: undefined,
    whole: completion(null, {}, { finish_reason: 'content_filter: PROHIBITED_CONTENT' }),
    parts: [chunk({}, 'content_filter: PROHIBITED_CONTENT'), usageChunk],
  },
  {
    what: 'an error in a 200',
    reason: 'provider_error',
    said: 'Provider returned error: upstream is overloaded',
    facts: { code: 502, status: 502 },
    whole: { error: overloaded, usage: USAGE },
    parts: [usageChunk, { error: overloaded }],
  },
  {
    what: 'an error in a choice',
    reason: 'provider_error',
    said: 'overloaded',
    facts: { code: 'server_error', status: undefined },
    whole: completion('Well', {}, { finish_reason: 'error', error: { message: 'overloaded', code: 'server_error' } }),
    parts: [
      usageChunk,
      chunk({ content: 'Well' }, 'error', { error: { message: 'overloaded', code: 'server_error' } }),
    ],
  },
  {
    what: 'a finish reason that is an error',
    reason: 'provider_error',
    said: undefined,
    whole: completion('Well', {}, { finish_reason: 'insufficient_system_resource' }),
    parts: [chunk({ content: 'Well' }), chunk({}, 'insufficient_system_resource'), usageChunk],
  },
  {
    what: 'an error that is a text',
    reason: 'provider_error',
    said: 'overloaded',
    facts: { code: undefined },
    unmetered: true,
    whole: { error: 'overloaded' },
    parts: [{ error: 'overloaded' }],
  },
];

describe('a reply of any shape', () => {
  const shape = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, undefined, '', 'text', 0, -1, 502, Number.NaN, 'tool_calls'),
      tie('list'),
      tie('record'),
    ),
    list: fc.array(tie('value'), { maxLength: 3 }),
    record: fc.dictionary(
      fc.constantFrom(
        'choices',
        'message',
        'delta',
        'content',
        'text',
        'refusal',
        'tool_calls',
        'function',
        'name',
        'finish_reason',
        'usage',
        'prompt_tokens',
        'error',
        'code',
        'metadata',
        'raw',
        'content_filter_results',
        'filtered',
        'x_groq',
        'id',
        'model',
        '__proto__',
      ),
      tie('value'),
      { maxKeys: 6 },
    ),
  })).value;

  it('is an answer or a ModelReplyError, and nothing else', async () => {
    const client = (answer: unknown, streams: boolean) => ({
      chat: { completions: { create: async () => (streams ? Readable.from((answer as unknown[]) ?? []) : answer) } },
    });
    await fc.assert(
      fc.asyncProperty(
        shape,
        fc.array(
          shape.filter((each) => each !== null && each !== undefined),
          { maxLength: 4 },
        ),
        async (whole, chunks) => {
          const give = (answer: unknown, streams: boolean) =>
            openAICompatible({ model: 'gpt-4', client: client(answer, streams) });
          const outcomes = await Promise.allSettled([
            llm(give(whole, false)).execute('hi'),
            llmStream(give(chunks, true)).execute('hi').then(read),
          ]);
          for (const outcome of outcomes) {
            if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ModelReplyError);
            else
              expect(
                typeof (outcome.value as { text?: string }).text === 'string' || typeof outcome.value === 'string',
              ).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe.each(['llm', 'llmStream'] as const)('%s', (kind) => {
  const ask = async (): Promise<unknown> => {
    if (kind === 'llm') return retry(llm(model()), { initialDelayMs: 0 }).execute('hi');
    return read(await retry(llmStream(model()), { initialDelayMs: 0 }).execute('hi'));
  };

  it.each(CASES)('rejects with $what, what was said and what it cost, after one try', async (each) => {
    const { reason, said, whole, parts, facts, unmetered } = each;
    server.answer = kind === 'llm' ? json(whole) : sse(...parts, '[DONE]');
    const error = await ask().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ModelReplyError);
    expect(error).toMatchObject({ name: 'ModelReplyError', reason, ...facts });
    expect((error as ModelReplyError).said).toBe(said);
    expect(server.asked).toHaveLength(1);
    await telemetry.expectMetric('tta_llm_requests_total', { model: 'gpt-4', status: 'failure' }, 1);
    await telemetry.expectMetric('tta_llm_cost_total', { model: 'gpt-4' }, unmetered ? 0 : 0.09);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', { model: 'gpt-4' }, unmetered ? 1 : 0);
  });

  it('shows no word of a refusal on a span or in a log', async () => {
    server.answer =
      kind === 'llm' ? json(completion(null, { refusal: SORRY })) : sse(chunk({ refusal: SORRY }, 'stop'));
    const error = await ask().catch((thrown: unknown) => thrown);
    const shown =
      inspect(error) + JSON.stringify(telemetry.spans().map((span) => [span.events, span.status, span.attributes]));
    expect(shown).toContain('it refused');
    expect(shown).not.toContain('diary');
  });

  it('hides secrets in what the provider says, and bounds it', async () => {
    const said = `the key sk-proj-${'a1B2'.repeat(12)} is not known; ${'x'.repeat(100_000)}`;
    server.answer = kind === 'llm' ? json({ error: { message: said } }) : sse({ error: { message: said } });
    const error = (await ask().catch((thrown: unknown) => thrown)) as ModelReplyError;
    expect(error.message).not.toContain('a1B2a1B2');
    expect(error.message.length).toBeLessThan(400);
    expect(error.said).not.toContain('a1B2a1B2');
    expect(error.said?.length).toBeLessThan(2_100);
  });

  it('tries again after a reply without a text, and after one that was cut off', async () => {
    const replies =
      kind === 'llm'
        ? [json({}), json(null), json(completion('ok'))]
        : [sse(), sse(chunk({ content: '' })), sse(chunk({ content: 'ok' }, 'stop'))];
    server.answer = (response, asked) => replies.shift()?.(response, asked);
    await ask();
    expect(server.asked).toHaveLength(3);
  });

  it('does not try again where the account has no money left', async () => {
    const error = {
      message: 'You exceeded your current quota',
      type: 'insufficient_quota',
      code: 'insufficient_quota',
    };
    server.answer = json({ error }, 429, { 'retry-after': '0' });
    await expect(ask()).rejects.toMatchObject({ status: 429, code: 'insufficient_quota' });
    expect(server.asked).toHaveLength(1);
    await telemetry.expectMetric('tta_llm_unmetered_requests_total', {}, 0);
  });

  it('gives the text of a reply whose parts are a list, with its thoughts left out', async () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] },
      { type: 'text', text: 'The Mur.' },
    ];
    server.answer = kind === 'llm' ? json(completion(content)) : sse(chunk({ content }), chunk({}, 'stop'), '[DONE]');
    const output = await ask();
    expect(kind === 'llm' ? (output as { text: string }).text : output).toBe('The Mur.');
  });
});
