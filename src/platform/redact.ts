import { copyText } from './copy-text.ts';
import { GROUPS } from './secret-shapes.ts';

/** The longest text that is kept if nothing else is said, in characters. */
const MAX_LENGTH = 2_048;
/** How much of a text is searched. The rest is never shown, so that a text of any length costs the same. */
const SEARCHED = 8_192;
/** A credential that the end of the searched part cuts may not be recognised: this much before that end is not shown. */
const MARGIN = 1_024;

/** `text` without what looks like a credential. */
export function hideSecrets(text: string): string {
  let safe = text;
  for (const { needs, shapes } of GROUPS) {
    if (!needs.test(safe)) continue;
    for (const [pattern, replacement] of shapes) safe = safe.replace(pattern, replacement as never);
  }
  return safe;
}

/**
 * At most `maxLength` characters of `text`, without what looks like a credential. Texts of errors can contain secrets: a
 * provider's 401 quotes the key that it refused, a client's error quotes the URL with its password.
 */
export function redact(text: string, maxLength: number = MAX_LENGTH): string {
  const safe = hideSecrets(text.slice(0, SEARCHED));
  const longest = text.length > SEARCHED ? Math.min(maxLength, Math.max(0, safe.length - MARGIN)) : maxLength;
  // A part of a text keeps the whole text in memory: what is returned is a copy.
  return copyText(safe.length > longest ? `${safe.slice(0, longest)}…` : safe);
}
