import type { Rule } from '../core/check.ts';
import { having, word } from '../core/rules.ts';
import { measure } from '../core/show.ts';
import { readProperty } from '../platform/read-property.ts';

/** How inputs and outputs become text. */
export interface Codec {
  /** The word for the codec in the envelope: the other side must have one with the same name. */
  readonly name: string;
  /**
   * Throws a TypeError that names the first value that would not arrive as it is, with its path. It is never called with
   * `undefined`, which crosses without a codec.
   */
  encode(value: unknown, limit?: SizeLimit): string;
  /** Throws where the text is invalid. What it gives is not trusted. */
  decode(text: string): unknown;
}

export const codecRule: Rule<Codec> = (where, option, value) => {
  having<Codec>('encode', 'decode')(where, option, value);
  word(where, `${option}.name`, readProperty(value, 'name'));
};

/** What a codec encodes, and the most that it may give, in bytes. Larger texts are refused after it. */
export interface SizeLimit {
  readonly what: 'input' | 'output';
  readonly maxBytes: number;
}

/**
 * The text of a value; `undefined` for `undefined`, which a function without a result gives.
 *
 * @throws TypeError when the codec gives anything but a text that UTF-8 can write, and whatever the codec throws
 */
export function encodeValue(codec: Codec, value: unknown, limit: SizeLimit): string | undefined {
  if (value === undefined) return undefined;
  const text: unknown = codec.encode(value, limit);
  if (typeof text === 'string' && text.isWellFormed()) return text;
  throw new TypeError(`the codec ${codec.name} must give a text that UTF-8 can write, and gave ${measure(text)}`);
}

/** A value, or why there is none. */
export type Decoded =
  | { readonly is: 'ok'; readonly value: unknown }
  | { readonly is: 'unreadable'; readonly why: string };

/** Does not throw. What a codec throws may contain a user's data. */
export function decodeValue(codec: Codec, payload: string | undefined): Decoded {
  try {
    return { is: 'ok', value: payload === undefined ? undefined : codec.decode(payload) };
  } catch {
    return { is: 'unreadable', why: `the codec ${codec.name} cannot decode it` };
  }
}
