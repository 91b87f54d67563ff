import { describe, expect, it } from 'vitest';
import { firstSentences } from '../../../src/tools/digest/first-sentences.ts';

describe('the first sentences of a text', () => {
  it('are two of its prose, without headings, code, tables and lists', () => {
    const text = `# Title

\`\`\`sh
npm start. Not a sentence.
\`\`\`

| a | b |
|---|---|

- an item. Another.

## Section
This is the first
sentence. This is the second one! This is the third.`;
    expect(firstSentences(text)).toBe('This is the first sentence. This is the second one!');
  });

  it('are cut after 400 characters', () => {
    const quote = firstSentences('word '.repeat(1_000));
    expect(quote).toMatch(/^(word )+word…$/);
    expect(quote.length).toBeLessThanOrEqual(401);
  });

  it('are an error in a text of code alone', () => {
    expect(() => firstSentences('# Only\n\n```\ncode\n```\n\n| a |\n')).toThrow(
      'no model answered, and the text has no sentence of its own to quote',
    );
    expect(() => firstSentences('```\nnever closed. Not prose.')).toThrow('no sentence of its own');
  });

  it('are found in linear time', () => {
    const start = process.cpuUsage();
    for (const text of ['`'.repeat(300_000), '```\n'.repeat(60_000), '~~~\nx\n'.repeat(60_000)]) {
      try {
        firstSentences(text);
      } catch {
        // This test measures the time only.
      }
    }
    expect(process.cpuUsage(start).user).toBeLessThan(3_000_000);
  });
});
