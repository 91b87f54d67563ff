import { hash } from 'node:crypto';

const LONGEST = 256;
const HASHED = '#';

/**
 * The key itself, or `#` and its SHA-256 where it is longer than 256 characters. A key that starts with `#` is always
 * hashed: otherwise a short key could be chosen that equals the hash of another.
 */
export function boundedKey(key: string): string {
  if (key.length <= LONGEST && !key.startsWith(HASHED)) return key;
  // Not UTF-8: it cannot express half a surrogate pair, and different texts would have one hash.
  return HASHED + hash('sha256', Buffer.from(key, 'utf16le'));
}

/** `namespace@version:`. Both are escaped, so that no two pairs give the same prefix. */
export function keyPrefix(namespace: string, version: string): string {
  return `${namespace.replace(/[%@]/g, encodeURIComponent)}@${version.replace(/[%@:]/g, encodeURIComponent)}:`;
}
