import { access, constants, mkdtemp, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isInside } from './find.ts';
import { whyNot } from './remarks.ts';

/** The place where a digest should go is no place for one. */
export class PlaceError extends Error {
  override readonly name = 'PlaceError';
}

export interface Places {
  /** The folder that is read. */
  readonly folder: string;
  /** Where the user stands. */
  readonly cwd: string;
  /** Where the digest shall go, if the user said. */
  readonly out?: string | undefined;
}

/**
 * Decides where the digest goes, before any work is done: never into the folder that is read, which would digest its own
 * digest next time. Without `out` it is `digest.md` in the current folder, or in a fresh one where that lies inside.
 *
 * @throws PlaceError when `out` lies inside the folder that is read, its own folder is missing, or it is a folder
 */
export async function choosePlace({ folder, cwd, out }: Places): Promise<string> {
  const read = await realpath(folder).catch(() => resolve(folder));
  if (out === undefined) {
    const here = await realpath(cwd);
    if (isInside(read, here)) return join(await mkdtemp(join(tmpdir(), 'tta-digest-')), 'digest.md');
    await requireWritable(here);
    return join(here, 'digest.md');
  }
  const path = resolve(cwd, out);
  const parent = await realpath(dirname(path)).catch((error: unknown) => {
    throw new PlaceError(`--out ${out}: the folder ${dirname(path)} ${whyNot(error)}`, { cause: error });
  });
  if (isInside(read, parent)) {
    throw new PlaceError(
      `--out ${out} lies inside ${folder}, the folder that is read: the next run would digest its own digest`,
    );
  }
  const there = await stat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile()) throw new PlaceError(`--out ${out} is not a file: name a file to write`);
  await requireWritable(parent);
  return join(parent, basename(path));
}

async function requireWritable(folder: string): Promise<void> {
  if (!(await stat(folder)).isDirectory())
    throw new PlaceError(`${folder} is not a folder: nothing can be written into it`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new PlaceError(`${folder} may not be written to: name another place with --out FILE`, { cause });
  });
}
