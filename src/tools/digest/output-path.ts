import { access, constants, lstat, mkdtemp, realpath, stat } from 'node:fs/promises';
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

/** Links of a process to its own open files, such as /dev/stdout: the process would keep the file that is replaced. */
const NO_FILES = /^\/(?:dev(?!\/shm\/)|proc)\//;

/**
 * Decides which file the digest is written to, before any work is done. The file is never inside the folder that is
 * read, because the next run would then digest its own digest. Without `out` the file is `digest.md` in the current
 * folder, or in a new temporary folder when the current folder is the folder that is read, or is inside that folder.
 *
 * @returns an absolute path without links
 * @throws OutputPathError when `out` is inside the folder that is read, is not a file, leads by a link to no file, or is
 *   not writable, or its parent folder does not exist or is not writable
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
  const named = join(parent, basename(path));
  const noFile = () => new OutputPathError(`--out ${out} is not a file: name a file to write`);
  if (NO_FILES.test(path) || NO_FILES.test(named)) throw noFile();
  const exists = (await lstat(named).catch(() => undefined)) !== undefined;
  const target = exists
    ? await realpath(named).catch((error: unknown) => {
        throw new OutputPathError(`--out ${out} is a link to a file that ${skipReason(error)}`, { cause: error });
      })
    : named;
  if (isInside(source, dirname(target)) || isInside(source, parent)) {
    throw new OutputPathError(
      `--out ${out} is inside ${folder}, the folder that is read: the next run would digest its own digest`,
    );
  }
  if (exists && !(await stat(target)).isFile()) throw noFile();
  await requireWritable(dirname(target));
  if (exists) {
    await access(target, constants.W_OK).catch((cause: unknown) => {
      throw new OutputPathError(`--out ${out} is not writable: name another file`, { cause });
    });
  }
  return target;
}

async function requireWritable(folder: string): Promise<void> {
  if (!(await stat(folder)).isDirectory())
    throw new OutputPathError(`${folder} is not a folder: nothing can be written into it`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new OutputPathError(`${folder} is not writable: name another file with --out FILE`, { cause });
  });
}
