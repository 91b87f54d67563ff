import type { RunSummary } from '../model/run.ts';
import type { StudioSpan } from '../model/span.ts';
import { summarise } from '../model/summarise.ts';
import type { RunQuery, StoreLimits, StudioStore } from './store.ts';

interface KeptRun {
  row: RunSummary;
  readonly spans: Map<string, StudioSpan>;
}

/** Keeps runs in memory: for tests, and where no database can be had. */
export function createMemoryStore(limits: StoreLimits): StudioStore {
  const runs = new Map<string, KeptRun>();
  let arrivals = 0;
  let change = 0;

  return {
    add(spans, receivedMs) {
      const changed = new Map<string, StudioSpan[]>();
      for (const span of spans) {
        if (runs.get(span.traceId)?.spans.has(span.spanId)) continue;
        changed.set(span.traceId, [...(changed.get(span.traceId) ?? []), span]);
      }
      for (const [traceId, added] of changed) {
        const kept = runs.get(traceId);
        if (kept === undefined) arrivals += 1;
        change += 1;
        const row = summarise(kept?.row, added, { arrival: kept?.row.arrival ?? arrivals, change, receivedMs });
        const all = kept?.spans ?? new Map<string, StudioSpan>();
        for (const span of added) all.set(span.spanId, span);
        runs.set(traceId, { row, spans: all });
      }
      return [...changed.keys()];
    },
    runs({ limit, status, kinds, workflow, since = 0 }: RunQuery) {
      const rows = [...runs.values()]
        .map(({ row }) => row)
        .filter((row) => row.change > since)
        .filter((row) => status === undefined || status.includes(row.status))
        .filter((row) => kinds === undefined || kinds.includes(row.kind))
        .filter((row) => workflow === undefined || row.workflow === workflow)
        .sort((one, other) => other.arrival - one.arrival);
      return { runs: rows.slice(0, limit), next: null };
    },
    run: (traceId) => runs.get(traceId)?.row,
    spans(traceId, after, limit) {
      const spans = [...(runs.get(traceId)?.spans.values() ?? [])].slice(after, after + limit);
      return { spans, last: after + spans.length };
    },
    reference(traceId) {
      const workflow = runs.get(traceId)?.row.workflow;
      return [...runs.values()]
        .map(({ row }) => row)
        .filter((row) => row.traceId !== traceId && row.workflow === workflow && row.status === 'success')
        .sort((one, other) => other.arrival - one.arrival)[0];
    },
    facets() {
      const others = [...runs.values()].filter(({ row }) => row.kind === 'other').length;
      return { workflows: [], services: [], models: [], tenants: [], tags: {}, others };
    },
    change: () => change,
    state: () => ({
      kind: 'memory',
      path: null,
      runs: runs.size,
      bytes: 0,
      maxBytes: limits.maxBytes,
      retentionDays: limits.retentionDays,
      oldestMs: null,
      notes: [],
    }),
    tidy() {},
    close() {},
  };
}
