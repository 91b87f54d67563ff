import { chmodSync, closeSync, openSync } from 'node:fs';
import type { Driver } from './database.ts';
import { failureOf } from './sqlite-error.ts';

/** Who has the data: this process from now on, or another one. */
export type Ownership = { readonly release: () => void } | { readonly process: number };

/**
 * Takes a lock that the system gives up when the process ends, however it ends: a second small database, in which a
 * transaction stays open. Others can read in it which process that is.
 *
 * @throws the error of SQLite, and of the file system
 */
export function own(driver: Driver, path: string, processId: number): Ownership {
  createPrivately(path);
  const database = driver.open(path);
  try {
    database.exec('pragma journal_mode = delete; begin immediate');
    database.exec('create table if not exists owner(process integer not null) strict');
    database.exec(`delete from owner; insert into owner values (${Math.trunc(processId)}); commit; begin immediate`);
    return { release: () => database.close() };
  } catch (error) {
    try {
      if (failureOf(error) !== 'locked') throw error;
      // All rows, so that the statement ends: one that does not would keep a lock.
      return { process: Number(database.prepare('select process from owner').all()[0]?.process ?? 0) };
    } finally {
      database.close();
    }
  }
}

/** SQLite gives its log the permissions of the file. */
export function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
