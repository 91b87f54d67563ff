import { encode } from 'gpt-tokenizer/encoding/cl100k_base';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { loadTokenizer, type Tokenizer } from '../../../src/tools/offline-model/tokenizer.ts';

describe('the tokenizer', () => {
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer();
  });

  it.each([
    ['a sentence', 'The quick brown fox, 12345 times. '.repeat(3)],
    ['more than one window', 'Words and    spaces\n\nand lines. '.repeat(4_000)],
    ['other scripts', '日本語のテキスト、ไทย, हिन्दी, 😀😀 '.repeat(50)],
  ])('counts %s exactly as cl100k_base does', (_, text) => {
    expect(tokenizer.count(text)).toBe(encode(text).length);
  });

  it('counts special tokens as text', () => {
    expect(tokenizer.count('a <|endoftext|> b')).toBeGreaterThan(5);
    expect(tokenizer.pieces('a <|endoftext|> b').join('')).toBe('a <|endoftext|> b');
  });

  it('counts a long run without spaces quickly, with about one token too many per part', () => {
    const began = systemClock.now();
    const tokens = tokenizer.count('a'.repeat(400_000));
    expect(systemClock.now() - began).toBeLessThan(3_000);
    // The tokenizer counts one token for eight letters in a short run.
    expect(tokens / (400_000 / 8)).toBeCloseTo(1, 1);
  });

  it('stops counting at the limit', () => {
    expect(tokenizer.count('one two three', 3)).toBe(3);
    expect(tokenizer.count('one two three', 2)).toBeGreaterThan(2);
    const began = systemClock.now();
    expect(tokenizer.count('x'.repeat(8_000_000), 1_000)).toBeGreaterThan(1_000);
    expect(systemClock.now() - began).toBeLessThan(1_000);
  });

  it('truncates between characters, never inside one', () => {
    const text = '日本語😀😀';
    for (let max = 1; max < 12; max += 1) {
      const part = tokenizer.truncate(text, max);
      expect(text.startsWith(part.text)).toBe(true);
      expect(part.truncated).toBe(part.text !== text);
      expect(tokenizer.pieces(text).join('')).toBe(text);
    }
    expect(tokenizer.truncate('short', 5)).toEqual({ text: 'short', tokens: 1, truncated: false });
  });
});
