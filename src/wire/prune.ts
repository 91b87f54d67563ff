/**
 * Reads JSON as it comes, in bytes, and builds of it only what is wanted. A reply of 50 MB, or one line of it, takes no
 * more memory than that. By depth, not by a search: the arguments of a tool call may contain a false `"usage"`.
 */
import { keyOf, parseOr } from './pick.ts';

/** `true`: the whole value. An object: these members of an object, or of each object in a list. */
export type Wanted = true | { readonly [key: string]: Wanted };

/** The longest value that is kept, in bytes, and the longest key. */
const LONGEST_VALUE = 262_144;
const LONGEST_KEY = 256;
/** The most entries of a list that are kept. */
const MOST_ENTRIES = 1_024;

const [QUOTE, COMMA, COLON, OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN, CLOSE] = [
  ...[0x22, 0x2c, 0x3a, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d],
] as const;

/** A value that is read as a whole, or skipped. */
type Token = 'none' | 'string' | 'nested' | 'scalar';

/** An object or a list that is being read. The list at the top has no target: its entries are documents. */
interface Level {
  readonly wanted: Wanted | undefined;
  readonly target: Record<string, unknown> | unknown[] | undefined;
  readonly isList: boolean;
  /** The key of the member that is being read. */
  key: string;
}

export interface PrunerEvents {
  /** A document has ended: one of several in a row, or one entry of the list at the top. */
  document(value: unknown): void;
  /** The documents are the entries of a list, which begins, or has ended. */
  listBegin?(): void;
  listEnd?(): void;
}

export interface Pruner {
  /** Whether it is between two documents. */
  readonly isIdle: boolean;
  chunk(bytes: Uint8Array): void;
}

export function createPruner(wanted: Wanted, events: PrunerEvents): Pruner {
  const levels: Level[] = [];
  let expected: 'key' | 'colon' | 'value' = 'value';

  // The string, number or skipped object that is being read.
  let token: Token = 'none';
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isKept = false;
  let kept: Uint8Array[] = [];
  let keptBytes = 0;

  const level = () => levels[levels.length - 1];
  const kindNow = () => token;

  function afterValue(): void {
    expected = level()?.isList === false ? 'key' : 'value';
  }

  function put(value: unknown): void {
    const around = level();
    if (around?.target === undefined) events.document(value);
    else if (Array.isArray(around.target)) around.target.push(value);
    else around.target[around.key] = value;
  }

  function wantedNow(): Wanted | undefined {
    const around = level();
    if (around === undefined) return wanted;
    if (around.isList) return (around.target?.length as number) >= MOST_ENTRIES ? undefined : around.wanted;
    const members = around.wanted as Exclude<Wanted, true>;
    return Object.hasOwn(members, around.key) ? members[around.key] : undefined;
  }

  function structure(c: number): void {
    if (expected === 'key') {
      if (c === QUOTE) begin('string', true);
      else if (c === CLOSE) close();
    } else if (expected === 'colon') {
      if (c === COLON) expected = 'value';
    } else if (c === CLOSE_LIST && level()?.isList) close();
    else if (c !== CLOSE && c !== CLOSE_LIST) value(c);
  }

  function value(c: number): void {
    const wish = wantedNow();
    const isContainer = c === OPEN || c === OPEN_LIST;
    if (isContainer && typeof wish === 'object') {
      const isDocuments = c === OPEN_LIST && levels.length === 0;
      if (isDocuments) events.listBegin?.();
      const target = isDocuments ? undefined : c === OPEN ? Object.create(null) : [];
      levels.push({ wanted: wish, isList: c === OPEN_LIST, target, key: '' });
      expected = c === OPEN ? 'key' : 'value';
    } else begin(c === QUOTE ? 'string' : isContainer ? 'nested' : 'scalar', wish !== undefined);
  }

  function close(): void {
    const { target } = levels.pop() as Level;
    if (target === undefined) events.listEnd?.();
    else put(target);
    afterValue();
  }

  function begin(kind: Token, keep: boolean): void {
    token = kind;
    depth = kind === 'nested' ? 1 : 0;
    isInString = kind === 'string';
    isEscaped = false;
    isKept = keep;
  }

  /** @param isLent whether the memory is the caller's again when the chunk has been read: it is copied */
  function keep(bytes: Uint8Array, isLent: boolean): void {
    keptBytes += bytes.length;
    if (keptBytes > (expected === 'key' ? LONGEST_KEY : LONGEST_VALUE)) kept = [];
    else kept.push(isLent ? Buffer.from(bytes) : bytes);
  }

  /** The token, as JSON; `undefined` where it is not kept, or too long. */
  function takeToken(): string | undefined {
    token = 'none';
    if (!isKept) return undefined;
    const bytes = kept.length === 1 ? (kept[0] as Uint8Array) : Buffer.concat(kept);
    kept = [];
    keptBytes = 0;
    if (bytes.length === 0) return undefined;
    // Keys that are wanted have no character of several bytes, and a text of single bytes is made faster.
    const encoding = expected === 'key' ? 'latin1' : 'utf8';
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(encoding);
  }

  function endToken(): void {
    const json = takeToken();
    if (expected === 'key') {
      (level() as Level).key = json === undefined ? '' : keyOf(json);
      expected = 'colon';
      return;
    }
    if (json !== undefined) put(parseOr(json, undefined));
    afterValue();
  }

  /** Where the token ends that goes on at `from`; -1 if the bytes end before. */
  function tokenEnd(bytes: Uint8Array, from: number): number {
    for (let i = from; i < bytes.length; i += 1) {
      if (isInString) {
        i = quoteAt(bytes, i);
        if (i < 0) return -1;
        isInString = false;
        if (token === 'string') return i + 1;
        continue;
      }
      const c = bytes[i] as number;
      if (token === 'scalar') {
        if (c === COMMA || c === CLOSE || c === CLOSE_LIST || c <= 0x20) return i;
      } else if (c === QUOTE) isInString = true;
      else if (c === OPEN || c === OPEN_LIST) depth += 1;
      else if (c === CLOSE || c === CLOSE_LIST) {
        depth -= 1;
        if (depth === 0) return i + 1;
      }
    }
    return -1;
  }

  /** The quote that ends the string which goes on at `from`. */
  function quoteAt(bytes: Uint8Array, from: number): number {
    for (let start = from; ; ) {
      const end = bytes.indexOf(QUOTE, start);
      const limit = end < 0 ? bytes.length : end;
      let before = limit - 1;
      while (before >= start && bytes[before] === BACKSLASH) before -= 1;
      const backslashes = limit - 1 - before + (before < start && isEscaped ? 1 : 0);
      isEscaped = backslashes % 2 === 1;
      if (end < 0) return -1;
      if (!isEscaped) return end;
      isEscaped = false;
      start = end + 1;
    }
  }

  return {
    get isIdle() {
      return levels.length === 0 && token === 'none';
    },
    chunk(bytes) {
      for (let i = 0; i < bytes.length; ) {
        const from = i;
        if (token === 'none') {
          const c = bytes[i] as number;
          if (c > 0x20 && c < 0x80 && c !== COMMA) structure(c);
          // A number has no quote or bracket before it.
          if (kindNow() !== 'scalar') i += 1;
          if (kindNow() === 'none') continue;
        }
        const end = tokenEnd(bytes, i);
        if (isKept) keep(bytes.subarray(from, end < 0 ? undefined : end), end < 0);
        if (end < 0) return;
        i = end;
        endToken();
      }
    },
  };
}
