import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, relative, sep } from 'node:path';
import { printable } from './format.ts';
import { skipReason } from './skip-reason.ts';

export const EXTENSIONS = ['.md', '.markdown', '.txt'];
const SKIPPED_FOLDERS = ['node_modules', 'dist'];

export interface FoundTexts {
  /** Absolute paths, in the order in which they were found. */
  readonly paths: readonly string[];
  /** One line for each file, folder or link that is not read: its name and the reason. */
  readonly skipped: readonly string[];
}

/**
 * Finds the text files in a folder and in the folders below it. Links are followed last, when all real files are
 * known: only to a target that is inside the folder and was not found already. A target outside is not followed,
 * because the user did not name it and the texts may be sent to a model.
 *
 * @param root a real path, without links
 */
export async function findTexts(root: string, signal: AbortSignal): Promise<FoundTexts> {
  const paths: string[] = [];
  const skipped: string[] = [];
  const links: string[] = [];
  const visited = new Set<string>();

  async function walk(folder: string): Promise<void> {
    signal.throwIfAborted();
    visited.add(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || SKIPPED_FOLDERS.includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isSymbolicLink()) links.push(path);
      else if (entry.isDirectory()) await walk(path).catch((error: unknown) => skipAfter(path, error));
      else if (isText(path) && entry.isFile()) add(path, path);
      else if (isText(path)) skip(path, 'is a pipe, a socket or a device, not a file');
    }
  }

  async function follow(link: string): Promise<void> {
    const target = await realpath(link);
    const info = await stat(target);
    if (!info.isDirectory() && !isText(link)) return;
    if (!isInside(root, target)) skip(link, `is a link to ${printable(target)}, which is outside of the folder`);
    else if (visited.has(target)) skip(link, `is a link to ${displayName(root, target)}, which is read anyway`);
    else if (info.isDirectory()) await walk(target);
    else if (info.isFile()) add(link, target);
    else skip(link, 'is a link to a pipe, a socket or a device');
  }

  function add(path: string, target: string): void {
    visited.add(target);
    paths.push(path);
  }

  function skip(path: string, reason: string): void {
    skipped.push(`${displayName(root, path)} ${reason}`);
  }

  function skipAfter(path: string, error: unknown): void {
    signal.throwIfAborted();
    skip(path, skipReason(error));
  }

  await walk(root);
  for (const link of links) await follow(link).catch((error: unknown) => skipAfter(link, error));
  return { paths, skipped };
}

/** Whether a real path is the folder itself or is below it. */
export function isInside(folder: string, path: string): boolean {
  const relativePath = relative(folder, path);
  return (
    relativePath === '' || (relativePath !== '..' && !relativePath.startsWith(`..${sep}`) && !isAbsolute(relativePath))
  );
}

/** The name of a path in messages and in the digest: relative to `root`, with slashes. */
export function displayName(root: string, path: string): string {
  return printable(relative(root, path).split(sep).join('/') || basename(root));
}

function isText(path: string): boolean {
  return EXTENSIONS.includes(extname(path).toLowerCase());
}
