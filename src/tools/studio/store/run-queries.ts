/** Lists of runs out of the database. */
import type { Database, SqlValue, Statement } from './database.ts';
import { equalsOf, labelsIn, rangesOf, readCursor, SORT_COLUMN, writeCursor } from './query.ts';
import { comparable, oldestRunningMs, type RunColumns } from './run-columns.ts';
import { spanIdIn, threesOf, wordsOf } from './search.ts';
import type { RunQuery } from './store.ts';

export const COLUMN: Readonly<Record<keyof RunColumns, string>> = {
  change: 'change',
  receivedMs: 'received_ms',
  status: 'status',
  kind: 'kind',
  name: 'name',
  workflow: 'workflow',
  service: 'service',
  session: 'session',
  correlation: 'correlation',
  tenant: 'tenant',
  startUs: 'start_us',
  durationUs: 'duration_us',
  nanodollars: 'nanodollars',
  tokens: 'tokens',
  errors: 'errors',
};

interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export interface RunIds {
  readonly ids: readonly number[];
  readonly next: string | null;
}

/** As many shapes of queries are kept ready. */
const MAX_PREPARED = 100;

export function createRunQueries(database: Database) {
  const prepared = new Map<string, Statement>();
  const prepare = (sql: string) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    if (prepared.size === MAX_PREPARED) prepared.clear();
    const statement = database.prepare(sql);
    prepared.set(sql, statement);
    return statement;
  };

  return (query: RunQuery, nowMs: number): RunIds => {
    const { limit, sort = 'newest' } = query;
    const words = wordsOf(query.text ?? '');
    const threes = threesOf(words.filter((word) => spanIdIn(word) === undefined));
    // By arrival FTS5 gives its rows in order: it ends after the first page.
    const id = threes === undefined ? 'run.id' : 'run_text.rowid';
    const column = sort === 'newest' ? id : `run.${COLUMN[SORT_COLUMN[sort]]}`;
    const conditions = conditionsOf(query, nowMs);
    const cursor = readCursor(query.after);
    if (cursor !== undefined && sort === 'newest') conditions.push({ sql: `${id} < ?`, values: [cursor.arrival] });
    else if (cursor !== undefined) {
      conditions.push({ sql: `(${column}, run.id) < (?, ?)`, values: [cursor.value, cursor.arrival] });
    }
    const tables = threes === undefined ? 'run' : 'run_text join run on run.id = run_text.rowid';
    if (threes !== undefined) conditions.unshift({ sql: 'run_text match ?', values: [threes] });
    const where = conditions.length === 0 ? '' : `where ${conditions.map(({ sql }) => sql).join(' and ')}`;
    const order = sort === 'newest' ? `${id} desc` : `${column} desc, run.id desc`;
    const sql = `select run.id as id, ${column} as value from ${tables} ${where} order by ${order} limit ?`;
    const rows = prepare(sql).all(...conditions.flatMap(({ values }) => values), limit + 1);
    const page = rows.slice(0, limit).map((row) => ({ arrival: Number(row.id), value: Number(row.value) }));
    const last = page.at(-1);
    return {
      ids: page.map(({ arrival }) => arrival),
      next: rows.length > limit && last !== undefined ? writeCursor(last) : null,
    };
  };
}

function conditionsOf(query: RunQuery, nowMs: number): Condition[] {
  const { since = 0, status = [], kinds = [], text = '', alike } = query;
  return [
    ...(alike === undefined ? [] : [isAlike(alike)]),
    ...(since > 0 ? [{ sql: 'run.change > ?', values: [since] }] : []),
    ...(status.length > 0 ? [anyOf(status.map((each) => statusIs(each, nowMs)))] : []),
    ...(kinds.length > 0 ? [anyOf(kinds.map((kind) => ({ sql: 'run.kind = ?', values: [kind] })))] : []),
    ...equalsOf(query).map(({ column, value }) => ({ sql: `run.${COLUMN[column]} = ?`, values: [value] })),
    ...rangesOf(query).map(({ column, least, most }) => ({
      sql: `run.${COLUMN[column]} between ? and ?`,
      values: [least, most],
    })),
    ...labelsIn(query).map(({ name, value }) => ({
      sql: 'exists (select 1 from label where label.name = ? and label.value = ? and label.run = run.id)',
      values: [name, value],
    })),
    ...wordsOf(text).map(hasWord),
  ];
}

const isAlike = ({ workflow, name }: NonNullable<RunQuery['alike']>): Condition =>
  workflow === null
    ? { sql: 'run.workflow is null and run.name = ?', values: [comparable(name)] }
    : { sql: 'run.workflow = ?', values: [comparable(workflow)] };

const anyOf = (conditions: readonly Condition[]): Condition => ({
  sql: `(${conditions.map(({ sql }) => sql).join(' or ')})`,
  values: conditions.flatMap(({ values }) => values),
});

function statusIs(status: string, nowMs: number): Condition {
  if (status === 'running') {
    return { sql: "run.status = 'running' and run.received_ms >= ?", values: [oldestRunningMs(nowMs)] };
  }
  if (status === 'unfinished') {
    return { sql: "run.status = 'running' and run.received_ms < ?", values: [oldestRunningMs(nowMs)] };
  }
  return { sql: 'run.status = ?', values: [status] };
}

function hasWord(word: string): Condition {
  const spanId = spanIdIn(word);
  if (spanId !== undefined) return hasSpan(word, spanId);
  return {
    sql: 'exists (select 1 from run_document where run_document.id = run.id and instr(run_document.document, ?) > 0)',
    values: [word],
  };
}

/** The id of a span, or a part of that of a trace: there are few of either, so they are looked up first. */
function hasSpan(word: string, spanId: string): Condition {
  return anyOf([
    { sql: 'run.id in (select run from span_key where span_id = ?)', values: [spanId] },
    {
      sql: `run.id in (select run_text.rowid from run_text join run_document on run_document.id = run_text.rowid
            where run_text match ? and instr(run_document.document, ?) > 0)`,
      values: [threesOf([word]) ?? '', word],
    },
  ]);
}
