import type { Driver } from './database.ts';
import { libsql } from './libsql.ts';
import { nodeSqlite } from './node-sqlite.ts';

/** The best way to a database on this machine: that of Node.js first, which its security releases keep up to date. */
export async function findDriver(): Promise<Driver | undefined> {
  return nodeSqlite() ?? (await libsql());
}
