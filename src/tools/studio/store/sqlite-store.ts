import type { FacetsAnswer } from '../api.ts';
import type { RunSummary } from '../model/run.ts';
import type { StudioSpan } from '../model/span.ts';
import { absorb, maxRunSize, type RunRecord } from './absorb.ts';
import type { Base } from './base.ts';
import { byTrace } from './by-trace.ts';
import { readChunk } from './chunk.ts';
import type { Database } from './database.ts';
import { readFacets } from './facets.ts';
import { asOf, columnsOf, labelsOf, MAX_LABELS } from './run-columns.ts';
import { COLUMN, createRunQueries } from './run-queries.ts';
import { measureSpace } from './space.ts';
import { type RunPage, referenceIn, type StoreLimits, type StudioStore } from './store.ts';

export interface SqliteStoreOptions {
  readonly path: string;
  readonly limits: StoreLimits;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
}

/** What a store that goes on in memory needs of the one on disk. */
export interface SqliteStore extends StudioStore, Base {
  /** Lets the next change be larger than this one. */
  changedBy(change: number): void;
}

/** Runs that are deleted at a time. */
const DELETED = 20;
/** Together at most, in one call. */
const MAX_DELETED = 1_000;
/** What the log and the next spans may take, of the limit. */
const RESERVED = 1 / 4;
const MAX_RESERVED = 16 * 1024 * 1024;
/** How often a file that is too large gives pages back in one call: each takes some tens of milliseconds. */
const SHRINKS = 4;
const DAY_MS = 86_400_000;

