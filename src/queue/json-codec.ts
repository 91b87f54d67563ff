import type { Codec, SizeLimit } from './codec.ts';
import { isHarmless, requireJson } from './strict-json.ts';

/** As long as a text can be. */
const ANY_SIZE: SizeLimit = { what: 'input', maxBytes: Number.MAX_SAFE_INTEGER };

/**
 * JSON, which brings plain data: texts, finite numbers, booleans, `null`, and arrays and objects of these, up to 100 levels.
 * Any other value inside, `undefined` too, is refused where it is sent, by its path. An object without a prototype arrives
 * with one, and one that is referred to twice arrives as two.
 */
export const jsonCodec: Codec = {
  name: 'json',
  encode(value, limit = ANY_SIZE) {
    requireJson(value, limit);
    return JSON.stringify(value);
  },
  decode(text) {
    const value = parseJson(text);
    if (!isHarmless(value)) throw new TypeError('the JSON is nested too deeply, or has the key __proto__');
    return value;
  },
};

/** The message of a SyntaxError quotes the text, which is a user's data. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new TypeError('the text is no JSON');
  }
}
