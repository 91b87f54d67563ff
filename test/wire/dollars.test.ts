import { beforeAll, describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import type { Price } from '../../src/ledger/price.ts';
import { type PriceOptions, priceBook } from '../../src/ledger/price-book.ts';
import { priceCall } from '../../src/ledger/price-call.ts';
import type { ReplyReader } from '../../src/wire/protocol.ts';
import { chunksOf, EXCHANGES, type Exchange, readChunks, readParsed, readText, recognised, sse } from './exchange.ts';

beforeAll(loadCatalogue);

const AT = Date.parse('2026-11-26');

function dollarsOf(provider: string, askedModel: string, reader: ReplyReader, options: PriceOptions = {}) {
  const { model: answeredModel, ...facts } = reader.facts();
  return priceCall({ provider, askedModel, answeredModel, at: AT, ...facts }, priceBook(options));
}

type Recorded = Exchange & { readonly price: Price | null; readonly expected: { readonly provider: string } };
const exact = (EXCHANGES as readonly Recorded[]).filter(({ expected }) => expected.dollars !== null);

describe.each(exact)('the recorded exchange $name', (recorded) => {
  const { request, response, expected, price } = recorded;
  const { provider, requestModel, dollars } = expected;
  const call = recognised(request.url, request.body, request.headers);
  const chunks = chunksOf(recorded);
  const isCut = response.then === 'destroy';

  it('costs what was worked out by hand, by the catalogue', () => {
    const pricedBy = price === null ? 'reply' : 'catalogue';
    const read = readChunks(call, chunks, { isCut });
    expect(dollarsOf(provider, requestModel, read)).toMatchObject({
      dollars: expect.closeTo(Number(dollars), 12),
      pricedBy,
    });
  });

  if (price === null) return;
  it('costs the same by a price of the author, as chunks and as a text', () => {
    const prices = { [`${provider}/${requestModel}`]: price };
    const readers = [
      readChunks(call, chunks, { isCut }),
      ...(isCut ? [] : [readText(call, Buffer.concat(chunks).toString())]),
    ];
    for (const read of readers) {
      const priced = dollarsOf(provider, requestModel, read, { prices });
      expect(priced).toMatchObject({ dollars: expect.closeTo(Number(dollars), 12), pricedBy: 'author' });
    }
  });
});

describe('a reply of Anthropic', () => {
  const call = recognised('https://api.anthropic.com/v1/messages', {
    model: 'claude-sonnet-4-5',
    stream: true,
    max_tokens: 9,
  });
  const usage = {
    ...{ input_tokens: 2_000, cache_read_input_tokens: 6_000, cache_creation_input_tokens: 2_000, output_tokens: 500 },
    cache_creation: { ephemeral_5m_input_tokens: 1_000, ephemeral_1h_input_tokens: 1_000 },
  };
  const model = 'claude-sonnet-4-5-20250929';
  const stream = (delta: object) =>
    sse(
      { type: 'message_start', message: { id: 'm', model, usage: { ...usage, output_tokens: 4 } } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 500, ...delta } },
      { type: 'message_stop' },
    );
  const whole = (more: object) => ({
    id: 'm',
    type: 'message',
    model,
    content: [],
    stop_reason: 'end_turn',
    usage: { ...usage, ...more },
  });

  it('costs what its writes for 5 minutes and for an hour cost, streamed as whole', () => {
    const price = { input: 3, output: 15, cachedInput: 0.3, cacheWrite: 3.75, cacheWrite1h: 6 };
    for (const reader of [readText(call, stream({})), readParsed(call, whole({}))]) {
      for (const options of [{}, { prices: { 'claude-sonnet-4-5': price } }]) {
        expect(dollarsOf('anthropic', 'claude-sonnet-4-5', reader, options)).toMatchObject({
          dollars: expect.closeTo(0.025_05, 12),
        });
      }
    }
  });

  it('costs a cent more for each search on the web', () => {
    const searches = { server_tool_use: { web_search_requests: 2 } };
    for (const reader of [readText(call, stream(searches)), readParsed(call, whole(searches))]) {
      expect(dollarsOf('anthropic', 'claude-sonnet-4-5', reader)).toMatchObject({
        dollars: expect.closeTo(0.045_05, 12),
      });
    }
  });

  it('is not charged at the standard price in another tier', () => {
    const reader = readParsed(call, whole({ service_tier: 'batch' }));
    expect(dollarsOf('anthropic', 'claude-sonnet-4-5', reader)).toBeUndefined();
    expect(dollarsOf('anthropic', 'claude-sonnet-4-5', reader, { tierFactors: { batch: 0.5 } })).toMatchObject({
      dollars: expect.closeTo(0.025_05 / 2, 12),
    });
  });
});

it('a reply of Google has its pictures at their own price', () => {
  const model = 'gemini-2.5-flash-image';
  const call = recognised(`https://generativelanguage.googleapis.com/v1beta/models/${model}:generateContent`, {
    contents: [],
  });
  const usageMetadata = {
    ...{ promptTokenCount: 10, candidatesTokenCount: 1_300, totalTokenCount: 1_310 },
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }],
  };
  const reader = readParsed(call, { candidates: [{ finishReason: 'STOP' }], modelVersion: model, usageMetadata });
  const dollars = (10 * 0.3 + 10 * 2.5 + 1_290 * 30) / 1e6;
  expect(dollarsOf('gcp.gemini', model, reader)).toMatchObject({ dollars: expect.closeTo(dollars, 9) });
});
