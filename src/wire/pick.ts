/**
 * Single members of a JSON object in a text, without parsing the rest: a prompt may have any size. By depth, not by a
 * search: a prompt may contain anything, also `"model":`.
 */

/** How much of a long text is looked at, from its beginning and from its end, in characters. */
const WINDOW = 65_536;
/** The longest value that is parsed, in characters. */
const LONGEST_VALUE = 16_384;

/** Keys of which the value is wanted, and keys of which the length is wanted, in characters. */
export interface Wishes {
  readonly values: ReadonlySet<string>;
  readonly lengths: ReadonlySet<string>;
}

export interface Picked {
  readonly values: ReadonlyMap<string, unknown>;
  readonly lengths: ReadonlyMap<string, number>;
}

/**
 * The wanted members of the object in `text`. In a text of more than 128 KiB those in its middle are not found, but for the
 * length of a member that fills the middle.
 */
export function pick(text: string, wishes: Wishes): Picked {
  const values = new Map<string, unknown>();
  const lengths = new Map<string, number>();
  const visit = (key: string, length: number, value: () => string) => {
    if (wishes.lengths.has(key)) lengths.set(key, length);
    if (wishes.values.has(key) && length <= LONGEST_VALUE) values.set(key, parseOr(value(), undefined));
  };
  const head = text.slice(0, WINDOW);
  const cut = eachMember(head, (key, { from, to }) => visit(key, to - from, () => head.slice(from, to)));
  if (cut === undefined || text.length <= WINDOW) return { values, lengths };
  const begin = Math.max(cut.at, text.length - WINDOW);
  const tail = text.slice(begin);
  const seen = new Set<string>();
  const reached = eachMemberFromEnd(tail, (key, from, to) => {
    // The last of two members with one name is the one that counts.
    if (!seen.has(key)) visit(key, to - from, () => tail.slice(from, to));
    seen.add(key);
  });
  if (cut.key !== undefined && !seen.has(cut.key)) visit(cut.key, begin + reached - cut.at, () => '');
  return { values, lengths };
}

/** Where a member stands: from the quote of its key, and the bounds of its value. */
export interface Place {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Visits the members of the object that `text` begins with. Gives back where the text breaks off, and in which member;
 * `undefined` where it does not, or where it is no object.
 */
export function eachMember(
  text: string,
  visit: (key: string, place: Place) => void,
): { readonly at: number; readonly key: string | undefined } | undefined {
  let i = skip(text, 0);
  if (text[i] !== '{') return undefined;
  for (i += 1; ; ) {
    const at = skip(text, i);
    if (text[at] === '}') return undefined;
    const keyEnd = text[at] === '"' ? stringEnd(text, at) : -1;
    if (keyEnd < 0) return { at, key: undefined };
    const key = keyOf(text.slice(at, keyEnd));
    const colon = skip(text, keyEnd);
    const from = skip(text, colon + 1);
    const to = text[colon] === ':' ? valueEnd(text, from) : -1;
    if (to < 0) return { at: from, key };
    visit(key, { at, from, to });
    i = to;
  }
}

/** Visits the members backwards, as far as they are whole. Gives back where it stopped. */
function eachMemberFromEnd(text: string, visit: (key: string, from: number, to: number) => void): number {
  let i = skipBack(text, text.length - 1);
  if (text[i] !== '}') return text.length;
  for (i -= 1; ; ) {
    const to = skipBack(text, i) + 1;
    const from = valueStart(text, to - 1);
    const colon = from < 0 ? -1 : skipBack(text, from - 1);
    if (text[colon] !== ':') return to;
    const keyEnd = skipBack(text, colon - 1);
    const at = text[keyEnd] === '"' ? stringStart(text, keyEnd) : -1;
    if (at < 0) return to;
    visit(keyOf(text.slice(at, keyEnd + 1)), from, to);
    i = at - 1;
  }
}

/** Where the string ends that begins at `at`, behind its quote; -1 if the text ends before. */
export function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    if (!isEscaped(text, end)) return end + 1;
  }
  return -1;
}

/** Where the string begins whose last quote is at `end`. Inside of a string each quote is escaped. */
function stringStart(text: string, end: number): number {
  for (let at = text.lastIndexOf('"', end - 1); at >= 0 && end > 0; at = text.lastIndexOf('"', at - 1)) {
    if (!isEscaped(text, at)) return at;
    if (at === 0) return -1;
  }
  return -1;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === '\\') before -= 1;
  return (at - before) % 2 === 0;
}

function valueEnd(text: string, from: number): number {
  if (text[from] === '"') return stringEnd(text, from);
  let depth = 0;
  for (let i = from; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = stringEnd(text, i) - 1;
      if (i < 0) return -1;
    } else if (c === 0x7b || c === 0x5b) depth += 1;
    else if (c === 0x7d || c === 0x5d) {
      if (depth === 0) return i;
      depth -= 1;
      if (depth === 0) return i + 1;
    } else if (depth === 0 && (c === 0x2c || c <= 0x20)) return i;
  }
  return -1;
}

function valueStart(text: string, end: number): number {
  if (text[end] === '"') return stringStart(text, end);
  let depth = 0;
  for (let i = end; i >= 0; i -= 1) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      i = stringStart(text, i);
      if (i < 0) return -1;
    } else if (c === 0x7d || c === 0x5d) depth += 1;
    else if (c === 0x7b || c === 0x5b) {
      depth -= 1;
      if (depth <= 0) return depth < 0 ? -1 : i;
    } else if (depth === 0 && (c === 0x3a || c === 0x2c || c <= 0x20)) return i + 1;
  }
  return -1;
}

/** Behind white space and commas. */
function skip(text: string, from: number): number {
  let i = from;
  while (i < text.length && (text.charCodeAt(i) <= 0x20 || text[i] === ',' || text[i] === '\uFEFF')) i += 1;
  return i;
}

function skipBack(text: string, from: number): number {
  let i = from;
  while (i >= 0 && (text.charCodeAt(i) <= 0x20 || text[i] === ',')) i -= 1;
  return i;
}

/** The key of its JSON text. */
export const keyOf = (quoted: string): string =>
  quoted.includes('\\') ? String(parseOr(quoted, '')) : quoted.slice(1, -1);

export function parseOr<Other>(json: string, otherwise: Other): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return otherwise;
  }
}
