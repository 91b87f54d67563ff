/** What stands in `node_modules`, as files tell it: nothing is loaded. */
import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface Copy {
  readonly folder: string;
  readonly version: string;
}

/** The copy of `name` that a program in `folder` gets. */
export async function findPackage(folder: string, name: string): Promise<Copy | undefined> {
  for (let here = folder; ; here = dirname(here)) {
    const copy = await copyAt(join(here, 'node_modules', name));
    if (copy !== undefined || here === dirname(here)) return copy;
  }
}

/** All copies of `names` below the `node_modules` of `folder` or of the nearest folder above that has one. */
export async function findCopies(folder: string, names: readonly string[]): Promise<ReadonlyMap<string, Copy[]>> {
  const found = new Map(names.map((name) => [name, new Map<string, Copy>()]));
  const seen = new Set<string>();

  async function walk(modules: string): Promise<void> {
    const real = await realpath(modules).catch(() => undefined);
    if (real === undefined || seen.has(real)) return;
    seen.add(real);
    for (const [name, copies] of found) {
      const copy = await copyAt(join(real, name));
      if (copy !== undefined) copies.set(copy.folder, copy);
    }
    for (const entry of await entries(real)) {
      // pnpm keeps every package in a folder of its own there.
      if (entry === '.pnpm')
        for (const store of await entries(join(real, entry))) await walk(join(real, entry, store, 'node_modules'));
      else if (entry.startsWith('@'))
        for (const part of await entries(join(real, entry))) await walk(join(real, entry, part, 'node_modules'));
      else if (!entry.startsWith('.')) await walk(join(real, entry, 'node_modules'));
    }
  }

  for (let here = folder; ; here = dirname(here)) {
    const modules = join(here, 'node_modules');
    if ((await entries(modules)).length > 0) {
      await walk(modules);
      break;
    }
    if (here === dirname(here)) break;
  }
  return new Map([...found].map(([name, copies]) => [name, [...copies.values()]]));
}

async function copyAt(folder: string): Promise<Copy | undefined> {
  try {
    const real = await realpath(folder);
    const { version } = JSON.parse(await readFile(join(real, 'package.json'), 'utf8')) as { version?: string };
    return version === undefined ? undefined : { folder: real, version };
  } catch {
    return undefined;
  }
}

const entries = (folder: string) => readdir(folder).catch(() => []);
