import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExportedFile } from './files.ts';

export interface WrittenFile {
  readonly path: string;
  /** `updated`: replaced a file that we wrote. `overwritten`: replaced a file of the user. `same`: nothing to change. */
  readonly status: 'written' | 'updated' | 'overwritten' | 'same';
}

/** The hashes of the files that we wrote. A file with another hash was changed or made by the user. */
const MANIFEST = '.tta-export.json';

/**
 * Writes all files or none.
 *
 * @param force whether to overwrite files that the user has changed or made
 * @throws Error without `force`, when the user has changed or made one of the files; nothing is written then
 */
export async function writeFiles(
  folder: string,
  files: readonly ExportedFile[],
  force: boolean,
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
      return {
        path,
        text,
        status: manifest[path] === sha256(existing) ? ('updated' as const) : ('overwritten' as const),
      };
    }),
  );
  const changed = plan.filter(({ status }) => status === 'overwritten');
  if (changed.length > 0 && !force) throw overwriteError(changed.map(({ path }) => join(folder, path)));
  for (const { path, text, status } of plan) {
    manifest[path] = sha256(text);
    if (status === 'same') continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await writeFile(join(folder, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return plan.map(({ path, status }) => ({ path, status }));
}

function overwriteError(paths: readonly string[]): Error {
  return new Error(
    `nothing was written: ${paths.join(', ')} ${paths.length === 1 ? 'was' : 'were'} not written by tta export, or changed since. ` +
      'Name another folder with --to and compare, or overwrite with --force',
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
