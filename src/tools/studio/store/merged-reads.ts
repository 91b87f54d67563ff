import type { FacetsAnswer } from '../api.ts';
import { order, positionOf, readCursor, writeCursor } from './query.ts';
import type { RunPage, RunQuery, StudioStore } from './store.ts';

type Reads = Pick<StudioStore, 'runs' | 'run' | 'spans' | 'facets'>;

/** Reads two stores as one: `later` has what came last, and whole rows also of the runs that began in `earlier`. */
export function mergedReads(earlier: Reads, later: Reads): Reads {
  return {
    runs(query: RunQuery): RunPage {
      const { limit, sort } = query;
      const ofLater = later.runs(query);
      const ofEarlier = earlier.runs(query);
      const rest = ofEarlier.runs.filter(({ traceId }) => later.run(traceId) === undefined);
      const all = [...ofLater.runs, ...rest].map((row) => ({ row, at: positionOf(row, sort) }));
      all.sort((one, other) => order(one.at, other.at));
      // What comes after the end of either page is not known yet.
      const ends = [ofLater.next, ofEarlier.next].flatMap((next) => readCursor(next ?? undefined) ?? []);
      const end = ends.sort(order)[0];
      const known = end === undefined ? all : all.filter(({ at }) => order(at, end) <= 0);
      const page = known.slice(0, limit);
      const next = known.length > limit ? page.at(-1)?.at : end;
      return { runs: page.map(({ row }) => row), next: next === undefined ? null : writeCursor(next) };
    },
    run: (traceId) => later.run(traceId) ?? earlier.run(traceId),
    spans(traceId, after, limit) {
      const first = earlier.spans(traceId, after, limit);
      const rest = limit - first.spans.length;
      if (rest === 0) return first;
      const second = later.spans(traceId, first.last, rest);
      return { spans: [...first.spans, ...second.spans], last: second.last };
    },
    facets: () => mergedFacets(later.facets(), earlier.facets()),
  };
}

function mergedFacets(one: FacetsAnswer, other: FacetsAnswer): FacetsAnswer {
  const both = (first: readonly string[] = [], second: readonly string[] = []) => [...new Set([...first, ...second])];
  const keys = both(Object.keys(one.tags), Object.keys(other.tags));
  return {
    workflows: both(one.workflows, other.workflows),
    services: both(one.services, other.services),
    models: both(one.models, other.models),
    tenants: both(one.tenants, other.tenants),
    tags: Object.fromEntries(keys.map((key) => [key, both(one.tags[key], other.tags[key])])),
    others: one.others + other.others,
  };
}
