/** Finds installed packages by reading their files. No package is loaded. */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface InstalledPackage {
  /** The real path of its folder, without links. */
  readonly folder: string;
  readonly version: string;
}

/** The copy of the package `name` that Node.js loads for a program in `folder`. */
export async function findPackage(folder: string, name: string): Promise<InstalledPackage | undefined> {
  for (let current = folder; ; current = dirname(current)) {
    const copy = await readPackage(join(current, 'node_modules', name));
    if (copy !== undefined || current === dirname(current)) return copy;
  }
}

/**
 * All copies of the packages `names`, by name. They are searched in the `node_modules` of `folder`, or of the nearest
 * parent folder that has one, and in every `node_modules` below it.
 */
export async function findCopies(
  folder: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, InstalledPackage[]>> {
  const found = new Map(names.map((name) => [name, new Map<string, InstalledPackage>()]));
  const visited = new Set<string>();

  async function walk(modules: string): Promise<void> {
    const real = await realpath(modules).catch(() => undefined);
    if (real === undefined || visited.has(real)) return;
    visited.add(real);
    for (const [name, copies] of found) {
      const copy = await readPackage(join(real, name));
      if (copy !== undefined) copies.set(copy.folder, copy);
    }
    for (const entry of await entries(real)) {
      // pnpm has one folder for each package in `.pnpm`, each with its own `node_modules`.
      if (entry === '.pnpm')
        for (const store of await entries(join(real, entry))) await walk(join(real, entry, store, 'node_modules'));
      else if (entry.startsWith('@'))
        for (const scoped of await entries(join(real, entry))) await walk(join(real, entry, scoped, 'node_modules'));
      else if (!entry.startsWith('.')) await walk(join(real, entry, 'node_modules'));
    }
  }

  for (let current = folder; ; current = dirname(current)) {
    const modules = join(current, 'node_modules');
    if ((await entries(modules)).length > 0) {
      await walk(modules);
      break;
    }
    if (current === dirname(current)) break;
  }
  return new Map([...found].map(([name, copies]) => [name, [...copies.values()]]));
}

async function readPackage(folder: string): Promise<InstalledPackage | undefined> {
  try {
    const real = await realpath(folder);
    const { version } = JSON.parse(await readFile(join(real, 'package.json'), 'utf8')) as { version?: string };
    return version === undefined ? undefined : { folder: real, version };
  } catch {
    return undefined;
  }
}

const entries = (folder: string) => readdir(folder).catch(() => []);
