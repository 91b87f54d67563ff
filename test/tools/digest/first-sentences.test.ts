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

  it('are cut where they would be long', () => {
    const quote = firstSentences('word '.repeat(1_000));
    expect(quote).toMatch(/^(word )+word…$/);
    expect(quote.length).toBeLessThanOrEqual(401);
  });

  it('do not exist in a text of code alone, and that is an error which says so', () => {
    expect(() => firstSentences('# Only\n\n```\ncode\n```\n\n| a |\n')).toThrow(
      'no model answered, and the text has no sentence of its own to quote',
    );
    expect(() => firstSentences('```\nnever closed. Not prose.')).toThrow('no sentence of its own');
  });

  it('are found in a time that does not grow faster than the text', () => {
    const start = process.cpuUsage();
    for (const text of ['`'.repeat(300_000), '```\n'.repeat(60_000), '~~~\nx\n'.repeat(60_000)]) {
      try {
        firstSentences(text);
      } catch {
        // Whether it finds one is not the question here.
      }
    }
    expect(process.cpuUsage(start).user).toBeLessThan(3_000_000);
  });
});
