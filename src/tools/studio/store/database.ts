/** An embedded SQLite database, whichever package brings it: the little of it that Studio needs. */

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Database {
  readonly driver: 'node:sqlite' | 'libsql';
  /** Runs statements that are separated by semicolons. */
  exec(sql: string): void;
  /** Numbers must be whole and safe: other integers of 64 bits are not read alike by the drivers. */
  prepare(sql: string): Statement;
  /** Runs `work` in a transaction, which is rolled back when it throws. */
  transaction<T>(work: () => T): T;
  close(): void;
}

export interface Statement {
  /** @returns the number of rows that were changed */
  run(...values: readonly SqlValue[]): number;
  get(...values: readonly SqlValue[]): SqlRow | undefined;
  all(...values: readonly SqlValue[]): readonly SqlRow[];
}

/** What opens databases. It has FTS5: that was tried. */
export interface Driver {
  readonly name: Database['driver'];
  /** @throws the error of SQLite; what is wrong with a file shows at the first statement */
  open(path: string): Database;
}

/** In one transaction. SQLite rolls back by itself when a disk is full: then there is nothing to roll back. */
export function inTransaction<T>(exec: (sql: string) => void, work: () => T): T {
  exec('begin immediate');
  try {
    const result = work();
    exec('commit');
    return result;
  } catch (error) {
    try {
      exec('rollback');
    } catch {}
    throw error;
  }
}

/** Whether the database can search texts as the store does: Node.js had SQLite before it had FTS5. */
export function canSearch(database: Database): boolean {
  try {
    database.exec(`create virtual table probe using fts5(content, ${SEARCH_OPTIONS})`);
    return true;
  } catch {
    return false;
  } finally {
    database.close();
  }
}

export const SEARCH_OPTIONS = "content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1'";
