import { chmodSync, closeSync, openSync, rmSync } from 'node:fs';
import type { Database, Driver } from './database.ts';
import { failureOf } from './sqlite-error.ts';

/** Who has the data: this process from now on, or another one, which is 0 where it could not say who it is. */
export type Ownership = { readonly release: () => void } | { readonly process: number };

/**
 * Takes a lock that the system gives up when the process ends, however it ends: a second small database, in which a
 * transaction stays open. Others can read in it which process that is.
 *
 * @throws the error of SQLite, and of the file system
 */
export function own(driver: Driver, path: string, processId: number): Ownership {
  try {
    return lock(driver, path, processId);
  } catch (error) {
    if (failureOf(error) !== 'damaged') throw error;
    // Nothing is in it that is worth keeping.
    rmSync(path);
    return lock(driver, path, processId);
  }
}

function lock(driver: Driver, path: string, processId: number): Ownership {
  createPrivately(path);
  const database = driver.open(path);
  try {
    database.exec('pragma journal_mode = delete; begin immediate');
    sign(database, Math.trunc(processId));
    database.exec('begin immediate');
    return { release: () => database.close() };
  } catch (error) {
    try {
      if (failureOf(error) !== 'locked') throw error;
      return { process: ownerIn(database) };
    } finally {
      database.close();
    }
  }
}

function ownerIn(database: Database): number {
  try {
    // All rows, so that the statement ends: one that does not would keep a lock.
    return Number(database.prepare('select process from owner').all()[0]?.process ?? 0);
  } catch {
    return 0;
  }
}

/** Writes who it is, and ends the transaction. On a full disk the lock holds without that. */
function sign(database: Database, processId: number): void {
  try {
    database.exec('create table if not exists owner(process integer not null) strict');
    database.exec(`delete from owner; insert into owner values (${processId}); commit`);
  } catch (error) {
    if (failureOf(error) !== 'full') throw error;
    try {
      database.exec('rollback');
    } catch {}
  }
}

/** SQLite gives its log the permissions of the file. */
export function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  chmodSync(path, 0o600);
}
