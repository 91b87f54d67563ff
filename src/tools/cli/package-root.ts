import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package, wherever its compiled files lie in it. */
export const packageRoot: string = findUp(dirname(fileURLToPath(import.meta.url)));

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
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

/** Where the user stands: `npm start` moves its script to the package and tells where it was called. */
export function userFolder(cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  const moved = env.npm_lifecycle_event === 'start' && cwd === packageRoot;
  return moved ? env.INIT_CWD || cwd : cwd;
}
