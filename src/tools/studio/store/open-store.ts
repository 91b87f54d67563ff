import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../platform/clock.ts';
import { messageOf } from '../../../platform/message-of.ts';
import { installLine, PEERS } from '../../../platform/peers.ts';
import type { Database, Driver } from './database.ts';
import { findDriver } from './drivers.ts';
import { createLastingStore } from './lasting-store.ts';
import { createMemoryStore } from './memory-store.ts';
import { NewerSchema, openFile } from './open-file.ts';
import { own } from './owner.ts';
import { failureOf } from './sqlite-error.ts';
import { DATABASE, LOCK } from './state-folder.ts';
import type { StoreLimits, StudioStore } from './store.ts';

export interface StoreOptions {
  /** The folder of the database; it is created. `undefined`: in memory. */
  readonly folder?: string | undefined;
  readonly limits: StoreLimits;
  /** Milliseconds since the Unix epoch. @default the time */
  readonly now?: () => number;
}

export interface OpenedStore {
  readonly store: StudioStore;
  /** For tables of other rooms; `undefined` in memory. It is closed with the store. */
  readonly database: Database | undefined;
}

/** The smallest limit that leaves room for runs. */
const LEAST_BYTES = 1_000_000;
const MEMORY_BYTES = 64 * 1024 * 1024;

/**
 * Opens what Studio keeps. What cannot be opened is kept in memory, and the notes of the store say why.
 *
 * @throws RangeError when a limit is wrong
 */
export async function openStore({ folder, limits, now = systemClock.date }: StoreOptions): Promise<OpenedStore> {
  checkLimits(limits);
  const inMemory = (...notes: string[]): OpenedStore => {
    const memoryLimits = { ...limits, maxBytes: Math.min(limits.maxBytes, MEMORY_BYTES) };
    return { store: createMemoryStore(memoryLimits, { now, notes }), database: undefined };
  };
  if (folder === undefined) return inMemory();
  let driver: Driver | undefined;
  try {
    driver = await findDriver();
  } catch (error) {
    return inMemory(`Runs are kept in memory only: libsql does not work here (${messageOf(error)}).`);
  }
  if (driver === undefined) {
    const install = installLine({ libsql: PEERS.libsql.tested });
    return inMemory(`Runs are kept in memory only. To keep them on disk: ${install}, or Node.js 22.16 or newer.`);
  }
  const path = join(folder, DATABASE);
  try {
    makeFolder(folder);
    if (statSync(folder).mode & 0o077) chmodSync(folder, 0o700);
    const owner = own(driver, join(folder, LOCK), process.pid);
    if ('process' in owner) return inMemory(ownedBy(owner.process, path));
    try {
      const { database, ...file } = openFile(driver, path, limits, now);
      const store = createLastingStore({ ...file, path, limits, now });
      const close = () => {
        store.close();
        owner.release();
      };
      return { store: { ...store, close }, database };
    } catch (error) {
      owner.release();
      throw error;
    }
  } catch (error) {
    return inMemory(cannotOpen(error, path));
  }
}

/** Not `recursive`: that never ends where a folder cannot be made although its parent is there, as in /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function checkLimits({ maxBytes, retentionDays }: StoreLimits): void {
  if (!Number.isFinite(maxBytes) || maxBytes < LEAST_BYTES) {
    throw new RangeError(`openStore: maxBytes must be finite and ${LEAST_BYTES} or more, got ${maxBytes}`);
  }
  if (!Number.isFinite(retentionDays) || retentionDays <= 0) {
    throw new RangeError(`openStore: retentionDays must be finite and more than 0, got ${retentionDays}`);
  }
}

function ownedBy(processId: number, path: string): string {
  const other = processId === 0 ? 'Another Studio' : `Process ${processId} is another Studio that`;
  return `${other} keeps its runs in ${path}: this one keeps its own in memory. End the other one, or set XDG_STATE_HOME to another folder.`;
}

function cannotOpen(error: unknown, path: string): string {
  const message = messageOf(error);
  if (error instanceof NewerSchema)
    return `Runs are kept in memory only: ${path} is not touched, because ${message}. Update tta-primitives, or move the file away.`;
  const failure = failureOf(error);
  const reason = failure === 'full' ? 'the disk is full: free some space, and start Studio again' : message;
  const more = failure === 'forbidden' ? ' To keep them elsewhere, set XDG_STATE_HOME to a folder.' : '';
  return `Runs are kept in memory only: ${path} cannot be used (${reason}).${more}`;
}
