import { expect, it } from 'vitest';
import { whyUnmetered, whyUnpriced } from '../../src/ledger/unpriced.ts';

const call = { provider: 'litellm', askedModel: 'fast' };

it('names the model and both remedies', () => {
  expect(whyUnpriced(call)).toBe(
    '"litellm/fast" has no price. Give it one in dollars per million tokens: "prices": { "litellm/fast": { "input": 1, "output": 2 } }, ' +
      'or name the model whose price it has: "priceAs": { "litellm/fast": "openai/gpt-4o" }.',
  );
});

it('names the service tier where that is what has no price', () => {
  expect(whyUnpriced({ ...call, serviceTier: 'flex' })).toMatch(
    /^"litellm\/fast" has no price in the service tier "flex"\. .+"tierFactors": \{ "flex": 0\.5 \}\.$/,
  );
});

it('is one short line, whatever the model is called', () => {
  const text = whyUnpriced({ ...call, askedModel: `a\n\u001b[31m${'x'.repeat(10_000)}` });
  expect(text).not.toMatch(/\p{Cc}/u);
  expect(text.length).toBeLessThan(700);
});

it('says that a call names no model', () => {
  expect(whyUnpriced({ ...call, askedModel: undefined })).toBe(
    'a call to "litellm" names no model that is known, and so it has no price.',
  );
});

it('says of a call without tokens how to ask for them', () => {
  expect(whyUnmetered(call)).toMatch(/^"litellm\/fast" gave a reply that does not say its tokens.+include_usage: true/);
  expect(whyUnmetered({ ...call, askedModel: undefined })).toMatch(/^a model of "litellm" gave a reply/);
});
