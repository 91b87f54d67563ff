/** How inputs and outputs become text. */
export interface Codec {
  /** The word for the codec in the envelope: the other side must have one with the same name. */
  readonly name: string;
  /**
   * Throws a TypeError that names the first value that would not arrive as it is, with its path. It is never called with
   * `undefined`, which crosses without a codec.
   */
  encode(value: unknown, limit: SizeLimit): string;
  /** Throws where the text is invalid. What it gives is not trusted. */
  decode(text: string): unknown;
}

/** What a codec encodes, and the most that it may give, in bytes. Larger texts are refused after it. */
export interface SizeLimit {
  readonly what: 'input' | 'output';
  readonly maxBytes: number;
}

export const jsonCodec: Codec = {
  name: 'json',
  encode: (value) => JSON.stringify(value),
  decode: (text) => JSON.parse(text),
};

/** The text of a value; `undefined` for `undefined`, which a function without a result gives. */
export function encodeValue(codec: Codec, value: unknown, limit: SizeLimit): string | undefined {
  return value === undefined ? undefined : codec.encode(value, limit);
}

export function decodeValue(codec: Codec, payload: string | undefined): unknown {
  return payload === undefined ? undefined : codec.decode(payload);
}
