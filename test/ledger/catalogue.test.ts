import { afterEach, expect, it, vi } from 'vitest';
import { cataloguePrices } from '../../src/ledger/catalogue.ts';

const call = { provider: 'openai', model: 'gpt-4o-mini', usage: { inputTokens: 1_000_000, outputTokens: 0 } };

afterEach(() => {
  vi.doUnmock('@pydantic/genai-prices');
  vi.restoreAllMocks();
});

it('has no price while the catalogue cannot be loaded, says why once, and tries again', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  vi.doMock('@pydantic/genai-prices', () => {
    throw new Error('too many open files');
  });
  for (let i = 0; i < 3; i += 1) expect((await cataloguePrices())(call)).toBeUndefined();
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^the price catalogue cannot be loaded, .+ count as unpriced: /), 'TtaPrimitivesWarning'],
  ]);
  vi.doUnmock('@pydantic/genai-prices');
  expect((await cataloguePrices())(call)).toBeCloseTo(0.15, 6);
});
