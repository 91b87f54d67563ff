export interface Line {
  readonly text: string;
  /** Whether the line is part of a code block, or is a fence of one. */
  readonly code: boolean;
  /** Set when the line is a heading. The outermost level is 1. */
  readonly heading?: { readonly level: number; readonly title: string };
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})\s/;

/** The lines of a Markdown text. A line inside a code block is never a heading. */
export function linesOf(text: string): Line[] {
  let fence: string | undefined;
  return text.split(/\r\n|\r|\n/).map((line) => {
    const mark = FENCE.exec(line)?.[1];
    if (fence === undefined && mark === undefined) return plain(line);
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
    return { text: line, code: true };
  });
}

function plain(text: string): Line {
  const [start, marks] = HEADING.exec(text) ?? [];
  if (start === undefined || marks === undefined) return { text, code: false };
  const title = text
    .slice(start.length)
    .trim()
    .replace(/(?:^|\s)#+$/, '')
    .trim();
  return title === '' ? { text, code: false } : { text, code: false, heading: { level: marks.length, title } };
}
