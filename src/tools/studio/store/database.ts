/** An embedded SQLite database, whichever package brings it: the little of it that Studio needs. */

export type SqlValue = string | number | null | Uint8Array;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Database {
  readonly driver: 'node:sqlite' | 'libsql';
  exec(sql: string): void;
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
