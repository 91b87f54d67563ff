import { hash } from 'node:crypto';

const LONGEST = 256;
const HASHED = '#';

/**
 * The key itself, or `#` and its SHA-256 if it is longer than 256 characters. A key that starts with `#` is always
 * hashed: otherwise a short key could equal the hash of another key.
 */
export function boundedKey(key: string): string {
  if (key.length <= LONGEST && !key.startsWith(HASHED)) return key;
  // UTF-8 cannot express half a surrogate pair: different texts would have the same hash.
  return HASHED + hash('sha256', Buffer.from(key, 'utf16le'));
}
