/** The bearer token of the endpoint. */
import { createHash, timingSafeEqual } from 'node:crypto';

/**
 * Whether a request may read the metrics.
 *
 * @param authorization the header of the request, one character for each byte
 */
export function isAuthorized(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = /^bearer +(.*)$/is.exec(authorization ?? '')?.[1] ?? '';
  // Digests have one length: the time of the comparison says nothing about the token.
  return timingSafeEqual(digest(Buffer.from(given.trim(), 'latin1')), digest(Buffer.from(token)));
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
