import { describe, expect, test } from 'vitest';
import { show, showBlock } from '../../../../src/tools/studio/page/src/show.ts';

describe('a text of a span', () => {
  test('stays as it is in any language, with emoji', () => {
    for (const text of ['digest', 'Grüße, 日本語', 'می‌خواهم', 'שלום', '👩‍👩‍👧 ❤️', 'a\u0301b'])
      expect(show(text)).toBe(text);
  });

  test('shows what would turn the direction of the text after it', () => {
    expect(show('a\u202eb\u2066c\u200fd')).toBe('a⟨U+202E⟩b⟨U+2066⟩c⟨U+200F⟩d');
  });

  test('shows controls, ANSI escapes, line breaks, lone surrogates and text that is hidden in tags', () => {
    expect(show('\u001b[31mred\u0000\r\n\t\u009b')).toBe('␛[31mred␀␍␊␉⟨U+009B⟩');
    expect(show('\ud800x\udfff')).toBe('⟨U+D800⟩x⟨U+DFFF⟩');
    expect(show('ok\u{e0041}\u200b')).toBe('ok⟨U+E0041⟩⟨U+200B⟩');
  });

  test('is cut, and its end says how much is left out', () => {
    expect(show('x'.repeat(10_000_000))).toMatch(/^x{300}… \(9.999.700 more characters\)$/);
    expect(show(`a😀${'😀'.repeat(50)}`, 4)).toBe('a😀… (100 more characters)');
    expect(show('tta.retry.stopped_by', 10)).toBe('tta.retry.stopped_by');
  });

  test('has few marks on one letter', () => {
    expect(show(`Z${'\u0301'.repeat(50)}!`)).toBe(`Z${'\u0301'.repeat(4)}!`);
  });

  test('keeps its lines in a block', () => {
    expect(showBlock('one\r\ntwo\n\tthree\u001b')).toBe('one\ntwo\n\tthree␛');
  });
});
