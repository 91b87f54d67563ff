import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, isAbsolute, join, relative, sep } from 'node:path';
import { printable, whyNot } from './remarks.ts';

export const EXTENSIONS = ['.md', '.markdown', '.txt'];
const SKIPPED_FOLDERS = ['node_modules', 'dist'];

export interface Found {
  /** Absolute paths, in the order in which they were met. */
  readonly paths: readonly string[];
  readonly remarks: readonly string[];
}

/**
 * Finds the text files in a folder (a real path) and below. Links wait until everything that is really there has been met, and
 * are followed only to what lies inside and was not met itself: what lies outside is not what the caller named, and
 * what is read may be sent to a model.
 */
export async function findTexts(root: string, signal: AbortSignal): Promise<Found> {
  const paths: string[] = [];
  const remarks: string[] = [];
  const links: string[] = [];
  const seen = new Set<string>();

  async function walk(folder: string): Promise<void> {
    signal.throwIfAborted();
    seen.add(folder);
    const entries = await readdir(folder, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (entry.name.startsWith('.') || SKIPPED_FOLDERS.includes(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isSymbolicLink()) links.push(path);
      else if (entry.isDirectory()) await walk(path).catch((error: unknown) => leaveOut(path, error));
      else if (isText(path) && entry.isFile()) take(path, path);
      else if (isText(path)) remark(path, 'is a pipe, a socket or a device, not a file');
    }
  }

  async function follow(link: string): Promise<void> {
    const target = await realpath(link);
    const info = await stat(target);
    if (!info.isDirectory() && !isText(link)) return;
    if (!isInside(root, target)) remark(link, `is a link to ${printable(target)}, which is outside of the folder`);
    else if (seen.has(target)) remark(link, `is a link to ${nameIn(root, target)}, which is read anyway`);
    else if (info.isDirectory()) await walk(target);
    else if (info.isFile()) take(link, target);
    else remark(link, 'is a link to a pipe, a socket or a device');
  }

  function take(path: string, target: string): void {
    seen.add(target);
    paths.push(path);
  }

  function remark(path: string, reason: string): void {
    remarks.push(`${nameIn(root, path)} ${reason}`);
  }

  function leaveOut(path: string, error: unknown): void {
    signal.throwIfAborted();
    remark(path, whyNot(error));
  }

  await walk(root);
  for (const link of links) await follow(link).catch((error: unknown) => leaveOut(link, error));
  return { paths, remarks };
}

/** Whether a real path is a folder's own or lies below it. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** How a path is called in remarks and in the digest. */
export function nameIn(root: string, path: string): string {
  return printable(relative(root, path).split(sep).join('/') || basename(root));
}

function isText(path: string): boolean {
  return EXTENSIONS.includes(extname(path).toLowerCase());
}
