/** A file with the endpoints of workers, from which Prometheus discovers them (`file_sd_configs`). */
import { access, constants, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, extname } from 'node:path';
import { writeAtomically } from '../../platform/write-atomically.ts';

export interface TargetsFile {
  /** Writes the endpoints of the workers that have one, by their URLs. */
  write(urls: readonly string[]): Promise<void>;
  remove(): Promise<void>;
}

const EXTENSIONS = ['.json', '.yml', '.yaml'];

/**
 * @param isOpen whether the workers listen on all addresses: then other machines reach them by the name of this one
 * @throws Error when Prometheus would not read a file with this name, when no file can be made there, or when there is a file
 * that is no such list
 */
export async function openTargetsFile(path: string, isOpen: boolean): Promise<TargetsFile> {
  if (!EXTENSIONS.includes(extname(path)))
    throw new Error(`Prometheus reads no targets from ${path}: its name must end with ${EXTENSIONS.join(', ')}`);
  const folder = dirname(path);
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such folder' : 'files cannot be made there';
    throw new Error(`the targets cannot be written to ${folder}: ${why}`);
  });
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  if (text !== undefined && !isOurs(text))
    throw new Error(`${path} is not a list of workers: it was not changed. Name another file`);
  return {
    async write(urls) {
      const targets = urls.map((url) => targetOf(new URL(url), isOpen));
      // JSON is YAML too.
      await writeAtomically(path, `${JSON.stringify(targets.length === 0 ? [] : [{ targets }], undefined, 2)}\n`);
    },
    remove: () => rm(path, { force: true }),
  };
}

function isOurs(text: string): boolean {
  try {
    const groups: unknown = JSON.parse(text);
    return Array.isArray(groups) && groups.every((group) => Object.keys(group).join() === 'targets');
  } catch {
    return false;
  }
}

function targetOf({ hostname: address, port }: URL, isOpen: boolean): string {
  return `${isOpen ? hostname() : address}:${port === '' ? 80 : port}`;
}
