import { systemClock } from '../../../platform/clock.ts';
import { copyText } from '../../../platform/copy-text.ts';
import type { RunSummary } from '../model/run.ts';
import type { StudioSpan } from '../model/span.ts';
import { absorb, maxRunSize, type RunRecord } from './absorb.ts';
import { type Base, NOTHING } from './base.ts';
import { byTrace } from './by-trace.ts';
import { type Chunk, readChunk } from './chunk.ts';
import { facetsOf, MAX_LABELS, MAX_VALUES } from './facets.ts';
import { equalsOf, labelsIn, order, positionOf, rangesOf, readCursor, writeCursor } from './query.ts';
import {
  asOf,
  columnsOf,
  type Label,
  labelsOf,
  MAX_LABELS as MAX_RUN_LABELS,
  type RunColumns,
  statusOf,
} from './run-columns.ts';
import { spanIdIn, wordsOf } from './search.ts';
import { type RunQuery, referenceIn, type StoreLimits, type StudioStore } from './store.ts';

export interface MemoryStoreOptions {
  /** Milliseconds since the Unix epoch. */
  readonly now?: () => number;
  readonly notes?: readonly string[];
  /** Runs here continue those there, and are the later part of them. @default nothing */
  readonly base?: Base;
}

interface KeptRun extends RunRecord {
  readonly columns: RunColumns;
  readonly labels: readonly Label[];
  readonly chunks: Chunk[];
  readonly keys: Set<string>;
  /** Spans of it that are kept elsewhere. */
  readonly before: number;
  readonly ofSpans: number;
  readonly bytes: number;
}

/** What V8 takes, about: of a run without its spans and texts, of a chunk without its bytes, of the id of a span. */
const RUN_BYTES = 2_000;
const CHUNK_BYTES = 250;
const KEY_BYTES = 100;
const DAY_MS = 86_400_000;

/** With further labels, as many as a run may have. */
function labelsWith(known: readonly Label[] = [], further: readonly Label[]): readonly Label[] {
  const keys = new Set(known.map((label) => JSON.stringify(label)));
  const added = further.filter((label) => !keys.has(JSON.stringify(label))).slice(0, MAX_RUN_LABELS - known.length);
  // A part of a text that is kept would keep the whole text.
  return added.length === 0 ? known : [...known, ...(JSON.parse(copyText(JSON.stringify(added))) as Label[])];
}

const emptyRun = () => ({ keys: new Set<string>(), chunks: [] as Chunk[], ofSpans: 0 });

