/** JSON from a sender that is not trusted. */

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const OPENING = new Set([0x5b, 0x7b]);

/**
 * @param maxValues how many values may be in it: an empty one is two bytes, and a hundred in memory
 * @throws Error when the bytes are not JSON in UTF-8
 */
export function parseJson(bytes: Buffer, maxValues: number): unknown {
  if (countValues(bytes) > maxValues) throw new RangeError(`it has more than ${maxValues} values`);
  return JSON.parse(bytes.toString());
}

/** An estimate that does not parse: each value but the first of its list or map has a comma before it. */
function countValues(bytes: Buffer): number {
  let count = 1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfText(bytes, at);
    else if (byte === COMMA || OPENING.has(byte)) count += 1;
  }
  return count;
}

function endOfText(bytes: Buffer, start: number): number {
  for (let at = start; ; ) {
    at = bytes.indexOf(QUOTE, at + 1);
    if (at < 0) return bytes.length;
    let escapes = 0;
    while (bytes[at - 1 - escapes] === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
}
