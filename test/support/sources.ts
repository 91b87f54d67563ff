/** Reads files of the checkout as text. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface TextFile {
  /** The path relative to the checkout, with slashes. */
  readonly path: string;
  readonly content: string;
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The files of a folder and of all folders in it, in the order of their paths; an empty list when it does not exist. */
export function filesUnder(folder: string, ending: RegExp): TextFile[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).split(sep).join('/'))
    .sort()
    .map((path) => ({ path, content: readText(path) }));
}
