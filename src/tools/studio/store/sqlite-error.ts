/** What an error of SQLite means for who keeps data: the drivers name the same error differently. */
import { messageOf } from '../../../platform/message-of.ts';
import { readProperty } from '../../../platform/read-property.ts';

export type Failure = 'full' | 'damaged' | 'locked' | 'forbidden' | 'other';

/** Result codes of SQLite, and their low bytes. */
const FAILURE: Readonly<Record<number, Failure>> = {
  3: 'forbidden',
  5: 'locked',
  6: 'locked',
  8: 'forbidden',
  11: 'damaged',
  13: 'full',
  14: 'forbidden',
  26: 'damaged',
  // No room for the index of the log.
  4874: 'full',
};
/** Some errors have a text only, and an error in reading or writing can have any cause. */
const TEXTS: readonly (readonly [RegExp, Failure])[] = [
  [/ENOSPC|EDQUOT|no space left|disk is full|quota/i, 'full'],
  [/EACCES|EPERM|EROFS|ENOTDIR|EISDIR|read-?only|unable to open/i, 'forbidden'],
  [/malformed|not a database|corrupt|vtable constructor|no such table/i, 'damaged'],
];

export function failureOf(error: unknown): Failure {
  const code = Number(readProperty(error, 'errcode') ?? readProperty(error, 'rawCode'));
  const byCode = FAILURE[code] ?? FAILURE[code & 0xff];
  if (byCode !== undefined) return byCode;
  const text = `${String(readProperty(error, 'code'))} ${messageOf(error)}`;
  return TEXTS.find(([pattern]) => pattern.test(text))?.[1] ?? 'other';
}
