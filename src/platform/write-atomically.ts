import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** New content that waits beside its file. */
export interface StagedFile {
  /** Puts the content in place of the file. */
  commit(): Promise<void>;
  /** Removes it, unless it was committed. */
  discard(): Promise<void>;
}

/**
 * Writes the whole new content of a file beside the file, so that a full disk is found before anything has changed. If
 * the file exists, the content gets its permissions and its owner; if it is a link, the file that it leads to is meant.
 *
 * @throws Error of the file system, and when the path is of something else than a file
 */
export async function stageFile(path: string, text: string): Promise<StagedFile> {
  const target = await realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    const isLink = (await lstat(path).catch(() => undefined)) !== undefined;
    if (isLink) throw new Error(`${path} is a link that leads to no file: nothing was written`);
    return path;
  });
  const existing = await stat(target).catch(() => undefined);
  if (existing !== undefined && !existing.isFile()) throw new Error(`${path} is not a file: nothing was written`);
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`);
  const discard = () => rm(temporary, { force: true });
  try {
    // Only the owner may read the content until the new file has the permissions of the file that it replaces.
    const file = await open(temporary, 'wx', existing === undefined ? 0o666 : 0o600);
    try {
      if (existing !== undefined) await takeOver(file, existing);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await discard();
    throw error;
  }
  return { commit: () => rename(temporary, target), discard };
}

/** Gives a file the owner and the permissions of another one. */
async function takeOver(file: FileHandle, { mode, uid, gid }: { mode: number; uid: number; gid: number }) {
  // Only root can give a file away. For others it stays their own.
  await file.chown(uid, gid).catch(() => {});
  await file.chmod(mode & 0o777);
}

/** Writes a file atomically: a reader, also after a crash, finds the whole old content or the whole new content. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const staged = await stageFile(path, text);
  try {
    await staged.commit();
  } catch (error) {
    await staged.discard();
    throw error;
  }
}
