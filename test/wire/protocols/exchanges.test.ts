import { describe, expect, it } from 'vitest';
import { soundUsage } from '../../../src/ledger/usage.ts';
import type { ReplyReader } from '../../../src/wire/protocol.ts';
import { chunksOf, EXCHANGES, exchange, inChunks, readChunks, readParsed, readText, recognised } from '../exchange.ts';

/** The stream without usage is estimated; its recorded expectation is that nothing is known. */
const exact = EXCHANGES.filter(({ response, expected }) => response.status === 200 && expected.usage !== null);

describe.each(exact)('the recorded exchange $name', (recorded) => {
  const { request, response, expected } = recorded;
  const call = recognised(request.url, request.body, request.headers);
  const chunks = chunksOf(recorded);
  const isCut = response.then === 'destroy';
  const whole = Buffer.concat(chunks);

  function check(reader: ReplyReader) {
    const facts = reader.facts();
    expect(soundUsage(facts.usage as never)).toMatchObject(expected.usage as object);
    expect(facts.model).toBe(expected.responseModel);
    expect(facts.metering).toBe(isCut ? 'partial' : 'exact');
    expect(reader).toMatchObject({ isComplete: !isCut, error: undefined, hasAnswer: true });
    if (expected.protocol === 'openai.chat' && request.url.includes('openrouter')) {
      expect(facts.statedDollars).toBe(expected.dollars);
    } else expect(facts.statedDollars).toBeUndefined();
  }

  it('is recognised', () => {
    expect(call.facts.protocol).toBe(expected.protocol);
    expect(call.facts.model).toBe(expected.requestModel);
    expect(call.facts.streams).toBe(expected.stream);
  });

  it('has the usage that was worked out by hand, as it was recorded, and at any borders of chunks', () => {
    check(readChunks(call, chunks, { isCut }));
    for (let size = 1; size <= 64; size += 1) check(readChunks(call, inChunks(whole, size), { isCut }));
    for (let border = 1; border < whole.length; border += 1) {
      check(readChunks(call, [whole.subarray(0, border), whole.subarray(border)], { isCut }));
    }
  });

  it('keeps no text of it', () => {
    expect(readChunks(call, chunks, { isCut }).facts().outputMessages).toBeUndefined();
    expect(call.inputMessages({})).toBeUndefined();
  });

  if (isCut) return;
  it('has the same usage as a text, and parsed', () => {
    check(readText(call, whole.toString()));
    if (!expected.stream) check(readParsed(call, JSON.parse(whole.toString())));
  });
});

it('a stream that was not asked for its usage is estimated by its text, and is not exact', () => {
  const recorded = exchange('openai-chat-stream-no-usage');
  const call = recognised(recorded.request.url, recorded.request.body);
  const reader = readChunks(call, chunksOf(recorded));
  expect(reader.isComplete).toBe(true);
  // The prompt has 32 bytes with its names, the answer has 5.
  expect(reader.facts()).toMatchObject({ metering: 'estimate', usage: { inputTokens: 8, outputTokens: 2 } });
});

it('an error with another status has the code of the provider', () => {
  const recorded = exchange('openai-429');
  const reader = readChunks(recognised(recorded.request.url, recorded.request.body), chunksOf(recorded));
  expect(reader.error).toMatchObject({ name: 'rate_limit_exceeded' });
  expect(reader.facts()).toMatchObject({ usage: undefined, metering: 'unknown' });
});
