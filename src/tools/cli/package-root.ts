import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: the nearest parent folder with a package.json. */
export const packageRoot: string = findUp(dirname(fileURLToPath(import.meta.url)));

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

export function packageManifest(): Manifest {
  return JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Manifest;
}

function findUp(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`no package.json above ${fileURLToPath(import.meta.url)}`);
  return findUp(parent);
}

/** The current folder of the user. `npm start` changes it to the package and puts the user's folder into INIT_CWD. */
export function userFolder(cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  const changedByNpm = env.npm_lifecycle_event === 'start' && cwd === packageRoot;
  return changedByNpm ? env.INIT_CWD || cwd : cwd;
}
