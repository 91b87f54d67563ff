import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const POLL_MS = 100;
/** No set-up takes this long: its holder is gone and another program has its number now. */
const STALE_MS = 15 * 60_000;
/** Between making the lock and signing it passes less than this. */
const UNSIGNED_MS = 5_000;

/** Where the lock of a checkout lies; every user has his own. */
export function lockOf(root) {
  const key = createHash('sha256').update(`${process.getuid?.()} ${root}`).digest('hex');
  return join(tmpdir(), `tta-setup-${key.slice(0, 16)}`);
}

/** Runs `work` while no other process runs one for the same checkout. The lock lies outside: set-up deletes folders in it. */
export async function withLock(root, work) {
  const lock = lockOf(root);
  const owner = join(lock, 'pid');
  let told = false;
  while (!take(lock)) {
    const holder = holderOf(lock, owner);
    if (holder === undefined) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!told) console.error(`setup: waiting for the one that is running already (process ${holder}) …`);
    told = true;
    await setTimeout(POLL_MS);
  }
  try {
    writeFileSync(owner, String(process.pid));
    await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that holds the lock; `undefined` when it has died without giving it back. */
function holderOf(lock, owner) {
  try {
    const age = Date.now() - statSync(lock).mtimeMs;
    const pid = Number(read(owner));
    if (pid === 0) return age < UNSIGNED_MS ? 'just started' : undefined;
    process.kill(pid, 0);
    return age < STALE_MS ? pid : undefined;
  } catch {
    return undefined;
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
