import { isMissing } from '../../platform/optional.ts';
import { estimatedTokens } from './estimated-tokens.ts';

export interface Tokenizer {
  /** Whether the numbers are those of the model. Otherwise they are estimates. */
  readonly isExact: boolean;
  /** The number of tokens of a text. Above `limit` it stops counting and returns any number above `limit`. */
  count(text: string, limit?: number): number;
  /** The start of a text, with at most `maxTokens` tokens. */
  truncate(
    text: string,
    maxTokens: number,
  ): { readonly text: string; readonly tokens: number; readonly truncated: boolean };
  /** The text in the pieces of a stream: one token each, or several tokens if a token ends inside a character. */
  pieces(text: string): string[];
}

/**
 * The time of the tokenizer is quadratic in the longest run of characters of one class (100,000 letters without a
 * space take five seconds). Longer runs are encoded in parts, which adds about one token at each boundary.
 */
const LONGEST_RUN = 256;
const RUN = new RegExp(
  `[\\p{L}\\p{M}]{${LONGEST_RUN}}|[^\\p{L}\\p{M}\\p{N}\\s]{${LONGEST_RUN}}|\\s{${LONGEST_RUN}}`,
  'gu',
);
/** A long text is searched in windows, in characters, so that the limit can stop the count before the end of the text. */
const WINDOW = 16_384;

/**
 * The tokenizer cl100k_base (of gpt-4 and gpt-3.5-turbo). Special tokens in a text count as plain text. Without the
 * package `gpt-tokenizer` the tokens are estimated: someone who tries this out should not have to install 30 MB for it.
 * With its line 2 too, which refuses to count special tokens.
 */
export async function loadTokenizer(): Promise<Tokenizer> {
  const vocabulary = await import('gpt-tokenizer/encoding/cl100k_base').catch((error: unknown) => {
    if (isMissing('gpt-tokenizer', error)) return undefined;
    throw error;
  });
  if (vocabulary === undefined) return estimatedTokens;
  const { isWithinTokenLimit, encode, decodeGenerator } = vocabulary;
  const asText = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
  try {
    isWithinTokenLimit('<|endoftext|>', WINDOW, asText);
  } catch {
    return estimatedTokens;
  }
  return {
    isExact: true,
    count(text, limit = Number.MAX_SAFE_INTEGER) {
      let tokens = 0;
      for (const part of splitRuns(text)) {
        const more = isWithinTokenLimit(part, limit - tokens, asText);
        if (more === false) return limit + 1;
        tokens += more;
      }
      return tokens;
    },
    truncate(text, maxTokens) {
      const pieces = toPieces(text);
      const fitting = pieces.filter(({ end }) => end <= maxTokens).map((piece) => piece.text);
      const truncated = fitting.length < pieces.length;
      return { text: fitting.join(''), tokens: truncated ? maxTokens : (pieces.at(-1)?.end ?? 0), truncated };
    },
    pieces: (text) => toPieces(text).map((piece) => piece.text),
  };

  /**
   * The text in pieces with whole characters, each with the number of tokens up to its end. The whole text must be
   * decoded: otherwise the package keeps the bytes of an incomplete character and puts them before the next text.
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

/** Parts of the text that end at a word or after `LONGEST_RUN` characters of one class. */
function* splitRuns(text: string): Generator<string> {
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

/** The last single space between two words, which no token crosses; the end of the text if there is none. */
function lastWordStart(text: string): number {
  for (let at = text.length - 2; at > 0; at -= 1) {
    if (text[at] === ' ' && /^\p{L}\p{L}$/u.test(`${text[at - 1]}${text[at + 1]}`)) return at;
  }
  return text.length;
}
