/** The drivers that this Node.js and this installation have; their tests run with each. */
import { libsql } from '../../../../src/tools/studio/store/libsql.ts';
import { nodeSqlite } from '../../../../src/tools/studio/store/node-sqlite.ts';

export const DRIVERS = [nodeSqlite(), await libsql()].filter((driver) => driver !== undefined);
