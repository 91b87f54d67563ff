import { describe, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { EMPTY_BOOK, type PriceOptions, priceBook } from '../../src/ledger/price-book.ts';
import { knownModel, type PricedCall, priceCall } from '../../src/ledger/price-call.ts';

const AT = Date.parse('2026-11-26');
const usage = { inputTokens: 1_000, outputTokens: 1_000 };
const call = (provider: string, askedModel: string | undefined, more: Partial<PricedCall> = {}): PricedCall => ({
  ...{ provider, askedModel, usage, at: AT },
  ...more,
});
const priced = async (given: PricedCall, options: PriceOptions = {}) => priceCall(given, priceBook(options));
const close = (dollars: number, pricedBy: string) =>
  expect.objectContaining({ dollars: expect.closeTo(dollars, 9), pricedBy });
const flat = (dollars: number) => ({ input: dollars * 500, output: dollars * 500 });

it('waits for the catalogue once, and never after', async () => {
  await loadCatalogue();
  expect(priceCall(call('openai', 'gpt-4o'), EMPTY_BOOK)).toEqual(close(0.0125, 'catalogue'));
});

describe('the dollars of a call', () => {
  const stated = { statedDollars: 0.5 };

  it('are those that the reply states, else the author, the reference prices, the catalogue', async () => {
    const prices = { 'openai/gpt-4': flat(1) };
    expect(await priced(call('openai', 'gpt-4', stated), { prices })).toEqual(close(0.5, 'reply'));
    expect(await priced(call('openai', 'gpt-4'), { prices })).toEqual(close(1, 'author'));
    expect(await priced(call('openai', 'gpt-4'))).toEqual(close(0.09, 'reference'));
    expect(await priced(call('openai', 'gpt-4o'))).toEqual(close(0.0125, 'catalogue'));
    expect(await priced(call('openai', 'gpt-none'))).toBeUndefined();
  });

  it.each([Number.NaN, -0.01, Number.POSITIVE_INFINITY, 1_000.01, '0.5', null, {}])(
    'are not %s, which a reply states',
    async (statedDollars) => {
      const given = call('openai', 'gpt-4o', { statedDollars: statedDollars as number });
      expect(await priced(given)).toEqual(close(0.0125, 'catalogue'));
    },
  );

  it('are 0 where the reply says so, with and without a usage', async () => {
    expect(await priced(call('openrouter', 'x', { statedDollars: 0 }))).toEqual(close(0, 'reply'));
    expect(await priced(call('openrouter', 'x', { statedDollars: 0, usage: undefined }))).toEqual(close(0, 'reply'));
  });

  it('are believed up to the limit of the author', async () => {
    const given = call('openrouter', 'x', { statedDollars: 2 });
    expect(await priced(given, { maxDollarsPerCall: 2 })).toEqual(close(2, 'reply'));
    expect(await priced(given, { maxDollarsPerCall: 1.99 })).toBeUndefined();
  });

  it('are unknown without a usage', async () => {
    expect(await priced(call('openai', 'gpt-4o', { usage: undefined }))).toBeUndefined();
  });

  it('are by the model that answered, then by the one that was asked for', async () => {
    const other = { answeredModel: 'gpt-4o-mini-2024-07-18' };
    expect(await priced(call('openai', 'gpt-4', other))).toEqual(close(0.00075, 'catalogue'));
    expect(await priced(call('azure.ai.openai', 'my-deployment', other))).toEqual(close(0.00075, 'catalogue'));
    expect(await priced(call('openai', 'gpt-4o', { answeredModel: 'gpt-none' }))).toEqual(close(0.0125, 'catalogue'));
    expect(await priced(call('openai', undefined, other))).toEqual(close(0.00075, 'catalogue'));
  });

  it('are the reference price where the model that was asked for answered with its date', async () => {
    const dated = { answeredModel: 'gpt-3.5-turbo-0125' };
    expect(await priced(call('openai', 'gpt-3.5-turbo', dated))).toEqual(close(0.0035, 'reference'));
    expect(await priced(call('openai', undefined, dated))).toEqual(close(0.0035, 'reference'));
    expect(await priced(call('openai', 'gpt-3.5-turbo-0125', dated))).toEqual(close(0.002, 'catalogue'));
  });

  it("are the catalogue's without the reference prices, if the author says so", async () => {
    const given = call('openai', 'gpt-3.5-turbo');
    expect(await priced(given)).toEqual(close(0.0035, 'reference'));
    expect(await priced(given, { prices: 'catalogue' })).toEqual(close(0.002, 'catalogue'));
  });

  it.each(['localhost', 'litellm', 'vllm', 'my-openai-proxy', 'offline', ''])(
    "are unknown at the provider '%s' for a model with the name of a known one",
    async (provider) => {
      expect(await priced(call(provider, 'gpt-4'))).toBeUndefined();
      expect(await priced(call(provider, 'openai/gpt-4'))).toBeUndefined();
    },
  );

  it('are 0 only where the author says 0', async () => {
    const free = { 'ollama/llama3.2': { input: 0, output: 0 } };
    expect(await priced(call('ollama', 'llama3.2'), { prices: free })).toEqual(close(0, 'author'));
    expect(await priced(call('ollama', 'llama3.2'))).toBeUndefined();
  });
});

describe("the author's prices", () => {
  it('are those at the provider before those at any', async () => {
    const prices = { m: flat(1), 'here/m': flat(2) };
    expect(await priced(call('here', 'm'), { prices })).toEqual(close(2, 'author'));
    expect(await priced(call('there', 'm'), { prices })).toEqual(close(1, 'author'));
  });

  it('are by the name that was asked for, where the answer has another', async () => {
    const prices = { 'openrouter/anthropic/claude-sonnet-4.5': flat(1) };
    const given = call('openrouter', 'anthropic/claude-sonnet-4.5', {
      answeredModel: 'anthropic/claude-4.5-sonnet-20250929',
    });
    expect(await priced(given, { prices })).toEqual(close(1, 'author'));
  });

  it('are also for dated versions and for names with a path', async () => {
    const prices = { 'gpt-4o': flat(1), 'google/gemini-9': flat(2), 'gpt-4o-2024-05-13': flat(3) };
    const answered = (answeredModel: string) => ({ answeredModel });
    expect(await priced(call('openai', undefined, answered('gpt-4o-2024-08-06')), { prices })).toEqual(
      close(1, 'author'),
    );
    expect(await priced(call('openai', 'gpt-4o', answered('gpt-4o-2024-05-13')), { prices })).toEqual(
      close(3, 'author'),
    );
    expect(await priced(call('gcp.gemini', 'models/gemini-9'), { prices })).toEqual(close(2, 'author'));
    expect(await priced(call('openai', 'gpt-4o-mini-2024-07-18'), { prices })).toEqual(close(0.00075, 'catalogue'));
  });

  it('come before those of the book below, whatever the key', async () => {
    const below = priceBook({ prices: { 'openai/gpt-4o': flat(1), 'gpt-5': flat(2) }, maxDollarsPerCall: 7 });
    const book = priceBook({ prices: { 'gpt-4o': flat(3) } }, below);
    expect(await priceCall(call('openai', 'gpt-4o'), book)).toEqual(close(3, 'author'));
    expect(await priceCall(call('openai', 'gpt-5'), book)).toEqual(close(2, 'author'));
    expect(book.maxDollarsPerCall).toBe(7);
  });

  it('of the first book come first, also where the model that answered is in the other', async () => {
    const below = priceBook({ prices: { 'gpt-4o-2024-08-06': flat(1) }, priceAs: { mine: 'gpt-4o' } });
    const book = priceBook({ prices: { 'gpt-4o': flat(3), mine: flat(4) } }, below);
    const given = call('openai', 'gpt-4o', { answeredModel: 'gpt-4o-2024-08-06' });
    expect(await priceCall(given, book)).toEqual(close(3, 'author'));
    expect(await priceCall(call('openai', 'mine'), book)).toEqual(close(4, 'author'));
  });

  it('have dates, tiers and lengths', async () => {
    const prices = {
      m: [flat(1), { ...flat(2), from: '2026-12-01' }, { ...flat(3), tier: 'batch' }, { ...flat(4), above: 200_000 }],
    };
    expect(await priced(call('p', 'm'), { prices })).toEqual(close(1, 'author'));
    expect(await priced(call('p', 'm', { at: Date.parse('2026-12-01') }), { prices })).toEqual(close(2, 'author'));
    expect(await priced(call('p', 'm', { serviceTier: 'batch' }), { prices })).toEqual(close(3, 'author'));
    const long = { usage: { inputTokens: 250_000, outputTokens: 0 } };
    expect(await priced(call('p', 'm', long), { prices })).toEqual(close(500, 'author'));
  });
});

describe('a service tier', () => {
  const tier = (serviceTier: string) => ({ serviceTier });

  it('is never charged at the standard price', async () => {
    for (const serviceTier of ['batch', 'flex', 'priority']) {
      expect(await priced(call('openai', 'gpt-4o', { serviceTier }))).toBeUndefined();
      expect(await priced(call('openai', 'gpt-4', { serviceTier }))).toBeUndefined();
      expect(await priced(call('openai', 'm', { serviceTier }), { prices: { m: flat(1) } })).toBeUndefined();
    }
    expect(await priced(call('openai', 'gpt-4o', tier('default')))).toEqual(close(0.0125, 'catalogue'));
  });

  it('costs a multiple of the standard price where the author says so', async () => {
    const options = { tierFactors: { batch: 0.5, 'openai/priority': 2 }, prices: { m: flat(1) } };
    expect(await priced(call('openai', 'gpt-4o', tier('batch')), options)).toEqual(close(0.00625, 'catalogue'));
    expect(await priced(call('openai', 'gpt-4', tier('priority')), options)).toEqual(close(0.18, 'reference'));
    expect(await priced(call('p', 'm', tier('batch')), options)).toEqual(close(0.5, 'author'));
    expect(await priced(call('anthropic', 'claude-haiku-4-5', tier('priority')), options)).toBeUndefined();
  });

  it.each(['google/Priority', 'gcp.gemini/priority', 'PRIORITY'])(
    'finds a multiple under the name %s',
    async (name) => {
      const options = { tierFactors: { [name]: 2 } };
      expect(await priced(call('gcp.gemini', 'gemini-2.5-flash', tier('priority')), options)).toEqual(
        close(0.0056, 'catalogue'),
      );
    },
  );
});

describe('priceAs', () => {
  it.each([
    ['azure.ai.openai', { 'my-deployment': 'gpt-4o' }],
    ['azure.ai.openai', { 'azure.ai.openai/my-deployment': 'openai/gpt-4o' }],
    ['litellm', { 'my-deployment': 'openai/gpt-4o' }],
    ['litellm', { 'litellm/my-deployment': 'gpt-4o' }],
    ['openrouter', { 'my-deployment': 'openai/gpt-4o' }],
  ])('gives a deployment at %s the price of %s', async (provider, priceAs) => {
    expect(await priced(call(provider, 'my-deployment'), { priceAs })).toEqual(close(0.0125, 'catalogue'));
  });

  it('comes before the name of the model that answered, and finds prices of the author too', async () => {
    const given = call('azure.ai.openai', 'my-deployment', { answeredModel: 'gpt-4o-mini-2024-07-18' });
    const priceAs = { 'my-deployment': 'gpt-4o' };
    expect(await priced(given, { priceAs })).toEqual(close(0.0125, 'catalogue'));
    expect(await priced(given, { priceAs, prices: { 'gpt-4o': flat(1) } })).toEqual(close(1, 'author'));
  });

  it('holds for dated versions too, and not where the model has a price of its own', async () => {
    const options = { priceAs: { 'gpt-4o': 'gpt-4o-mini', own: 'gpt-4o-mini' }, prices: { own: flat(1) } };
    const dated = call('openai', undefined, { answeredModel: 'gpt-4o-2024-08-06' });
    expect(await priced(dated, options)).toEqual(close(0.00075, 'catalogue'));
    expect(await priced(call('openai', 'own'), options)).toEqual(close(1, 'author'));
  });

  it('leaves a call unpriced where the model that it names has no price', async () => {
    const priceAs = { 'gpt-4o': 'gpt-none' };
    expect(await priced(call('openai', 'gpt-4o'), { priceAs })).toBeUndefined();
  });

  it('gives a model of another provider its reference price', async () => {
    for (const model of ['openai/gpt-3.5-turbo', 'gpt-3.5-turbo']) {
      const options = { priceAs: { 'litellm/fast': model } };
      expect(await priced(call('litellm', 'fast'), options)).toEqual(close(0.0035, 'reference'));
    }
  });
});

it('knows a model by prices, priceAs, reference prices and the catalogue', async () => {
  await loadCatalogue();
  const book = priceBook({ prices: { own: flat(1), 'litellm/theirs': flat(1) }, priceAs: { dep: 'gpt-4o' } });
  const known = (model: string) => knownModel('openai', model, book);
  for (const model of ['own', 'dep', 'gpt-4', 'gpt-4o', 'gpt-4o-2024-08-06']) expect(known(model)).toBe(model);
  for (const model of ['theirs', 'gpt-none', '', '__proto__', 'gpt-4o-abc']) expect(known(model)).toBeUndefined();
});

it('says under which name a price was found', async () => {
  const options = { prices: { 'gpt-4o': flat(1) }, priceAs: { dep: 'openai/gpt-4o-mini' } };
  const name = async (model: string) => (await priced(call('openai', model), options))?.name;
  expect(await name('gpt-4o-2024-08-06')).toBe('gpt-4o');
  expect(await name('gpt-4')).toBe('openai/gpt-4');
  expect(await name('dep')).toBe('openai/gpt-4o-mini');
});

it('is not troubled by what is no name, no usage and no tier', async () => {
  const long = 'm'.repeat(1_000_000);
  for (const answeredModel of [5, null, {}, [], '', long, 1n]) {
    const given = call('openai', 'gpt-4o', { answeredModel: answeredModel as string });
    expect(await priced(given)).toEqual(close(0.0125, 'catalogue'));
  }
  expect(await priced(call('openai', long))).toBeUndefined();
  expect(await priced(call('openai', 'gpt-4o', { usage: null as never }))).toBeUndefined();
  expect(await priced(call('openai', 'gpt-4o', { serviceTier: 5 as never }))).toEqual(close(0.0125, 'catalogue'));
});

it('finds the same price again, however many names a server has said', async () => {
  const book = priceBook({ prices: { m: flat(1) } });
  for (let i = 0; i < 2_000; i += 1) await priceCall(call('openai', undefined, { answeredModel: `m-${i}` }), book);
  expect(book.found.size).toBeLessThanOrEqual(500);
  for (let i = 0; i < 2; i += 1) {
    expect(await priceCall(call('p', 'm'), book)).toEqual(close(1, 'author'));
    expect(await priceCall(call('openai', 'gpt-4o'), book)).toEqual(close(0.0125, 'catalogue'));
  }
});
