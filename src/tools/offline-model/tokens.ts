import { importOptional } from '../../platform/optional.ts';

export interface Tokenizer {
  /** The number of tokens of a text; counting ends early, at any number above `limit`, once that is passed. */
  count(text: string, limit?: number): number;
  /** At most `max` tokens of a text from its start. */
  take(text: string, max: number): { readonly text: string; readonly tokens: number; readonly cut: boolean };
  /** The text in the pieces in which a model would stream it: a token each, more where one splits a character. */
  pieces(text: string): string[];
}

/**
 * The tokenizer's time grows with the square of the longest run of characters of one class (100,000 letters without
 * a space: five seconds). Longer runs are encoded in parts, which costs a token or so at each seam.
 */
const LONGEST_RUN = 256;
const RUN = new RegExp(
  `[\\p{L}\\p{M}]{${LONGEST_RUN}}|[^\\p{L}\\p{M}\\p{N}\\s]{${LONGEST_RUN}}|\\s{${LONGEST_RUN}}`,
  'gu',
);
/** Windows keep a hopelessly long text from being searched to its end before the limit stops the count. */
const WINDOW = 16_384;

/**
 * The tokenizer of cl100k_base (gpt-4, gpt-3.5-turbo), with its own data. Special tokens in a text are text.
 *
 * @throws Error that prints the install line when `gpt-tokenizer` is missing
 */
export async function loadTokenizer(): Promise<Tokenizer> {
  const { isWithinTokenLimit, encode, decodeGenerator } = await importOptional(
    'The offline model',
    'gpt-tokenizer',
    () => import('gpt-tokenizer/encoding/cl100k_base'),
  );
  const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
  return {
    count(text, limit = Number.MAX_SAFE_INTEGER) {
      let tokens = 0;
      for (const part of inParts(text)) {
        const more = isWithinTokenLimit(part, limit - tokens, asText);
        if (more === false) return limit + 1;
        tokens += more;
      }
      return tokens;
    },
    take(text, max) {
      const pieces = toPieces(text);
      const fitting = pieces.filter(({ end }) => end <= max).map((piece) => piece.text);
      const cut = fitting.length < pieces.length;
      return { text: fitting.join(''), tokens: cut ? max : (pieces.at(-1)?.end ?? 0), cut };
    },
    pieces: (text) => toPieces(text).map((piece) => piece.text),
  };

  /**
   * The text in pieces with whole characters, each with the number of tokens up to its end. Always decoded to the
   * end: the package keeps the bytes of a half character and would begin the next text with them.
   */
  function toPieces(text: string): { text: string; end: number }[] {
    let end = 0;
    const counted = function* () {
      for (const token of encode(text, asText)) {
        end += 1;
        yield token;
      }
    };
    return Array.from(decodeGenerator(counted()), (piece) => ({ text: piece, end }));
  }
}

function* inParts(text: string): Generator<string> {
  for (let from = 0; from < text.length; ) {
    const window = text.slice(from, from + WINDOW);
    const part = from + WINDOW < text.length ? window.slice(0, lastWordStart(window)) : window;
    let done = 0;
    for (const run of part.matchAll(RUN)) {
      yield part.slice(done, run.index + run[0].length);
      done = run.index + run[0].length;
    }
    if (done < part.length) yield part.slice(done);
    from += part.length;
  }
}

/** Where a single space stands between two words: no token reaches across. The end if there is none. */
function lastWordStart(text: string): number {
  for (let at = text.length - 2; at > 0; at -= 1) {
    if (text[at] === ' ' && /^\p{L}\p{L}$/u.test(`${text[at - 1]}${text[at + 1]}`)) return at;
  }
  return text.length;
}
