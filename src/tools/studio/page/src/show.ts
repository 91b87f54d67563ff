/** Texts of spans, made safe to look at: they come from anywhere. */

/** Hundreds of them can stand in one view. */
const LINE_LENGTH = 300;
const BLOCK_LENGTH = 20_000;

/**
 * Characters that are not seen, or that change how others are seen: controls and ANSI escapes, marks of direction, lone
 * surrogates, separators of lines, tags. Joiners (U+200C, U+200D) stay, because scripts and emoji need them.
 */
const UNSEEN =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}\u{1d173}-\u{1d17a}]|\u034f|\u17b4|\u17b5/gu;
/** More marks on one letter than any language has would cover the lines above it. */
const PILED = /(\p{M}{4})\p{M}+/gu;

/** One line: also its line breaks become visible. */
export function show(text: string, length = LINE_LENGTH): string {
  const [start, more] = cut(text, length);
  return visible(start) + more;
}

/** Several lines: line breaks and tabs stay. */
export function showBlock(text: string, length = BLOCK_LENGTH): string {
  const [start, more] = cut(text, length);
  const parts = start.replaceAll('\r\n', '\n').split(/([\n\t])/);
  return parts.map((part, i) => (i % 2 === 1 ? part : visible(part))).join('') + more;
}

/** The start of a text, without half a character at its end, and a note about the rest. */
function cut(text: string, length: number): readonly [start: string, more: string] {
  if (text.length <= length) return [text, ''];
  const start = text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
  const note = `… (${(text.length - start.length).toLocaleString()} more characters)`;
  // A note that is longer than what it stands for says less.
  return text.length - start.length <= note.length ? [text, ''] : [start, note];
}

function visible(text: string): string {
  return text.replace(UNSEEN, nameOf).replace(PILED, '$1');
}

/** `␛` for the escape character, `⟨U+202E⟩` for a mark that turns the direction of text. */
function nameOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
