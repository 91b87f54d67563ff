/** Texts from elsewhere, on a terminal: answers of servers, names of files, variables. */
import { stripVTControlCharacters } from 'node:util';
import { messageOf } from './message-of.ts';
import { readProperty } from './read-property.ts';
import { redact } from './redact.ts';

/** Control characters, and those that are invisible or turn the direction of what follows. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const QUERY = /(\b[a-z][a-z\d+.-]*:\/\/[^\s?#"'<>]*)\?(?:[^\s"'<>]*[^\s"'<>.,;:)\]])?/gi;
/** No text is searched beyond this: a server may send any amount. */
const MAX_LENGTH = 8_192;

/** Removes what a terminal would obey. Lines stay lines. */
export function withoutControls(text: string): string {
  return stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.replace(/\r$/, '').replaceAll('\t', ' ').replace(INVISIBLE, '\uFFFD'))
    .join('\n');
}

/**
 * One line of at most 2,048 characters that is safe to show: without credentials and queries of addresses, and without
 * line breaks, so that it cannot pretend to be a line of ours.
 */
export function foreignText(text: string): string {
  const line = withoutControls(text.slice(0, MAX_LENGTH).replaceAll(/\p{Cf}/gu, ''));
  return redact(line.replace(QUERY, '$1?…')).replace(/\s+/g, ' ').trim();
}

/** How many causes are shown. An error may be its own cause. */
const MOST_CAUSES = 4;

/** The message of anything that was thrown, with those of its causes, safe to show: `fetch failed` alone says nothing. */
export function foreignMessage(error: unknown): string {
  const messages: string[] = [];
  for (let each = error, n = 0; n <= MOST_CAUSES && (n === 0 || each !== undefined); n += 1) {
    const message = messageOf(each)
      .slice(0, MAX_LENGTH)
      .replace(/[.:\s]+$/, '');
    if (!messages.some((before) => before.includes(message))) messages.push(message);
    each = readProperty(each, 'cause');
  }
  return foreignText(messages.join(': '));
}