/** Keeps runs in a database that has the tables. Throws the errors of SQLite: `lasting-store.ts` answers them. */
export function createSqliteStore(database: Database, { path, limits, now }: SqliteStoreOptions): SqliteStore {
  const { maxBytes, retentionDays } = limits;
  const space = measureSpace(database, path);
  const reserved = Math.min(maxBytes * RESERVED, MAX_RESERVED);
  database.exec(`pragma wal_autocheckpoint = ${Math.ceil(Math.min(1_000, reserved / 2 / 4_096))}`);
  database.exec(`pragma journal_size_limit = ${Math.ceil(reserved / 2)}`);

  const columns = Object.values(COLUMN);
  const names = ['id', 'trace_id', ...columns];
  const sql = {
    counter: database.prepare('select arrivals, change from counter'),
    setCounter: database.prepare('update counter set arrivals = ?, change = ?'),
    find: database.prepare(
      `select summary, document, kept, size from run join run_body using (id) join run_document using (id)
       where trace_id = ?`,
    ),
    id: database.prepare('select id from run where trace_id = ?'),
    summary: database.prepare('select summary from run_body where id = ?'),
    putRun: database.prepare(
      `insert into run(${names.join()}) values (${names.map(() => '?').join()})
       on conflict(id) do update set ${columns.map((name) => `${name} = excluded.${name}`).join()}`,
    ),
    putBody: database.prepare('insert or replace into run_body values (?, ?, ?, ?)'),
    putDocument: database.prepare('insert or replace into run_document values (?, ?)'),
    putText: database.prepare('insert into run_text(rowid, document) values (?, ?)'),
    putKey: database.prepare('insert or ignore into span_key values (?, ?)'),
    hasKey: database.prepare('select 1 from span_key where run = ? and span_id = ?'),
    putChunk: database.prepare('insert into chunk(run, first, spans, body) values (?, ?, ?, ?)'),
    countLabels: database.prepare('select count(*) as n from label where run = ?'),
    putLabel: database.prepare('insert or ignore into label values (?, ?, ?)'),
    chunks: database.prepare(
      'select first, body from chunk where run = ? and first + spans > ? order by first limit 1',
    ),
    oldest: database.prepare(`select id, received_ms from run order by change limit ${DELETED}`),
    count: database.prepare('select count(*) as n, (select start_us from run order by id limit 1) as us from run'),
    deleteText: database.prepare('delete from run_text where rowid = ?'),
    delete: [
      'delete from run_text where rowid = ?',
      ...['label', 'chunk', 'span_key'].map((table) => `delete from ${table} where run = ?`),
      ...['run_document', 'run_body', 'run'].map((table) => `delete from ${table} where id = ?`),
    ].map((statement) => database.prepare(statement)),
  };
  const runIds = createRunQueries(database);

  const counter = sql.counter.get();
  let change = Number(counter?.change ?? 0);
  let arrivals = Number(counter?.arrivals ?? 0);

  let facets: { readonly change: number; readonly answer: FacetsAnswer } | undefined;

  const find = (traceId: string): RunRecord | undefined => {
    const found = sql.find.get(traceId);
    if (found === undefined) return undefined;
    const { summary, document, kept, size } = found;
    return { row: JSON.parse(String(summary)), document: String(document), kept: Number(kept), size: Number(size) };
  };
  const rowOf = (id: number): RunSummary => asOf(JSON.parse(String(sql.summary.get(id)?.summary)), now());

  /** Adds spans of one run that are not kept yet; returns whether there are any. */
  function addToRun(traceId: string, spans: readonly StudioSpan[], receivedMs: number): boolean {
    const previous = find(traceId);
    const arrival = previous?.row.arrival ?? arrivals + 1;
    const fresh = new Map<string, StudioSpan>();
    for (const span of spans) {
      if (previous === undefined || !store.has(arrival, span.spanId)) fresh.set(span.spanId, span);
    }
    if (fresh.size === 0) return false;
    arrivals = Math.max(arrivals, arrival);
    change += 1;
    const stamp = { arrival, change, receivedMs };
    const { row, document, kept, size, chunks, stored } = absorb(
      previous,
      [...fresh.values()],
      stamp,
      maxRunSize(maxBytes),
    );
    sql.putRun.run(arrival, traceId, ...Object.keys(COLUMN).map((key) => columnsOf(row)[key as keyof typeof COLUMN]));
    sql.putBody.run(arrival, JSON.stringify(row), kept, size);
    for (const { spanId } of stored) sql.putKey.run(arrival, spanId);
    const room = MAX_LABELS - Number(sql.countLabels.get(arrival)?.n);
    for (const { name, value } of labelsOf(row, [...fresh.values()]).slice(0, room))
      sql.putLabel.run(name, value, arrival);
    let first = previous?.kept ?? 0;
    for (const { body, spans: count } of chunks) {
      sql.putChunk.run(arrival, first, count, body);
      first += count;
    }
    if (document !== previous?.document) {
      sql.putDocument.run(arrival, document);
      sql.deleteText.run(arrival);
      sql.putText.run(arrival, document);
    }
    return true;
  }

  function addAll(spans: readonly StudioSpan[], receivedMs: number): string[] {
    const before = { change, arrivals };
    try {
      return database.transaction(() => {
        const changed = [...byTrace(spans)].filter(([traceId, its]) => addToRun(traceId, its, receivedMs));
        sql.setCounter.run(arrivals, change);
        return changed.map(([traceId]) => traceId);
      });
    } catch (error) {
      ({ change, arrivals } = before);
      throw error;
    }
  }

  /** Deletes what has not changed for longest, as long as `isTooMuch`. */
  function deleteOldest(isTooMuch: (receivedMs: number) => boolean): void {
    let isDone = false;
    for (let deleted = 0; deleted < MAX_DELETED && !isDone; deleted += DELETED) {
      const rows = sql.oldest.all();
      isDone = database.transaction(() => {
        for (const row of rows) {
          if (!isTooMuch(Number(row.received_ms))) return true;
          for (const statement of sql.delete) statement.run(Number(row.id));
        }
        return rows.length < DELETED;
      });
    }
  }
  function keepWithinLimit(): void {
    const isTooMuch = () => space.used() > maxBytes - reserved;
    if (isTooMuch()) deleteOldest(isTooMuch);
    if (space.bytes() > maxBytes) space.shrink();
  }

  const store: SqliteStore = {
    add(spans, receivedMs) {
      const changed = addAll(spans, receivedMs);
      keepWithinLimit();
      return changed;
    },
    runs(query): RunPage {
      const { ids, next } = runIds(query, now());
      return { runs: ids.map(rowOf), next };
    },
    run(traceId) {
      const found = sql.id.get(traceId);
      return found && rowOf(Number(found.id));
    },
    spans(traceId, after, limit) {
      const id = Number(sql.id.get(traceId)?.id ?? 0);
      const spans: StudioSpan[] = [];
      let last = after;
      while (spans.length < limit) {
        const chunk = sql.chunks.get(id, last);
        if (chunk === undefined) break;
        const part = readChunk(traceId, chunk.body as Uint8Array).slice(last - Number(chunk.first));
        spans.push(...part.slice(0, limit - spans.length));
        last = after + spans.length;
      }
      return { spans, last };
    },
    reference: (traceId) => referenceIn(store, traceId),
    facets() {
      if (facets?.change !== change) facets = { change, answer: readFacets(database) };
      return facets.answer;
    },
    change: () => change,
    arrivals: () => arrivals,
    find,
    has: (arrival, spanId) => sql.hasKey.get(arrival, spanId) !== undefined,
    changedBy(other) {
      change = Math.max(change, other);
    },
    state() {
      const { n, us } = sql.count.get() ?? {};
      return {
        kind: 'disk',
        path,
        runs: Number(n ?? 0),
        bytes: space.bytes(),
        maxBytes,
        retentionDays,
        oldestMs: typeof us === 'number' ? us / 1_000 : null,
        notes: [],
      };
    },
    tidy(nowMs) {
      deleteOldest((receivedMs) => receivedMs < nowMs - retentionDays * DAY_MS);
      keepWithinLimit();
      for (let left = SHRINKS - 1; left > 0 && space.bytes() > maxBytes; left -= 1) space.shrink();
    },
    close: () => database.close(),
  };
  return store;
}
