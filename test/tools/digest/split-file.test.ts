import { array, assert, constantFrom, integer, oneof, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitFile } from '../../../src/tools/digest/split-file.ts';

const split = (text: string, maxLength?: number) => splitFile({ path: 'a.md', text }, { maxLength });
const withoutSpace = (text: string) => text.replace(/\s+/g, '');

describe('splitting a file', () => {
  it('makes a part of each section and names the headings above it', () => {
    const body = 'word '.repeat(150).trim();
    const parts = split(`${body}\n# A\n${body}\n## B\n${body}\n### C ###\n${body}\n## D\n${body}\n# E\n${body}\n`);
    expect(parts.map(({ headings }) => headings)).toEqual([[], ['A'], ['A', 'B'], ['A', 'B', 'C'], ['A', 'D'], ['E']]);
    expect(parts[1]).toEqual({ file: 'a.md', headings: ['A'], text: `# A\n${body}` });
  });

  it('never takes a line of a code block for a heading', () => {
    const body = 'word '.repeat(150).trim();
    const parts = split(`# A\n${body}\n\`\`\`sh\n# not a heading\n~~~\n\`\`\`\n${body}\n# B\n${body}`);
    expect(parts.map(({ headings }) => headings)).toEqual([['A'], ['B']]);
  });

  it('keeps short sections together', () => {
    expect(split('# A\nshort\n## B\nshort\n## C\nshort')).toHaveLength(1);
  });

  it('cuts a long section at its paragraphs and packs them', () => {
    const paragraphs = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(40));
    const parts = split(paragraphs.join('\n\n'), 100);
    expect(parts.map(({ text }) => text)).toEqual([
      `${paragraphs[0]}\n\n${paragraphs[1]}`,
      `${paragraphs[2]}\n\n${paragraphs[3]}`,
    ]);
  });

  it('cuts a text without paragraphs at its lines, without lines at its words, and a long word anywhere', () => {
    expect(split('one two\nthree four', 10).map(({ text }) => text)).toEqual(['one two', 'three four']);
    expect(split('one two three four', 10).map(({ text }) => text)).toEqual(['one two', 'three four']);
    expect(split('abcdefghijklmno', 10).map(({ text }) => text)).toEqual(['abcdefghij', 'klmno']);
  });

  it('never cuts a surrogate pair', () => {
    expect(split('😀'.repeat(6), 5).map(({ text }) => text)).toEqual(['😀😀', '😀😀', '😀😀']);
  });

  it('loses only white space of any text, and makes no part too long or empty', () => {
    const line = oneof(
      string({ unit: 'grapheme', maxLength: 80 }),
      constantFrom('', '# H', '## Deep', '```', '~~~', '    x', '\t'),
    );
    const text = array(line, { maxLength: 40 }).map((lines) => lines.join('\n'));
    assert(
      property(text, integer({ min: 2, max: 200 }), (source, maxLength) => {
        const parts = split(source, maxLength);
        expect(withoutSpace(parts.map((part) => part.text).join(''))).toBe(withoutSpace(source));
        for (const part of parts) {
          expect(part.text.length).toBeLessThanOrEqual(maxLength);
          expect(part.text.trim()).not.toBe('');
        }
      }),
    );
  });

  it('takes linear time', () => {
    const start = process.cpuUsage();
    expect(split('x'.repeat(2_000_000)).length).toBeGreaterThan(300);
    expect(split('#'.repeat(2_000_000)).length).toBeGreaterThan(300);
    expect(split('# '.repeat(1_000_000)).length).toBeGreaterThan(300);
    expect(split(`${'\n'.repeat(2_000_000)}x`)).toHaveLength(1);
    expect(split(`# ${' '.repeat(100_000)}x${' '.repeat(100_000)}x`).length).toBeGreaterThan(0);
    expect(process.cpuUsage(start).user).toBeLessThan(5_000_000);
  });
});
