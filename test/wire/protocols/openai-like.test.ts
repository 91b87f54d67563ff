/** What servers that speak OpenAI's protocol do in their own way. */
import { describe, expect, it } from 'vitest';
import { soundUsage } from '../../../src/ledger/usage.ts';
import type { ReplyReader } from '../../../src/wire/protocol.ts';
import { inChunks, readChunks, readParsed, readText, recognised, sse } from '../exchange.ts';

const messages = [{ role: 'user', content: 'Hi' }];
const chat = (host: string, body: object = {}) =>
  recognised(`https://${host}/v1/chat/completions`, { model: 'm', messages, ...body });
const STREAM = { stream: true, stream_options: { include_usage: true } };

const chunk = (delta: object, more: object = {}) => ({
  ...{ id: 'c1', object: 'chat.completion.chunk', model: 'm-1' },
  choices: [{ index: 0, delta, finish_reason: null }],
  ...more,
});
const end = (reason = 'stop') => ({ ...chunk({}), choices: [{ index: 0, delta: {}, finish_reason: reason }] });
const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };
const alone = (said: unknown = usage) => ({ ...chunk({}), choices: [], usage: said });
const whole = (more: object = {}, message: object = { role: 'assistant', content: 'Yes.' }) => ({
  ...{
    id: 'c1',
    object: 'chat.completion',
    model: 'm-1',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage,
  },
  ...more,
});

/** The same facts at three borders of chunks. */
function streamed(body: string, call = chat('api.openai.com', STREAM)): ReplyReader {
  const readers = [1, 7, 100_000].map((size) => readChunks(call, inChunks(Buffer.from(body), size)));
  for (const reader of readers) expect(reader.facts()).toEqual(readers[0]?.facts());
  return readers[0] as ReplyReader;
}

const tokens = (reader: ReplyReader) => {
  const { usage, metering } = reader.facts();
  return { ...(usage && soundUsage(usage)), metering };
};

describe('the usage of a stream', () => {
  it('is in x_groq, also where it is nowhere else', () => {
    const reader = streamed(sse(chunk({ content: 'a' }), { ...end(), x_groq: { id: 'r', usage } }, '[DONE]'));
    expect(tokens(reader)).toMatchObject({ inputTokens: 100, outputTokens: 20, metering: 'exact' });
  });

  it('may come with the finish reason, as DeepSeek sends it, or in each chunk, as vLLM sends it', () => {
    const withReason = sse(chunk({ content: 'a' }), { ...end(), usage }, '[DONE]');
    expect(tokens(streamed(withReason))).toMatchObject({ outputTokens: 20, metering: 'exact' });
    const growing = [1, 2, 20].map((completion_tokens) =>
      chunk({ content: 'a' }, { usage: { ...usage, completion_tokens } }),
    );
    expect(tokens(streamed(sse(...growing, end(), '[DONE]')))).toMatchObject({ outputTokens: 20 });
  });

  it.each([{}, null, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, { prompt_tokens: null }])(
    'is not erased by a later %j',
    (trailing) => {
      const reader = streamed(sse(chunk({ content: 'a' }), end(), alone(), alone(trailing), '[DONE]'));
      expect(tokens(reader)).toMatchObject({ inputTokens: 100, outputTokens: 20, metering: 'exact' });
    },
  );

  it.each([
    {},
    null,
    { total_tokens: 12 },
    { prompt_tokens: -4, completion_tokens: -1 },
    { prompt_tokens: 'x' },
    [],
    'x',
  ])('that says nothing useful is unknown in a whole reply, and estimated in a stream: %j', (said) => {
    expect(tokens(readParsed(chat('x'), whole({ usage: said })))).toEqual({ metering: 'unknown' });
    const reader = streamed(sse(chunk({ content: 'four' }), end(), alone(said), '[DONE]'));
    expect(tokens(reader)).toMatchObject({ outputTokens: 1, metering: 'estimate' });
  });

  it('is not that in the arguments of a tool call', () => {
    const call = {
      index: 0,
      id: 't',
      function: { name: 'f', arguments: '{"usage":{"prompt_tokens":1,"completion_tokens":1}}' },
    };
    const pieces = ['{"usage', '":{"prompt_tokens', '":1},"error":{"code":"x"}}'].map((piece) =>
      chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] }),
    );
    const reader = streamed(sse(chunk({ tool_calls: [call] }), ...pieces, end('tool_calls'), alone(), '[DONE]'));
    expect(tokens(reader)).toMatchObject({ inputTokens: 100, outputTokens: 20, metering: 'exact' });
    expect(reader).toMatchObject({ error: undefined });
    expect(reader.facts().finishReasons).toEqual(['tool_calls']);
    const message = { content: null, tool_calls: [call], usage: { prompt_tokens: 3 }, error: null };
    for (const size of [1, 9, 5_000]) {
      const bytes = Buffer.from(JSON.stringify(whole({}, message)));
      expect(tokens(readChunks(chat('x'), inChunks(bytes, size)))).toMatchObject({
        inputTokens: 100,
        metering: 'exact',
      });
    }
  });

  it('is read behind a line of a megabyte', () => {
    const long = 'word '.repeat(200_000);
    const body = sse(chunk({ content: long }), end(), alone(), '[DONE]');
    expect(tokens(readChunks(chat('x', STREAM), inChunks(Buffer.from(body), 16_384)))).toMatchObject({
      ...{ inputTokens: 100, outputTokens: 20, metering: 'exact' },
    });
  });

  it('is read where JSON has white space and members stand in any order', () => {
    const body =
      'data: {"usage" : { "completion_tokens" : 20, "prompt_tokens" : 100 }, "choices" : []}\n\ndata: [DONE]\n\n';
    expect(tokens(streamed(`${sse(chunk({ content: 'a' }))}${body}`))).toMatchObject({
      outputTokens: 20,
      metering: 'exact',
    });
  });
});

