/** Why something is left out of a digest, in the words that follow its name. */

/** Something about a file itself, said in the words that follow its name. */
export class LeftOut extends Error {
  override readonly name = 'LeftOut';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there (any more)',
  EACCES: 'may not be read: permission denied',
  EPERM: 'may not be read: permission denied',
  ELOOP: 'is a link that leads back to itself',
  ENOTDIR: 'lies below something that is not a folder',
  ENAMETOOLONG: 'has a name that is too long',
  EMFILE: 'cannot be opened: too many files are open',
};

export function whyNot(error: unknown): string {
  if (error instanceof LeftOut) return error.message;
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return REASONS[String(code)] ?? `cannot be read: ${message ?? error}`;
}

/** A name as one line of a terminal or of Markdown may show it. */
export function printable(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}

export function megabytes(bytes: number): string {
  return `${Number((bytes / 1_000_000).toPrecision(3))} MB`;
}
