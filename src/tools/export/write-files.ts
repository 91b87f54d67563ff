import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type StagedFile, stageFile } from '../../platform/write-atomically.ts';
import type { ExportedFile } from './files.ts';

export interface WrittenFile {
  readonly path: string;
  /**
   * `updated`: replaced a file that we wrote. `overwritten`: replaced a file of the user. `same`: nothing to change.
   * `kept`: the user has changed it, and we have nothing new for it.
   */
  readonly status: 'written' | 'updated' | 'overwritten' | 'same' | 'kept';
}

/** What becomes of a file that the user has changed or made, and for which we have something new. */
export type OwnFiles = 'refuse' | 'keep' | 'overwrite';

/** The hashes of the texts that we had for the files. A file with another hash was changed or made by the user. */
const MANIFEST = '.tta-export.json';

/**
 * Writes all files or none. A file that the user has changed stays as it is while we have nothing new for it.
 *
 * @param own `keep`: writes what is new beside the user's file, as `FILE.new`; `overwrite`: also where nothing is new
 * @throws Error with `refuse`, when there is something new for a file of the user; nothing is written then
 */
export async function writeFiles(
  folder: string,
  files: readonly ExportedFile[],
  own: OwnFiles,
): Promise<WrittenFile[]> {
  const manifest = await readManifest(folder);
  const plan = await Promise.all(
    files.map(async ({ path, text }) => {
      const existing = await readFile(join(folder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (existing === undefined) return { path, text, status: 'written' as const };
      if (existing === text) return { path, text, status: 'same' as const };
      if (manifest[path] === sha256(existing)) return { path, text, status: 'updated' as const };
      if (own !== 'overwrite' && manifest[path] === sha256(text)) return { path, text, status: 'kept' as const };
      return { path, text, status: 'overwritten' as const };
    }),
  );
  const changed = plan.filter(({ status }) => status === 'overwritten');
  if (changed.length > 0 && own === 'refuse') throw overwriteError(changed.map(({ path }) => join(folder, path)));
  for (const { path, text } of plan) manifest[path] = sha256(text);
  const hashes = { path: MANIFEST, text: `${JSON.stringify(manifest, undefined, 2)}\n` };
  const result = plan.map((file) =>
    own === 'keep' && file.status === 'overwritten'
      ? { ...file, path: `${file.path}.new`, status: 'written' as const }
      : file,
  );
  await replaceAll(folder, [...result.filter(({ status }) => status !== 'same' && status !== 'kept'), hashes]);
  return result.map(({ path, status }) => ({ path, status }));
}

/** Writes all new contents before it replaces the first file: on a full disk no file changes. */
async function replaceAll(folder: string, files: readonly ExportedFile[]): Promise<void> {
  const staged: StagedFile[] = [];
  let replaced = 0;
  try {
    for (const { path, text } of files) {
      await makeFolder(dirname(join(folder, path)));
      staged.push(await stageFile(join(folder, path), text));
    }
    for (const file of staged) {
      await file.commit();
      replaced += 1;
    }
  } catch (cause) {
    await Promise.all(staged.map((file) => file.discard()));
    const what = replaced === 0 ? 'nothing was written' : `only ${replaced} of ${files.length} files were written`;
    throw new Error(`${what}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Makes a folder and those above it. `mkdir` with `recursive` never ends where the system says of a new folder that it
 * does not exist, as below /proc.
 */
async function makeFolder(folder: string): Promise<void> {
  if ((await stat(folder).catch(() => undefined))?.isDirectory()) return;
  if (dirname(folder) !== folder) await makeFolder(dirname(folder));
  await mkdir(folder).catch((error: NodeJS.ErrnoException) => {
    // Another export may make the same folder at the same time.
    if (error.code !== 'EEXIST') throw error;
  });
}

function overwriteError(paths: readonly string[]): Error {
  return new Error(
    `nothing was written: ${paths.join(', ')} ${paths.length === 1 ? 'was' : 'were'} not written by tta export, or changed since. ` +
      'Keep them with --keep, which writes what is new beside them, or overwrite them with --force',
  );
}

async function readManifest(folder: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(join(folder, MANIFEST), 'utf8')) as Record<string, string>;
  } catch {
    // Without hashes, every file that differs counts as changed by the user.
    return {};
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
