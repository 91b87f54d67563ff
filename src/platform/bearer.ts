/**
 * The header `Authorization` for a token. Its characters stand for the bytes of the token in UTF-8, as other clients send it.
 *
 * @throws RangeError when the token has a line break or another control character. The error does not quote it, as that of
 *   `fetch` would.
 */
export function bearer(token: string): string {
  if (/\p{Cc}/u.test(token)) throw new RangeError('The token has a line break, or another control character');
  return `Bearer ${Buffer.from(token).toString('latin1')}`;
}
