import { expect, it, vi } from 'vitest';
import { loadTokenizer } from '../../../src/tools/offline-model/tokenizer.ts';

vi.mock('gpt-tokenizer/encoding/cl100k_base', () => ({
  isWithinTokenLimit: (text: string) => {
    if (text.includes('<|endoftext|>')) throw new Error('Disallowed special token found: <|endoftext|>');
    return text.length;
  },
  encode: () => [],
  decodeGenerator: () => [],
}));

it('estimates tokens with gpt-tokenizer 2, which refuses special tokens', async () => {
  const tokenizer = await loadTokenizer();
  expect(tokenizer.isExact).toBe(false);
  expect(tokenizer.count('an <|endoftext|> in a text')).toBeGreaterThan(0);
});
