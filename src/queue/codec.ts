/** How inputs and outputs become text. */
export interface Codec {
  /** The word for the codec in the envelope: the other side must have one with the same name. */
  readonly name: string;
  /** Throws a TypeError that names the first value that would not arrive as it is, with its path. */
  encode(value: unknown): string;
  /** Throws where the text is invalid. What it gives is not trusted. */
  decode(text: string): unknown;
}

export const jsonCodec: Codec = {
  name: 'json',
  encode: (value) => JSON.stringify(value) ?? 'null',
  decode: (text) => JSON.parse(text),
};
