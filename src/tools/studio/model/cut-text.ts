/**
 * At most so many characters, with a sign where something is cut off. In V8 a part of a text keeps the whole text in
 * memory, so the part is copied: joined to another text, and read out of that.
 */
export function cutText(text: string, length: number): string {
  return text.length <= length ? text : ` ${text.slice(0, length - 1)}…`.slice(1);
}

/** One line of at most so many characters. */
export const lineOf = (text: string, length: number): string =>
  cutText(
    text
      .slice(0, length * 4)
      .replace(/\s+/g, ' ')
      .trim(),
    length,
  );
