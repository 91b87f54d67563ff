/** A file that is skipped because of what it contains. The message follows the name of the file: "is empty". */
export class SkippedFileError extends Error {
  override readonly name = 'SkippedFileError';
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist (any more)',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  ELOOP: 'is a link that leads back to itself',
  ENOTDIR: 'is below something that is not a folder',
  ENAMETOOLONG: 'has a name that is too long',
  EMFILE: 'cannot be opened: too many files are open',
};

/** Why a file or folder cannot be read, in words that follow its name. */
export function skipReason(error: unknown): string {
  if (error instanceof SkippedFileError) return error.message;
  const { code, message, path } = (error ?? {}) as { code?: unknown; message?: unknown; path?: unknown };
  // Node.js gives a name that is not UTF-8 with this character in place of its bytes, and then finds no such file.
  if (code === 'ENOENT' && String(path).includes('\uFFFD')) return 'has a name that is not UTF-8: rename it';
  return REASONS[String(code)] ?? `cannot be read: ${message ?? error}`;
}
