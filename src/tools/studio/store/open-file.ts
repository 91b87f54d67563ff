import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../../platform/message-of.ts';
import type { Database, Driver } from './database.ts';
import { damagedMark } from './lasting-store.ts';
import { createPrivately } from './owner.ts';
import { prepare, SCHEMA, schemaOf } from './schema.ts';
import { failureOf } from './sqlite-error.ts';
import { createSqliteStore, type SqliteStore } from './sqlite-store.ts';
import type { StoreLimits } from './store.ts';

/** A file up to this size is checked whole when it is opened: some tenths of a second. */
const CHECKED_BYTES = 64 * 1024 * 1024;

export interface OpenedFile {
  readonly database: Database;
  readonly disk: SqliteStore;
  readonly notes: readonly string[];
  /** The error where it can be read, and not be written yet. */
  readonly unwritable?: unknown;
}

/** A newer version wrote the file: it is left alone. */
export class NewerSchema extends Error {}

/** A file that is of no use is set aside, and a new one is begun. */
class Useless extends Error {}

/**
 * Opens the database, or a new one in the place of one that is of no use.
 *
 * @throws NewerSchema, the error of SQLite, and of the file system
 */
export function openFile(driver: Driver, path: string, limits: StoreLimits, now: () => number): OpenedFile {
  const asStore = (database: Database) => createSqliteStore(database, { path, limits, now });
  if (!existsSync(damagedMark(path))) {
    try {
      return openOrRead(driver, path, asStore);
    } catch (error) {
      if (!(error instanceof Useless) && failureOf(error) !== 'damaged') throw error;
      const kept = setAside(path, now());
      const note = `${path} could not be read (${messageOf(error)}): it was renamed to ${kept}, and a new one begun.`;
      return { ...open(driver, path, asStore), notes: [note] };
    }
  }
  const kept = setAside(path, now());
  rmSync(damagedMark(path), { force: true });
  const note = `${path} was damaged when Studio last used it: it was renamed to ${kept}, and a new one begun.`;
  return { ...open(driver, path, asStore), notes: [note] };
}

type AsStore = (database: Database) => SqliteStore;

/** A full disk has no room for the index of the log, which others would need. */
function openOrRead(driver: Driver, path: string, asStore: AsStore): OpenedFile {
  try {
    return { ...open(driver, path, asStore), notes: [] };
  } catch (error) {
    if (failureOf(error) !== 'full') throw error;
    return { ...open(driver, path, asStore, true), notes: [], unwritable: error };
  }
}

function open(driver: Driver, path: string, asStore: AsStore, isAlone = false): Omit<OpenedFile, 'notes'> {
  createPrivately(path);
  const database = driver.open(path);
  try {
    if (isAlone) database.exec('pragma locking_mode = exclusive');
    prepare(database);
    const schema = schemaOf(database);
    if (schema > SCHEMA)
      throw new NewerSchema(`a newer version of Studio wrote it: schema ${schema}, this one reads ${SCHEMA}`);
    if (schema < SCHEMA)
      throw new Useless(`an older version of Studio wrote it: schema ${schema}, this one reads ${SCHEMA}`);
    if (statSync(path).size <= CHECKED_BYTES) check(database);
    return { database, disk: asStore(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function check(database: Database): void {
  const [found] = Object.values(database.prepare('pragma quick_check(1)').get() ?? {});
  if (found !== 'ok') throw new Useless(String(found).replaceAll(/\s+/g, ' '));
}

/** Renames the database and its log. The one that was set aside before is deleted: they are large. */
function setAside(path: string, nowMs: number): string {
  const [folder, name] = [dirname(path), basename(path)];
  for (const other of readdirSync(folder)) if (other.startsWith(`${name}.aside-`)) rmSync(join(folder, other));
  const aside = `${path}.aside-${new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`;
  renameSync(path, aside);
  for (const part of ['-wal', '-shm']) {
    if (existsSync(path + part)) renameSync(path + part, aside + part);
  }
  return aside;
}