describe('a stream', () => {
  it('is whole at [DONE], before its body ends', () => {
    const reader = chat('x', STREAM).reader({ believesCost: false }, {});
    reader.chunk(Buffer.from(sse(chunk({ content: 'a' }), end(), alone())));
    expect(reader).toMatchObject({ isComplete: false, hasAnswer: true });
    reader.chunk(Buffer.from('data: [DONE]\n\n'));
    expect(reader.isComplete).toBe(true);
  });

  it('without [DONE] is whole if it has its finish reason, and the usage that was asked for', () => {
    const [text, last] = [chunk({ content: 'a' }), end()];
    expect(streamed(sse(text, last, alone())).isComplete).toBe(true);
    expect(streamed(sse(text, last)).isComplete).toBe(false);
    expect(streamed(sse(text, last), chat('x', { stream: true })).isComplete).toBe(true);
    expect(streamed(sse(text), chat('x', { stream: true })).isComplete).toBe(false);
    expect(streamed('').isComplete).toBe(false);
  });

  it('that is cut is estimated by what has passed, with the prompt', () => {
    const reader = streamed(sse(chunk({ role: 'assistant', content: '' }), chunk({ content: 'x'.repeat(40) })));
    expect(tokens(reader)).toMatchObject({ inputTokens: 8, outputTokens: 10, metering: 'estimate' });
  });

  it('counts a picture in the prompt as a picture, not as text', () => {
    const url = `data:image/png;base64,${'A'.repeat(400_000)}`;
    const seen = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }];
    const call = chat('x', { stream: true, messages: seen });
    const { inputTokens } = tokens(streamed(sse(chunk({ content: 'a' }), end(), '[DONE]'), call)) as {
      inputTokens: number;
    };
    expect(inputTokens).toBeGreaterThan(1_000);
    expect(inputTokens).toBeLessThan(1_100);
  });

  it('with several answers has the finish reason of each', () => {
    const choice = (index: number, finish_reason: string | null) => ({
      ...chunk({}),
      choices: [{ index, delta: { content: 'a' }, finish_reason }],
    });
    const reader = streamed(
      sse(choice(1, null), choice(0, null), choice(1, 'length'), choice(0, 'stop'), alone(), '[DONE]'),
    );
    expect(reader.facts().finishReasons).toEqual(['stop', 'length']);
  });

  it("has its model where the first event does not name it, as Azure's", () => {
    const filter = { id: '', model: '', choices: [], prompt_filter_results: [] };
    expect(streamed(sse(filter, chunk({ content: 'a' }), end(), alone(), '[DONE]')).facts().model).toBe('m-1');
  });

  it('that was asked for, and is answered by one whole reply, is read', () => {
    const reader = readText(chat('x', STREAM), JSON.stringify(whole()));
    expect(reader.isComplete).toBe(true);
    expect(tokens(reader)).toMatchObject({ outputTokens: 20, metering: 'exact' });
  });
});

describe('an error in a reply with status 200', () => {
  it.each([
    ['as a chunk', { error: { message: 'No.', type: 'server_error', code: null } }, 'server_error'],
    ['with a number', { error: { code: 502, message: 'No.' } }, '502'],
    ['as a text', { error: 'No.' }, 'error_reply'],
    ['of a choice', { choices: [{ error: { code: 'overloaded', message: 'No.' } }] }, 'overloaded'],
    ['as a finish reason', { choices: [{ delta: {}, finish_reason: 'error' }] }, 'finish_reason_error'],
    ['as an object', { object: 'error', message: 'No.', type: 'BadRequestError', code: 400 }, 'BadRequestError'],
    ['with a hostile code', { error: { code: 'a b\n{}', type: 'x'.repeat(300), message: 'No.' } }, 'error_reply'],
  ])('is told %s', (_, said, name) => {
    expect(readParsed(chat('x'), said).error).toMatchObject({ name });
    expect(readText(chat('x'), JSON.stringify(said)).error).toMatchObject({ name });
    expect(streamed(sse(chunk({ content: 'a' }), said, '[DONE]')).error).toMatchObject({ name });
  });

  it('is told by the name of the event', () => {
    const body = `${sse(chunk({ content: 'a' }))}event: error\ndata: {"message":"No.","code":"busy"}\n\n`;
    expect(streamed(body)).toMatchObject({ error: { name: 'busy' }, isComplete: false });
  });

  it('has the words of the provider only if messages are asked for: at most 256 characters, and no key', () => {
    const body = { error: { message: `prompt sk-proj-${'a1'.repeat(20)} ${'x'.repeat(999)}` } };
    expect(readParsed(chat('x'), body).error?.message).toBe('the provider answered with an error');
    const message = readParsed(chat('x'), body, { captureContent: true }).error?.message;
    expect(message).toContain('prompt');
    expect(message).not.toContain('a1a1');
    expect(message?.length).toBeLessThanOrEqual(256);
  });

  it('keeps the usage that was said: it is billed', () => {
    const reader = readParsed(chat('x'), whole({ choices: [{ finish_reason: 'error', error: { code: 500 } }] }));
    expect(reader.error).toBeDefined();
    expect(tokens(reader)).toMatchObject({ inputTokens: 100, outputTokens: 20 });
  });

  it('is none, where `error` is null', () => {
    expect(readParsed(chat('x'), whole({ error: null })).error).toBeUndefined();
  });
});

