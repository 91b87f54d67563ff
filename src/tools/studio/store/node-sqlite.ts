import { canSearch, type Database, type Driver, inTransaction, type SqlRow, type SqlValue } from './database.ts';

/** The part of `node:sqlite` that is used: the types of the oldest Node.js do not have it. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string,
  ) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...values: SqlValue[]): { changes: number | bigint };
      get(...values: SqlValue[]): SqlRow | undefined;
      all(...values: SqlValue[]): SqlRow[];
    };
    close(): void;
  };
}

/** The SQLite of Node.js itself; `undefined` where it has none, or one without FTS5 (before 22.16). */
export function nodeSqlite(): Driver | undefined {
  const sqlite = loadQuietly();
  if (sqlite === undefined) return undefined;
  const driver: Driver = {
    name: 'node:sqlite',
    open: (path) => wrap(new sqlite.DatabaseSync(path)),
  };
  return canSearch(driver.open(':memory:')) ? driver : undefined;
}

/** Older versions print that it is experimental, which says nothing to a user of Studio. */
function loadQuietly(): NodeSqlite | undefined {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function wrap(database: InstanceType<NodeSqlite['DatabaseSync']>): Database {
  const exec = (sql: string) => database.exec(sql);
  return {
    driver: 'node:sqlite',
    exec,
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (...values) => Number(statement.run(...values).changes),
        get: (...values) => statement.get(...values),
        all: (...values) => statement.all(...values),
      };
    },
    transaction: (work) => inTransaction(exec, work),
    close: () => database.close(),
  };
}
