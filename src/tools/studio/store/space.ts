import { statSync } from 'node:fs';
import type { Database } from './database.ts';

export interface Space {
  /** The file and its log, in bytes. */
  bytes(): number;
  /** The bytes of the file that are not free. */
  used(): number;
  /** Gives the log and free pages back to the file system, of these some at a time. */
  shrink(): void;
}

/** 4 MB, some milliseconds. */
const PAGES_AT_A_TIME = 1_000;

export function measureSpace(database: Database, path: string): Space {
  const number = (name: string) => {
    const statement = database.prepare(`pragma ${name}`);
    return () => Number(statement.get()?.[name] ?? 0);
  };
  const [pages, free] = [number('page_count'), number('freelist_count')];
  const pageSize = number('page_size')();
  return {
    bytes: () => pages() * pageSize + (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0),
    used: () => (pages() - free()) * pageSize,
    shrink() {
      if (free() > 0) database.exec(`pragma incremental_vacuum(${PAGES_AT_A_TIME})`);
      database.exec('pragma wal_checkpoint(truncate)');
    },
  };
}