describe('a stated cost', () => {
  const stated = (usageSaid: unknown, more: object = {}) => {
    const bytes = [Buffer.from(JSON.stringify(whole({ usage: usageSaid, ...more })))];
    return readChunks(chat('openrouter.ai'), bytes).facts().statedDollars;
  };

  it('is in the usage', () => {
    expect(stated({ ...usage, cost: 0.00042 })).toBe(0.00042);
    expect(stated({ ...usage, cost: 0 })).toBe(0);
    expect(stated({ ...usage, cost: { total_cost: 0.5, input_tokens_cost: 0.1 } })).toBe(0.5);
    expect(stated({ ...usage, cost: 0.01, is_byok: true, cost_details: { upstream_inference_cost: 0.2 } })).toBeCloseTo(
      0.21,
    );
  });

  it.each([-1, Number.NaN, '1e999', 'x', null, {}, [], true])('that is no amount is none: %j', (cost) => {
    expect(stated({ ...usage, cost })).toBeUndefined();
  });

  it("is in the metadata of Vercel's gateway, as a text", () => {
    const message = { content: 'a', provider_metadata: { gateway: { cost: '0.0045' } } };
    expect(stated(usage, { choices: [{ index: 0, message, finish_reason: 'stop' }] })).toBe(0.0045);
  });

  it.each([
    ['0.0021', false, 0.0021],
    ['0.0021', true, undefined],
    ['None', false, undefined],
    ['', false, undefined],
    ['-1', false, undefined],
    [undefined, false, undefined],
  ])("is in LiteLLM's header %s of a whole reply (a stream: %s)", (costHeader, stream, dollars) => {
    const start = { believesCost: true, costHeader };
    const reader = chat('litellm', { stream }).reader(start, {});
    reader.parsed(whole());
    expect(reader.facts().statedDollars).toBe(dollars);
  });

  it('is not told of a host that is not believed', () => {
    const reader = chat('x').reader({ believesCost: false }, {});
    reader.parsed(whole({ usage: { ...usage, cost: 1 } }));
    expect(reader.facts().statedDollars).toBeUndefined();
  });
});

it.each([
  ['flex', undefined, 'flex'],
  ['default', 'priority', 'standard'],
  ['on_demand', undefined, 'standard'],
  ['auto', 'flex', 'flex'],
  [undefined, 'auto', undefined],
  [null, undefined, undefined],
])('a tier %s, where %s was asked for, is %s', (said, asked, tier) => {
  expect(readParsed(chat('x', { service_tier: asked }), whole({ service_tier: said })).facts().serviceTier).toBe(tier);
});

it('texts of a reply are kept only if they are asked for, with tool calls, bounded and redacted', () => {
  const call = { index: 0, id: 't1', function: { name: 'f', arguments: '{"a":' } };
  const body = sse(
    chunk({ role: 'assistant', content: 'My key is sk-proj-abcdefghijklmnop1234567890, ' }),
    chunk({ content: 'Ann.' }),
    chunk({ tool_calls: [call] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: '"Ann"}' } }] }),
    ...[end('tool_calls'), alone(), '[DONE]'],
  );
  const options = { captureContent: true, redact: (text: string) => text.replaceAll('Ann', '***') };
  const { outputMessages } = readChunks(chat('x', STREAM), [Buffer.from(body)], options).facts();
  expect(JSON.parse(outputMessages as string)).toEqual([
    {
      role: 'assistant',
      parts: [
        { type: 'text', content: 'My key is sk-[redacted], ***.' },
        { type: 'tool_call', id: 't1', name: 'f', arguments: { a: '***' } },
      ],
    },
  ]);
  const long = readParsed(chat('x'), whole({}, { content: 'x'.repeat(1_000_000) }), { captureContent: true }).facts();
  expect(long.outputMessages?.length).toBeLessThan(40_000);
  const broken = {
    captureContent: true,
    redact: () => {
      throw new Error('x');
    },
  };
  expect(readParsed(chat('x'), whole(), broken).facts().outputMessages).toContain('redaction failed');
  expect(readChunks(chat('x', STREAM), [Buffer.from(body)]).facts().outputMessages).toBeUndefined();
});
