import { afterEach, beforeAll, expect, it } from 'vitest';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { type PricedCall, priceCall } from '../../src/ledger/price-call.ts';
import { pricesInForce, setPriceBook } from '../../src/llm/price-book.ts';

const call: PricedCall = {
  ...{ provider: 'openai', askedModel: 'gpt-4o', at: Date.parse('2026-11-26') },
  usage: { inputTokens: 1_000_000, outputTokens: 0 },
};
const flat = (input: number) => ({ 'openai/gpt-4o': { input, output: 0 } });
const undos: (() => void)[] = [];
const set = (...options: Parameters<typeof setPriceBook>) => {
  const undo = setPriceBook(...options);
  undos.unshift(undo);
  return undo;
};

beforeAll(loadCatalogue);
afterEach(() => {
  for (const undo of undos.splice(0)) undo();
});

it('changes the prices of calls that end from now on, and undoes it', () => {
  const book = pricesInForce();
  const dollars = () => priceCall(call, book());
  expect(dollars()).toMatchObject({ dollars: 2.5, pricedBy: 'catalogue' });
  const undo = set({ prices: flat(7) });
  expect(dollars()).toMatchObject({ dollars: 7, pricedBy: 'author' });
  undo();
  expect(dollars()).toMatchObject({ dollars: 2.5, pricedBy: 'catalogue' });
});

it('comes after prices of one’s own, also when it is set later', () => {
  const book = pricesInForce({ prices: { 'gpt-4o': { input: 1, output: 0 } } });
  set({ prices: { ...flat(7), ...{ 'openai/gpt-5': { input: 8, output: 0 } } } });
  expect(priceCall(call, book())).toMatchObject({ dollars: 1 });
  expect(priceCall({ ...call, askedModel: 'gpt-5' }, book())).toMatchObject({ dollars: 8 });
  expect(book()).toBe(book());
});

it('does not undo what was set after it', () => {
  const first = set({ prices: flat(1) });
  const second = set({ prices: flat(2) });
  first();
  expect(priceCall(call, pricesInForce()())).toMatchObject({ dollars: 2 });
  second();
  expect(priceCall(call, pricesInForce()())).toMatchObject({ dollars: 2.5, pricedBy: 'catalogue' });
});
