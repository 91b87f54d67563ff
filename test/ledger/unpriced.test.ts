import { expect, it } from 'vitest';
import { whyUnpriced } from '../../src/ledger/unpriced.ts';

const call = { provider: 'litellm', askedModel: 'fast', usage: undefined, at: 0 };

it('names the model and both remedies', () => {
  expect(whyUnpriced(call)).toBe(
    '"litellm/fast" has no price. Give it one in dollars per million tokens: "prices": { "litellm/fast": { "input": 1, "output": 2 } }, ' +
      'or name the model whose price it has: "priceAs": { "litellm/fast": "openai/gpt-4o" }.',
  );
  expect(whyUnpriced({ ...call, askedModel: undefined, answeredModel: 'm' })).toMatch(/^"litellm\/m" has no price/);
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
    'a call to "litellm" names no model, and so it has no price.',
  );
});
