/** One user's project: what it has, how our package is added to it, and what its program prints and sends. */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { run as execute, type Result } from '../project.ts';
import { type NodeLine, NPM_CLI } from './node-lines.ts';

export interface Kind {
  /** What the project has, as the README's table names it. */
  readonly have: string;
  /** The lines of Node.js on which it runs, because its packages do. @default both */
  readonly lines?: readonly string[];
  /** The packages that the project has before ours comes. */
  readonly packages: readonly string[];
  /** Programs that belong to the machine, not to the project, such as another package manager: packages of npm. */
  readonly machine?: readonly string[];
  /** The command that adds packages. @default npm install */
  readonly add?: readonly string[];
  /** The packages that come with ours. @default those of the README's installation that the project does not have */
  readonly added?: readonly string[];
  readonly packageJson?: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, string>>;
  /** The commands, one after the other: programs of the project's `node_modules/.bin`, or `node`. */
  readonly commands: readonly (readonly string[])[];
  readonly env?: Readonly<Record<string, string>>;
  /** What can be seen from outside. @default 'both' */
  readonly seen?: 'spans' | 'series' | 'both';
}

export interface Place {
  readonly folder: string;
  /** Runs a command with the project's programs and its line of Node.js. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<Result>;
  /** Adds packages to the project with its package manager. */
  add(...packages: string[]): Promise<void>;
  remove(): Promise<void>;
}

export async function createPlace(kind: Kind, line: NodeLine): Promise<Place> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'tta-beside-')));
  const folder = join(root, 'project');
  const machine = join(root, 'machine');
  const all = {
    'package.json': JSON.stringify({ name: 'a-users-project', private: true, type: 'module', ...kind.packageJson }),
    ...kind.files,
  };
  for (const [path, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await mkdir(machine);
  const programs = [folder, machine].map((place) => join(place, 'node_modules/.bin'));
  const path = [...programs, line.folder, process.env.PATH].join(delimiter);
  const run = ([command = '', ...args]: readonly string[], env = {}) =>
    execute(command, args, folder, { PATH: path, ...env });
  const mustRun = async (...command: string[]) => {
    const { code, stdout, stderr } = await run(command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  };
  const npm = ['node', NPM_CLI, 'install', '--no-audit', '--no-fund'];
  if (kind.machine !== undefined) await mustRun(...npm, '--prefix', machine, ...kind.machine);
  const add = kind.add ?? npm;
  return {
    folder,
    run,
    add: (...packages) => mustRun(...add, ...packages),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
