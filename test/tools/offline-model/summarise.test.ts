import { describe, expect, it } from 'vitest';
import { summarise } from '../../../src/tools/offline-model/summarise.ts';

describe('summarise', () => {
  it('keeps the main subject of the text and leaves out what it mentions once', () => {
    const text = `A retry repeats a failed call. Yesterday it rained. Each retry waits longer than the retry before, so
    that a failed service can recover. My bicycle is green. A failed call that is not safe to repeat needs no retry.`;
    const summary = summarise(text, 3);
    expect(summary).not.toMatch(/rained|bicycle/);
    expect(summary).toMatch(/^A retry repeats a failed call\. Each retry .* recover\. A failed call .* no retry\.$/);
  });

  it('gives equal summaries for equal texts, in the order of the text', () => {
    const text = Array.from({ length: 60 }, (_, i) => `Fact ${i} tells of item${i % 7} and part${i % 11} here.`).join(
      ' ',
    );
    const summary = summarise(text, 5);
    expect(summarise(text, 5)).toBe(summary);
    const numbers = [...summary.matchAll(/Fact (\d+)/g)].map(([, number]) => Number(number));
    expect(numbers).toHaveLength(5);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('has equal sentences once', () => {
    expect(summarise('The cache was hit by a request. '.repeat(500), 5)).toBe('The cache was hit by a request.');
  });

  it('has sentences, and no front matter, headings, fences, tables, comments, badges or rules', () => {
    const text = `---
title: secret1
---
[![build](https://x/secret2.svg)](https://x/secret3)
<!-- secret4 is a sentence. -->

Setext secret5
==============

## Heading secret6

\`\`\`js
secret7(); // It runs. It ends.
\`\`\`

> ~~~
> secret8 in a quoted fence.
> ~~~

    secret9 is indented code.

| secret10 | b |
|---|---|
| secret11 | Sentences in cells. Are none. |

***

[secret12]: https://example.com
Alpha works well.
`;
    expect(summarise(text, 20)).toBe('Alpha works well.');
  });

  it('removes Markdown marks but keeps code spans', () => {
    const text =
      'Use **bold** and _soft_ words, [a `link`](https://x.y/z "t"), `a_b*c. D` and <b>tags</b> with snake_case_name.';
    expect(summarise(text, 2)).toBe('Use bold and soft words, a `link`, `a_b*c. D` and tags with snake_case_name.');
  });

  it('makes sentences of list items, also over several lines', () => {
    const text = '- [x] Install the package\n  from the registry\n* Start the server.\n1. Watch it work!';
    expect(summarise(text, 5)).toBe('Install the package from the registry. Start the server. Watch it work!');
  });

  it.each([
    [
      'English',
      'Dr. Smith paid $3.50 for v1.2, e.g. for Tests. "Really?" he said. Yes.',
      'Dr. Smith paid $3.50 for v1.2, e.g. for Tests.',
    ],
    ['Japanese', 'これはペン\nです。あれは本です。', 'これはペンです。あれは本です。'],
    ['Hindi', 'यह एक कलम है। वह एक किताब है।', 'यह एक कलम है। वह एक किताब है।'],
    ['Arabic', 'هذا قلم. هل هذا كتاب؟', 'هذا قلم. هل هذا كتاب؟'],
    ['Greek', 'Αυτό είναι στυλό. Αυτό είναι βιβλίο!', 'Αυτό είναι στυλό. Αυτό είναι βιβλίο!'],
  ])('finds the ends of sentences in %s', (_, text, expected) => {
    expect(summarise(text, text.includes('Smith') ? 1 : 5)).toBe(expected);
  });

  it('names headings, tables and code of a text without sentences', () => {
    const text = '# Options\n\n| name | default |\n|---|---|\n| a | 1 |\n\n```sh\nls\npwd\n```\n';
    expect(summarise(text, 2)).toBe('Options. Table: name, default. sh, 2 lines.');
    expect(summarise('', 2)).toBe('');
    expect(summarise('\n \t\r\n', 2)).toBe('');
  });

  it('is short when a text has no end of a sentence', () => {
    expect(summarise('word '.repeat(100_000), 5).length).toBeLessThan(3_000);
    expect(summarise('a'.repeat(1_000_000), 5).length).toBeLessThan(3_000);
  });

  it.each([
    ['prose', 'The quick brown fox jumps over dogs in the yard number 5. '.repeat(9_000)],
    ['brackets', '['.repeat(500_000)],
    ['open comments', '<!--'.repeat(125_000)],
    ['open tags', '<a '.repeat(150_000)],
    ['stars', '*_'.repeat(250_000)],
    ['back ticks', '` '.repeat(250_000)],
    ['list items', '- a b\n'.repeat(80_000)],
    ['Japanese', 'これはペンです。あれは本です、'.repeat(15_000)],
  ])('takes no more than linear time for half a megabyte of %s', (_, text) => {
    const before = process.cpuUsage();
    summarise(text, 5);
    // Measured: 5 to 700 ms. Quadratic time would be minutes, also of the processor's own time on a loaded machine.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(8_000);
  });
});
