/**
 * Tokens of a text that no provider has counted: one for 4 bytes of UTF-8, rounded up. English has about 4 letters to a
 * token, and scripts with fewer letters to a token have more bytes to a letter.
 */
import type { Picked } from './pick.ts';

const BYTES_PER_TOKEN = 4;
/** What a picture or a file costs about, whatever its size. */
const FILE_TOKENS = 1_000;

export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** The input tokens of a request, by the size of its prompt; the names and brackets in it stand for what a message adds. */
export function estimatedInput(body: string, { lengths }: Picked): number {
  let characters = 0;
  for (const length of lengths.values()) characters += length;
  if (characters === 0) return 0;
  const bytesPerCharacter = Buffer.byteLength(body) / body.length;
  let files = 0;
  let fileCharacters = 0;
  for (let at = body.indexOf(';base64,'); at >= 0; at = body.indexOf(';base64,', at + 1)) {
    const end = body.indexOf('"', at);
    fileCharacters += (end < 0 ? body.length : end) - at;
    files += 1;
  }
  const text = Math.max(0, characters - fileCharacters) * bytesPerCharacter;
  return estimatedTokens(text) + files * FILE_TOKENS;
}
