import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExportedFile } from './files.ts';

export interface Written {
  readonly path: string;
  /** `same`: it was there already as it would have been written. */
  readonly what: 'written' | 'updated' | 'overwritten' | 'same';
}

/** What we wrote last: by that a file of an older release is told from one that somebody has changed. */
const RECORD = '.tta-export.json';

/**
 * Writes all files or none.
 *
 * @throws Error unless `force`, where somebody has changed or made one of them
 */
export async function writeFiles(folder: string, files: readonly ExportedFile[], force: boolean): Promise<Written[]> {
  const record = await readRecord(folder);
  const plan = await Promise.all(
    files.map(async ({ path, text }) => {
      const there = await readFile(join(folder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      if (there === undefined) return { path, text, what: 'written' as const };
      if (there === text) return { path, text, what: 'same' as const };
      return { path, text, what: record[path] === hashOf(there) ? ('updated' as const) : ('overwritten' as const) };
    }),
  );
  const changed = plan.filter(({ what }) => what === 'overwritten');
  if (changed.length > 0 && !force) throw refusal(changed.map(({ path }) => join(folder, path)));
  for (const { path, text, what } of plan) {
    record[path] = hashOf(text);
    if (what === 'same') continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await writeFile(join(folder, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
  return plan.map(({ path, what }) => ({ path, what }));
}

function refusal(paths: readonly string[]): Error {
  return new Error(
    `nothing was written: ${paths.join(', ')} ${paths.length === 1 ? 'has' : 'have'} been changed or made by somebody. ` +
      'Give --to another folder and compare, or --force to overwrite',
  );
}

async function readRecord(folder: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(join(folder, RECORD), 'utf8')) as Record<string, string>;
  } catch {
    // Without one every file that differs counts as changed by somebody.
    return {};
  }
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
