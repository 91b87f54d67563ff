/** What single protocols do in their own way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { soundUsage } from '../../../src/ledger/usage.ts';
import type { Recognised, ReplyReader } from '../../../src/wire/protocol.ts';
import { inChunks, readChunks, readParsed, readText, recognised, sse } from '../exchange.ts';

const tokens = (reader: ReplyReader) => {
  const { usage, metering } = reader.facts();
  return { ...(usage && soundUsage(usage)), metering };
};
const stream = (call: Recognised, ...events: readonly unknown[]) =>
  readChunks(call, inChunks(Buffer.from(sse(...events)), 11));

describe('Anthropic', () => {
  const call = recognised('https://api.anthropic.com/v1/messages', { model: 'm', messages: [], stream: true });
  const start = (usage: object) => ({ type: 'message_start', message: { id: 'x', model: 'm-1', content: [], usage } });
  const delta = (usage: unknown, stop_reason = 'end_turn') => ({
    type: 'message_delta',
    delta: { stop_reason },
    usage,
  });
  const stop = { type: 'message_stop' };
  const cached = {
    ...{ input_tokens: 2000, cache_read_input_tokens: 6000, cache_creation_input_tokens: 2000, output_tokens: 4 },
    cache_creation: { ephemeral_5m_input_tokens: 1000, ephemeral_1h_input_tokens: 1000 },
    service_tier: 'priority',
  };
  const expected = {
    ...{ inputTokens: 10000, outputTokens: 500, cachedInputTokens: 6000, cacheWriteTokens: 2000 },
    ...{ cacheWrite1hTokens: 1000, metering: 'exact' },
  };

  it('has the cache writes of an hour apart, streamed and whole', () => {
    const reader = stream(call, start(cached), delta({ output_tokens: 500 }), stop);
    expect(tokens(reader)).toMatchObject(expected);
    expect(reader.facts()).toMatchObject({
      finishReasons: ['end_turn'],
      serviceTier: 'priority',
      id: 'x',
      model: 'm-1',
    });
    const whole = {
      id: 'x',
      type: 'message',
      model: 'm-1',
      stop_reason: 'end_turn',
      usage: { ...cached, output_tokens: 500 },
    };
    expect(tokens(readParsed(call, whole))).toMatchObject(expected);
    expect(tokens(readText(call, JSON.stringify(whole)))).toMatchObject(expected);
  });

  it.each([null, {}, { output_tokens: 0 }, { output_tokens: null, input_tokens: 0 }])(
    'keeps what was said when a later delta is %j',
    (usage) => {
      expect(tokens(stream(call, start(cached), delta({ output_tokens: 500 }), delta(usage), stop))).toMatchObject(
        expected,
      );
    },
  );

  it('tells an error event, with a lower bound of the tokens', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } };
    const reader = stream(call, start(cached), error);
    expect(reader).toMatchObject({ isComplete: false, error: { name: 'overloaded_error' } });
    expect(tokens(reader)).toMatchObject({ inputTokens: 10000, outputTokens: 4, metering: 'partial' });
  });

  it('takes no text and no arguments for an event', () => {
    const text = (partial: object) => ({ type: 'content_block_delta', index: 0, delta: partial });
    const reader = stream(
      ...([
        call,
        start(cached),
        text({ type: 'input_json_delta', partial_json: '{"type":"message_stop","usage":{"output_tokens":9}}' }),
      ] as const),
      ...[text({ type: 'text_delta', text: '"type":"error"' }), delta({ output_tokens: 500 }), stop],
    );
    expect(tokens(reader)).toMatchObject(expected);
    expect(reader.error).toBeUndefined();
  });

  it('is fast only at the price of fast', () => {
    expect(stream(call, start({ ...cached, speed: 'fast' }), stop).facts().serviceTier).toBe('fast');
  });
});

describe("OpenAI's responses", () => {
  const call = recognised('https://api.openai.com/v1/responses', { model: 'm', input: 'x', stream: true });
  const usage = { input_tokens: 100, output_tokens: 20, output_tokens_details: { reasoning_tokens: 5 } };
  const response = (more: object) => ({
    id: 'r',
    object: 'response',
    model: 'm-1',
    status: 'completed',
    usage,
    output: [],
    ...more,
  });
  const created = { type: 'response.created', response: response({ status: 'in_progress', usage: null }) };

  it.each([
    ['response.completed', { status: 'completed' }, 'completed'],
    [
      'response.incomplete',
      { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } },
      'max_output_tokens',
    ],
  ])('end with %s', (type, more, reason) => {
    const reader = stream(call, created, { type, response: response(more) });
    expect(reader).toMatchObject({ isComplete: true, error: undefined });
    expect(reader.facts().finishReasons).toEqual([reason]);
    expect(tokens(reader)).toMatchObject({ inputTokens: 100, outputTokens: 20, reasoningTokens: 5, metering: 'exact' });
    expect(tokens(readParsed(call, response(more)))).toEqual(tokens(reader));
  });

  it('fail with what the server says, and are billed for what it says', () => {
    const failed = { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'No.' } };
    const reader = stream(call, created, { type: 'response.failed', response: response(failed) });
    expect(reader).toMatchObject({ isComplete: true, error: { name: 'rate_limit_exceeded' } });
    expect(tokens(reader)).toMatchObject({ inputTokens: 100 });
    expect(readParsed(call, response({ ...failed, usage: null })).error?.name).toBe('rate_limit_exceeded');
    expect(stream(call, created, { type: 'error', code: 'server_error', message: 'No.' }).error?.name).toBe(
      'server_error',
    );
  });

  it('that go on in the background have no usage yet', () => {
    const reader = readParsed(call, response({ status: 'queued', usage: null }));
    expect(reader).toMatchObject({ isComplete: true, error: undefined });
    expect(tokens(reader)).toEqual({ metering: 'unknown' });
  });

  it('are read from a last event of a megabyte', () => {
    const output = [
      { type: 'message', content: [{ type: 'output_text', text: 'x'.repeat(1_000_000), usage: { input_tokens: 1 } }] },
    ];
    const body = sse(created, { type: 'response.completed', response: response({ output }) });
    const reader = readChunks(call, inChunks(Buffer.from(body), 65_536));
    expect(tokens(reader)).toMatchObject({ inputTokens: 100, outputTokens: 20, metering: 'exact' });
  });
});

describe('Google', () => {
  const call = recognised('https://x/v1beta/models/m:streamGenerateContent?alt=sse', { contents: [] });
  const part = (more: object, text = 'a') => ({
    candidates: [{ content: { parts: [{ text }] }, index: 0, ...more }],
    modelVersion: 'm-1',
  });
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };

  it('ends with a finish reason and the end of the body', () => {
    const cut = stream(call, { ...part({}), usageMetadata });
    expect(cut.isComplete).toBe(false);
    expect(tokens(cut)).toMatchObject({ inputTokens: 10, outputTokens: 5, metering: 'partial' });
    const whole = stream(call, part({}), { ...part({ finishReason: 'STOP' }), usageMetadata });
    expect(whole.isComplete).toBe(true);
    expect(tokens(whole)).toMatchObject({ inputTokens: 10, outputTokens: 5, metering: 'exact' });
  });

  it('ends also when it has refused the prompt, which is billed', () => {
    const blocked = {
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 10, totalTokenCount: 10 },
    };
    const reader = stream(call, blocked);
    expect(reader).toMatchObject({ isComplete: true, error: undefined });
    expect(reader.facts().finishReasons).toEqual(['SAFETY']);
    expect(tokens(reader)).toMatchObject({ inputTokens: 10, outputTokens: 0, metering: 'exact' });
  });

  it('streams one list in JSON where nobody asks for events, which is whole with its bracket', () => {
    const list = [part({}), { ...part({ finishReason: 'STOP' }), usageMetadata }];
    for (const json of [JSON.stringify(list), JSON.stringify(list, null, 2)]) {
      for (const size of [1, 13, 10_000]) {
        const reader = readChunks(call, inChunks(Buffer.from(json), size));
        expect(reader.isComplete).toBe(true);
        expect(tokens(reader)).toMatchObject({ inputTokens: 10, outputTokens: 5, metering: 'exact' });
      }
    }
    expect(tokens(readParsed(call, list))).toMatchObject({ inputTokens: 10, outputTokens: 5, metering: 'exact' });
    const failed = readParsed(call, [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED', message: 'No.' } }]);
    expect(failed.error?.name).toBe('RESOURCE_EXHAUSTED');
  });

  it('is estimated where it says no usage, and keeps thoughts apart', () => {
    const thought = {
      candidates: [
        { content: { parts: [{ text: 'hmm, ', thought: true }, { functionCall: { name: 'f', args: { a: 1 } } }] } },
      ],
    };
    const events = sse(thought, part({ finishReason: 'STOP' }, 'yes'));
    const reader = readChunks(call, [Buffer.from(events)], { captureContent: true });
    expect(tokens(reader)).toMatchObject({ outputTokens: 2, metering: 'estimate' });
    expect(JSON.parse(reader.facts().outputMessages as string)[0].parts).toEqual([
      { type: 'reasoning', content: 'hmm, ' },
      { type: 'tool_call', name: 'f', arguments: { a: 1 } },
      { type: 'text', content: 'yes' },
    ]);
  });
});

describe('others', () => {
  it('Ollama ends with `done`, before the end of the body', () => {
    const call = recognised('http://localhost:11434/api/chat', { model: 'm', messages: [] });
    const reader = call.reader({ believesCost: false }, {});
    reader.chunk(Buffer.from('{"model":"m","message":{"content":"{\\"done\\":true}"},"done":false}\n'));
    expect(reader).toMatchObject({ isComplete: false, hasAnswer: true });
    reader.chunk(Buffer.from('{"model":"m","done":true,"prompt_eval_count":3,"eval_count":4}'));
    expect(reader.isComplete).toBe(true);
    expect(tokens(reader)).toMatchObject({ inputTokens: 3, outputTokens: 4, metering: 'exact' });
  });

  it('Ollama does not say the input that it had in its cache: the rest is a lower bound', () => {
    const call = recognised('http://localhost:11434/api/chat', { model: 'm', messages: [], stream: false });
    const reader = readParsed(call, { model: 'm', done: true, eval_count: 4, message: { content: 'a' } });
    expect(tokens(reader)).toMatchObject({ inputTokens: 0, outputTokens: 4, metering: 'partial' });
  });

  it("Vercel's gateway speaks the language of the AI SDK, and says its cost", () => {
    const url = 'https://ai-gateway.vercel.sh/v3/ai/language-model';
    const call = recognised(
      url,
      { prompt: [] },
      { 'ai-language-model-id': 'openai/gpt-5', 'ai-language-model-streaming': 'true' },
    );
    const usage = { inputTokens: { total: 9, cacheRead: 3 }, outputTokens: { total: 8, reasoning: 7 } };
    const providerMetadata = { gateway: { cost: '0.0045' } };
    const reader = stream(
      ...([
        call,
        { type: 'response-metadata', id: 'r', modelId: 'gpt-5-1' },
        { type: 'text-delta', id: '1', delta: 'a' },
      ] as const),
      ...[{ type: 'finish', finishReason: { unified: 'stop' }, usage, providerMetadata }, '[DONE]'],
    );
    const facts = { model: 'gpt-5-1', finishReasons: ['stop'], statedDollars: 0.0045, metering: 'exact' };
    expect(reader.facts()).toMatchObject(facts);
    expect(tokens(reader)).toMatchObject({ inputTokens: 9, outputTokens: 8, cachedInputTokens: 3, reasoningTokens: 7 });
    const whole = {
      content: [{ type: 'text', text: 'a' }],
      finishReason: 'stop',
      usage,
      providerMetadata,
      response: { modelId: 'gpt-5-1' },
    };
    expect(readParsed(call, whole).facts()).toMatchObject(facts);
    const embed = recognised('https://x/v3/ai/embedding-model', { values: [] }, { 'ai-model-id': 'e' });
    expect(tokens(readParsed(embed, { embeddings: [[1]], usage: { tokens: 5 } }))).toMatchObject({
      ...{ inputTokens: 5, outputTokens: 0, metering: 'exact' },
    });
  });

  it("Anthropic's events at Bedrock are in frames", () => {
    const call = recognised('https://x/model/anthropic.claude-3/invoke-with-response-stream', { messages: [] });
    const events = [
      { type: 'message_start', message: { model: 'claude-3', usage: { input_tokens: 5, output_tokens: 1 } } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } },
      { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 5 } },
    ];
    const frames = events.map((event) =>
      frame({ bytes: Buffer.from(JSON.stringify(event)).toString('base64') }, { ':event-type': 'chunk' }),
    );
    for (const size of [1, 50, 10_000]) {
      const reader = readChunks(call, inChunks(Buffer.concat(frames), size));
      expect(tokens(reader)).toMatchObject({ inputTokens: 5, outputTokens: 7, metering: 'exact' });
    }
    const failed = frame({ message: 'No.' }, { ':exception-type': 'throttlingException' });
    expect(readChunks(call, [failed]).error).toMatchObject({ name: 'throttlingException' });
  });
});

/** A frame of the binary event stream; its check sums are not looked at. */
function frame(payload: object, headers: Readonly<Record<string, string>>): Buffer {
  const written = Object.entries(headers).map(([name, value]) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(value.length);
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)]);
  });
  const head = Buffer.concat(written);
  const body = Buffer.from(JSON.stringify(payload));
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(12 + head.length + body.length + 4, 0);
  prelude.writeUInt32BE(head.length, 4);
  return Buffer.concat([prelude, head, body, Buffer.alloc(4)]);
}

