import { linesOf } from './lines.ts';
import type { SourceFile } from './read-folder.ts';

/** A piece of a file that a model can summarise in one call. */
export interface Part {
  readonly file: string;
  /** The headings above the part, outermost first. */
  readonly headings: readonly string[];
  readonly text: string;
}

export interface SplitOptions {
  /** The longest part, in characters. @default 6000 */
  readonly maxLength?: number | undefined;
}

/**
 * Splits a text at its headings. A section that is too long is split at its paragraphs, a paragraph at its lines, a
 * line at its spaces, and a word at any character. A short section is joined with the next. Only white space is lost.
 */
export function splitFile({ path, text }: SourceFile, { maxLength = 6_000 }: SplitOptions = {}): Part[] {
  const parts: Part[] = [];
  for (const { headings, text: section } of sections(text)) {
    const last = parts.at(-1);
    const joined = `${last?.text}\n\n${section}`;
    // A short section is joined with the next one: a model call for a few words is not worth its cost.
    if (last !== undefined && last.text.length < maxLength / 10 && joined.length <= maxLength) {
      parts[parts.length - 1] = { ...last, text: joined };
    } else {
      for (const piece of pieces(section, maxLength)) parts.push({ file: path, headings, text: piece });
    }
  }
  return parts;
}

interface Section {
  readonly headings: readonly string[];
  readonly text: string;
}

/** Each section reaches from one heading to the next. */
function sections(text: string): Section[] {
  const all: { headings: string[]; lines: string[] }[] = [{ headings: [], lines: [] }];
  const path: string[] = [];
  for (const line of linesOf(text)) {
    if (line.heading !== undefined) {
      path.length = Math.min(path.length, line.heading.level - 1);
      path.push(line.heading.title);
      all.push({ headings: [...path], lines: [] });
    }
    all.at(-1)?.lines.push(line.text);
  }
  return all
    .map(({ headings, lines }) => ({ headings, text: lines.join('\n').trim() }))
    .filter((section) => section.text !== '');
}

/** The places to cut a text that is too long, largest unit first, each with the text that joins two pieces again. */
const SEPARATORS = [
  { pattern: /\n\s*\n/, text: '\n\n' },
  { pattern: /\n/, text: '\n' },
  { pattern: /\s+/, text: ' ' },
];

function pieces(text: string, maxLength: number, separators = SEPARATORS): string[] {
  if (text.length <= maxLength) return [text];
  const [separator, ...finer] = separators;
  if (separator === undefined) return slices(text, maxLength);
  const packed: string[] = [];
  for (const piece of text.split(separator.pattern).filter((each) => each.trim() !== '')) {
    const last = packed.at(-1);
    const joined = `${last}${separator.text}${piece}`;
    if (last !== undefined && joined.length <= maxLength) packed[packed.length - 1] = joined;
    else packed.push(...pieces(piece, maxLength, finer));
  }
  return packed;
}

/** Never cuts between the two halves of a surrogate pair. */
function slices(text: string, maxLength: number): string[] {
  const cut: string[] = [];
  for (let from = 0; from < text.length; ) {
    const last = text.charCodeAt(from + maxLength - 1);
    const length = last >= 0xd800 && last <= 0xdbff && maxLength > 1 ? maxLength - 1 : maxLength;
    cut.push(text.slice(from, from + length));
    from += length;
  }
  return cut;
}