/** Keeps runs in memory: for tests, and where no database can be had. Those that have not changed for longest leave first. */
export function createMemoryStore(
  { maxBytes, retentionDays }: StoreLimits,
  { now = systemClock.date, notes = [], base = NOTHING }: MemoryStoreOptions = {},
): StudioStore {
  /** In the order of their last change. */
  const runs = new Map<string, KeptRun>();
  let [arrivals, change, bytes] = [base.arrivals(), base.change(), 0];

  function remove(traceId: string): void {
    bytes -= runs.get(traceId)?.bytes ?? 0;
    runs.delete(traceId);
  }
  function deleteOldest(isTooMuch: (run: KeptRun) => boolean): void {
    for (const [traceId, run] of runs) {
      if (!isTooMuch(run)) return;
      remove(traceId);
    }
  }
  function addToRun(traceId: string, spans: readonly StudioSpan[], receivedMs: number): boolean {
    const own = runs.get(traceId);
    const previous = own ?? base.find(traceId);
    const known = previous?.row.arrival;
    const isNew = ({ spanId }: StudioSpan) =>
      known === undefined || !(own?.keys.has(spanId) || base.has(known, spanId));
    const fresh = new Map(spans.filter(isNew).map((span) => [span.spanId, span]));
    if (fresh.size === 0) return false;
    const arrival = known ?? ++arrivals;
    const stamp = { arrival, change: ++change, receivedMs };
    const added = absorb(previous, [...fresh.values()], stamp, maxRunSize(maxBytes));
    // A part of a text that is kept would keep the whole text.
    const row: RunSummary = JSON.parse(copyText(JSON.stringify(added.row)));
    const document = copyText(added.document);
    const { keys, chunks, ofSpans, before } = own ?? { ...emptyRun(), before: previous?.kept ?? 0 };
    for (const { spanId } of added.stored) keys.add(copyText(spanId));
    let grown = ofSpans + added.stored.length * KEY_BYTES;
    for (const { body, spans: count } of added.chunks) {
      // The bytes of zlib are the beginning of a larger buffer.
      chunks.push({ body: new Uint8Array(body), spans: count });
      grown += CHUNK_BYTES + body.byteLength;
    }
    remove(traceId);
    const { kept, size } = added;
    const [columns, labels] = [columnsOf(row), labelsWith(own?.labels, labelsOf(row, [...fresh.values()]))];
    const ofTexts = 2 * (document.length + JSON.stringify(row).length + JSON.stringify(labels).length);
    const bytesOfRun = RUN_BYTES + ofTexts + grown;
    const parts = { keys, chunks, ofSpans: grown, before, bytes: bytesOfRun };
    runs.set(row.traceId, { row, document, kept, size, columns, labels, ...parts });
    bytes += bytesOfRun;
    return true;
  }
  const newestFirst = () => [...runs.values()].sort((one, other) => other.row.arrival - one.row.arrival);

  const store: StudioStore = {
    add(spans, receivedMs) {
      const changed = [...byTrace(spans)].filter(([traceId, its]) => addToRun(traceId, its, receivedMs));
      deleteOldest(() => bytes > maxBytes);
      return changed.map(([traceId]) => traceId);
    },
    runs(query) {
      const { limit, sort } = query;
      const nowMs = now();
      const fits = matcherOf(query, nowMs);
      const cursor = readCursor(query.after);
      const found = [...runs.values()]
        .filter(fits)
        .map((run) => ({ run, at: positionOf(run.row, sort) }))
        .filter(({ at }) => cursor === undefined || order(cursor, at) < 0)
        .sort((one, other) => order(one.at, other.at));
      const last = found[limit - 1];
      return {
        runs: found.slice(0, limit).map(({ run }) => asOf(run.row, nowMs)),
        next: found.length > limit && last !== undefined ? writeCursor(last.at) : null,
      };
    },
    run(traceId) {
      const found = runs.get(traceId);
      return found && asOf(found.row, now());
    },
    spans(traceId, after, limit) {
      const spans: StudioSpan[] = [];
      const { before = 0, chunks = [] } = runs.get(traceId) ?? {};
      let first = before;
      for (const chunk of chunks) {
        const from = Math.max(0, after + spans.length - first);
        if (from < chunk.spans) {
          spans.push(...readChunk(traceId, chunk.body).slice(from, from + limit - spans.length));
        }
        first += chunk.spans;
        if (spans.length >= limit) break;
      }
      return { spans, last: after + spans.length };
    },
    reference: (traceId) => referenceIn(store, traceId),
    facets() {
      const all = newestFirst();
      const valuesOf = (column: 'workflow' | 'service' | 'tenant') =>
        [...new Set(all.map(({ columns }) => columns[column] ?? ''))]
          .filter((value) => value !== '')
          .slice(0, MAX_VALUES);
      const labels = new Map(all.flatMap((run) => run.labels).map((label) => [JSON.stringify(label), label]));
      return facetsOf({
        ...{ workflows: valuesOf('workflow'), services: valuesOf('service'), tenants: valuesOf('tenant') },
        labels: [...labels.values()].slice(0, MAX_LABELS),
        others: all.filter(({ row }) => row.kind === 'other').length,
      });
    },
    change: () => change,
    state() {
      const starts = [...runs.values()].map(({ columns }) => columns.startUs);
      return {
        ...{ kind: 'memory', path: null, runs: runs.size, bytes, maxBytes, retentionDays, notes },
        oldestMs: starts.length === 0 ? null : starts.reduce((one, other) => Math.min(one, other)) / 1_000,
      };
    },
    tidy: (nowMs) => deleteOldest(({ row }) => row.receivedMs < nowMs - retentionDays * DAY_MS),
    close: () => runs.clear(),
  };
  return store;
}

function matcherOf(query: RunQuery, nowMs: number): (run: KeptRun) => boolean {
  const { since = 0, status = [], kinds = [], text = '', alike } = query;
  const [equals, labels, ranges, words] = [equalsOf(query), labelsIn(query), rangesOf(query), wordsOf(text)];
  return ({ row, columns, labels: own, document, keys }) =>
    row.change > since &&
    (alike === undefined || isAlike(alike, row)) &&
    (status.length === 0 || status.includes(statusOf(row, nowMs))) &&
    (kinds.length === 0 || kinds.includes(row.kind)) &&
    equals.every(({ column, value }) => columns[column] === value) &&
    ranges.every(({ column, least, most }) => Number(columns[column]) >= least && Number(columns[column]) <= most) &&
    labels.every(({ name, value }) => own.some((label) => label.name === name && label.value === value)) &&
    words.every((word) => document.includes(word) || keys.has(spanIdIn(word) ?? ''));
}

const isAlike = (one: NonNullable<RunQuery['alike']>, other: RunSummary) =>
  one.workflow === other.workflow && (one.workflow !== null || one.name === other.name);