describe('no reply makes a reader throw', () => {
  const CALLS = [
    ...['v1/chat/completions', 'v1/completions', 'v1/responses', 'v1/embeddings', 'v1/messages', 'v2/chat', 'v2/embed'],
    ...['api/chat', 'api/embed', 'models/m:streamGenerateContent', 'models/m:embedContent', 'model/m/converse'],
    ...['ai/language-model', 'ai/embedding-model', 'model/anthropic/invoke'],
  ].map((path) => recognised(`https://x/${path}`, { model: 'm', messages: [], stream: true }));
  const keys = fc.constantFrom(
    ...['choices', 'delta', 'message', 'content', 'usage', 'error', 'type', 'response', 'model', 'candidates', 'parts'],
    ...[
      'finish_reason',
      'tool_calls',
      'function',
      'text',
      'index',
      'output',
      'usageMetadata',
      'done',
      '__proto__',
      'bytes',
    ],
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom(
        null,
        true,
        '',
        'error',
        'response.completed',
        'message_stop',
        Number.POSITIVE_INFINITY,
        -1,
        Number.NaN,
        'x'.repeat(300),
      ),
      fc.string(),
      fc.integer(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const options = fc.constantFrom({}, { captureContent: true });

  const check = (reader: ReplyReader) => {
    const { usage, statedDollars = 0 } = reader.facts();
    for (const each of [...Object.values(usage ?? {}), statedDollars]) expect(each ?? 0).toBeGreaterThanOrEqual(0);
  };

  it('whatever JSON it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CALLS),
        value,
        options,
        fc.integer({ min: 1, max: 50 }),
        (call, reply, given, size) => {
          const json = JSON.stringify(reply) ?? '';
          check(readParsed(call, reply, given));
          check(readText(call, json, given));
          check(readChunks(call, inChunks(Buffer.from(sse(json, json)), size), given));
          check(readChunks(call, inChunks(Buffer.from(`${json}\n${json}`), size), given));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('whatever bytes and values they are', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CALLS),
        fc.uint8Array({ maxLength: 200 }),
        fc.anything(),
        options,
        (call, bytes, reply, given) => {
          check(readChunks(call, [bytes], given));
          check(readParsed(call, reply, given));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('also if reading a value throws', () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('a trap');
        },
      },
    );
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    const members = ['choices', 'usage', 'error', 'candidates', 'output', 'content', 'response', 'message', 'delta'];
    for (const call of CALLS) {
      for (const hostile of [
        trap,
        proxy,
        [trap],
        {
          get type() {
            throw new Error('a getter');
          },
        },
      ]) {
        for (const key of members) {
          check(readParsed(call, { [key]: hostile }, { captureContent: true }));
          check(readParsed(call, { choices: [{ [key]: hostile }] }, { captureContent: true }));
          check(readParsed(call, { choices: [{ message: { [key]: hostile } }] }, { captureContent: true }));
          check(readParsed(call, { message: { [key]: hostile } }, { captureContent: true }));
        }
        check(readParsed(call, hostile));
      }
    }
  });

  it('how deep it may be', () => {
    for (const call of CALLS) {
      for (const open of ['[', '{"choices":', '{"usage":', '{"error":{"message":']) {
        const deep = open.repeat(50_000);
        for (const body of [deep, `data: ${deep}\n\n`]) check(readChunks(call, inChunks(Buffer.from(body), 65_536)));
      }
    }
  });
});
