import { hash } from 'node:crypto';

const LONGEST = 256;
const HASHED = '#';

/**
 * The key itself, or `#` and its SHA-256 where it is longer than 256 characters. What starts with `#` is hashed
 * however short it is: no input can be chosen so that it meets the hash of another.
 */
export function boundedKey(key: string): string {
  if (key.length <= LONGEST && !key.startsWith(HASHED)) return key;
  // UTF-8 has no room for half a surrogate pair: different texts would become one.
  return HASHED + hash('sha256', Buffer.from(key, 'utf16le'));
}

/** `namespace@version:`, written so that no two pairs give the same. */
export function keyPrefix(namespace: string, version: string): string {
  return `${namespace.replace(/[%@]/g, encodeURIComponent)}@${version.replace(/[%@:]/g, encodeURIComponent)}:`;
}
