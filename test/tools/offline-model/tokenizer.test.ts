import { readFileSync } from 'node:fs';
import { encode } from 'gpt-tokenizer/encoding/cl100k_base';
import { beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { estimatedTokens } from '../../../src/tools/offline-model/estimated-tokens.ts';
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
    expect(systemClock.now() - began).toBeLessThan(15_000);
    // The tokenizer counts one token for eight letters in a short run.
    expect(tokens / (400_000 / 8)).toBeCloseTo(1, 1);
  });

  it('stops counting at the limit', () => {
    expect(tokenizer.count('one two three', 3)).toBe(3);
    expect(tokenizer.count('one two three', 2)).toBeGreaterThan(2);
    const began = systemClock.now();
    expect(tokenizer.count('x'.repeat(8_000_000), 1_000)).toBeGreaterThan(1_000);
    expect(systemClock.now() - began).toBeLessThan(10_000);
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

describe('the estimate, where the tokenizer is not installed', () => {
  it.each([
    ['English', readFileSync('README.md', 'utf8')],
    ['code', readFileSync('src/tools/cli/tta.ts', 'utf8')],
    ['Chinese', '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。'],
    ['Russian', 'Все люди рождаются свободными и равными в своем достоинстве и правах.'],
  ])('of %s is at most a fifth off', (_, text) => {
    const share = estimatedTokens.count(text) / encode(text).length;
    expect(share).toBeGreaterThan(0.8);
    expect(share).toBeLessThan(1.2);
  });

  it('loses no character, stops at the limit and truncates between characters', () => {
    const text = '日本語😀😀 two  words\n\n12345, é\u0301 \uD800';
    expect(estimatedTokens.pieces(text).join('')).toBe(text);
    expect(estimatedTokens.count('one two three', 2)).toBe(3);
    expect(estimatedTokens.truncate('one two three', 2)).toEqual({ text: 'one two', tokens: 2, truncated: true });
  });
});
