import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findDriver } from './drivers.ts';
import { own } from './owner.ts';
import { DATABASE, LOCK } from './state-folder.ts';

/**
 * Deletes all that Studio keeps in a folder: its files, also those that were set aside, and the folder once it is empty.
 *
 * @returns how many files were deleted
 * @throws Error when a Studio has them open, and of the file system
 */
export async function forget(folder: string): Promise<number> {
  if (!existsSync(folder)) return 0;
  const ours = () => readdirSync(folder).filter((name) => name.startsWith(DATABASE) || name.startsWith(LOCK));
  const found = ours();
  // Without a driver no Studio of this Node.js can have them open.
  const driver = found.length > 0 ? await findDriver().catch(() => undefined) : undefined;
  const owner = driver === undefined ? undefined : own(driver, join(folder, LOCK), process.pid);
  if (owner !== undefined && 'process' in owner) {
    const which = owner.process === 0 ? 'a Studio' : `the Studio of process ${owner.process}`;
    throw new Error(`${which} has ${folder} open: end it, and try again`);
  }
  try {
    for (const name of ours().filter((each) => each !== LOCK)) rmSync(join(folder, name), { force: true });
  } finally {
    // Windows deletes no file that is open, so the lock goes last.
    owner?.release();
    rmSync(join(folder, LOCK), { force: true });
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
  return found.length;
}
