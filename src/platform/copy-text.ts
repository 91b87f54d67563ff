/**
 * The text in memory of its own. In V8 a part of a text keeps the whole text in memory, so a part that is kept, or that
 * waits, is copied. Halves of surrogate pairs become U+FFFD.
 */
export function copyText(text: string): string {
  return Buffer.from(text).toString();
}
