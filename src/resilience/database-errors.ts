/** Which errors of databases are answers, that a repetition would bring again. Any other may pass: a lock, a lost connection. */
import { readProperty } from '../platform/read-property.ts';

/**
 * Classes of SQLSTATE (Postgres, MySQL): not supported, wrong data, a constraint, no permission, wrong SQL. Codes of Prisma,
 * but for a full pool and a conflict, and of SQLite.
 */
const SQL =
  /^(?:(?:0A|22|23|28|42|44)[0-9A-Z]{3}|P2(?!024|034|037)\d{3}|SQLITE_(?:CONSTRAINT|MISMATCH|READONLY|AUTH)\w*)$/;
/** Codes of MongoDB: wrong data or command, no permission, wrong credentials, a schema, a key that is there already. */
const MONGODB = new Set<unknown>([2, 9, 13, 14, 18, 59, 121, 11000]);
const REDIS = new Set<unknown>(['ReplyError', 'ErrorReply', 'SimpleError']);
/** The first words of what Redis says while it loads, moves or is full. */
const REDIS_TRANSIENT = /^(?:LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|READONLY|MOVED|ASK|NOREPLICAS|OOM)\b/;

export function isDatabaseAnswer(error: object): boolean {
  const name = readProperty(error, 'name');
  const code = readProperty(error, 'code');
  if (name === 'MongoServerError') return MONGODB.has(code);
  if (REDIS.has(name)) return !REDIS_TRANSIENT.test(String(readProperty(error, 'message')));
  return [readProperty(error, 'sqlState'), code].some((each) => typeof each === 'string' && SQL.test(each));
}
