/** The header `Authorization` for a token. Its characters stand for the bytes of the token in UTF-8, as other clients send it. */
export function bearer(token: string): string {
  return `Bearer ${Buffer.from(token).toString('latin1')}`;
}
