import { isMissing } from '../../../platform/optional.ts';
import { canSearch, type Database, type Driver, inTransaction, type SqlRow, type SqlValue } from './database.ts';

/** The part of `libsql` that is used: its own types are those of another package. */
interface Libsql {
  exec(sql: string): void;
  prepare(sql: string): {
    run(values: readonly SqlValue[]): { changes: number };
    get(values: readonly SqlValue[]): LibsqlRow | undefined;
    all(values: readonly SqlValue[]): LibsqlRow[];
  };
  close(): void;
}

type LibsqlRow = Record<string, SqlValue | ArrayBuffer>;

/** The package `libsql`, for a Node.js without SQLite; `undefined` where it is not installed. */
export async function libsql(): Promise<Driver | undefined> {
  try {
    const { default: Libsql } = (await import('libsql')) as unknown as { default: new (path: string) => Libsql };
    const driver: Driver = {
      name: 'libsql',
      open: (path) => wrap(new Libsql(path)),
    };
    return canSearch(driver.open(':memory:')) ? driver : undefined;
  } catch (error) {
    if (isMissing('libsql', error)) return undefined;
    throw error;
  }
}

function wrap(database: Libsql): Database {
  const exec = (sql: string) => database.exec(sql);
  return {
    driver: 'libsql',
    exec,
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        // As one list: a single value that is an object would be taken for named values.
        run: (...values) => statement.run(values).changes,
        get(...values) {
          const row = statement.get(values);
          return row && plain(row);
        },
        all: (...values) => statement.all(values).map((row) => plain(row)),
      };
    },
    transaction: (work) => inTransaction(exec, work),
    // The file stays open as long as a statement is referenced, and what is in its log would seem lost in a copy.
    close() {
      try {
        database.exec('pragma wal_checkpoint(truncate)');
      } catch {}
      database.close();
    },
  };
}

/** `get` adds a property of its own to a row, and `all` gives bytes as an ArrayBuffer. */
function plain(row: LibsqlRow): SqlRow {
  delete row._metadata;
  for (const [name, value] of Object.entries(row)) if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
  return row as SqlRow;
}
