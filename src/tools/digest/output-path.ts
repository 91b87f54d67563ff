import { access, constants, mkdtemp, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isInside } from './find-texts.ts';
import { skipReason } from './skip-reason.ts';

/** The digest cannot be written to the path that was given, or to the current folder. */
export class OutputPathError extends Error {
  override readonly name = 'OutputPathError';
}

export interface OutputPathOptions {
  /** The folder that is read. */
  readonly folder: string;
  /** The current folder of the user. */
  readonly cwd: string;
  /** The file that the user named for the digest. */
  readonly out?: string | undefined;
}

/**
 * Decides which file the digest is written to, before any work is done. The file is never inside the folder that is
 * read, because the next run would then digest its own digest. Without `out` the file is `digest.md` in the current
 * folder, or in a new temporary folder when the current folder is the folder that is read, or is inside that folder.
 *
 * @returns an absolute path
 * @throws OutputPathError when `out` is inside the folder that is read, is not a file, or its parent folder does not
 *   exist or is not writable
 */
export async function resolveOutputPath({ folder, cwd, out }: OutputPathOptions): Promise<string> {
  const source = await realpath(folder).catch(() => resolve(folder));
  if (out === undefined) {
    const current = await realpath(cwd);
    if (isInside(source, current)) return join(await mkdtemp(join(tmpdir(), 'tta-digest-')), 'digest.md');
    await requireWritable(current);
    return join(current, 'digest.md');
  }
  const path = resolve(cwd, out);
  const parent = await realpath(dirname(path)).catch((error: unknown) => {
    throw new OutputPathError(`--out ${out}: the folder ${dirname(path)} ${skipReason(error)}`, { cause: error });
  });
  if (isInside(source, parent)) {
    throw new OutputPathError(
      `--out ${out} is inside ${folder}, the folder that is read: the next run would digest its own digest`,
    );
  }
  const existing = await stat(path).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) {
    throw new OutputPathError(`--out ${out} is not a file: name a file to write`);
  }
  await requireWritable(parent);
  return join(parent, basename(path));
}

async function requireWritable(folder: string): Promise<void> {
  if (!(await stat(folder)).isDirectory())
    throw new OutputPathError(`${folder} is not a folder: nothing can be written into it`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new OutputPathError(`${folder} is not writable: name another file with --out FILE`, { cause });
  });
}
