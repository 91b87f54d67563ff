/** A list of runs that is shown, brought up to date. */
import type { Sort } from '../../../model/filter.ts';
import type { RunSummary } from '../../../model/run.ts';

const VALUES: Readonly<Record<Sort, (run: RunSummary) => number>> = {
  newest: (run) => run.arrival,
  duration: (run) => run.durationUs,
  dollars: (run) => run.nanodollars ?? -1,
  tokens: (run) =>
    run.inputTokens === null && run.outputTokens === null ? -1 : (run.inputTokens ?? 0) + (run.outputTokens ?? 0),
  errors: (run) => run.errors,
};

export interface Changes {
  /** Runs that have changed and match the filter. */
  readonly matching: readonly RunSummary[];
  /** All runs that have changed; `null`: not known. */
  readonly touched: readonly string[] | null;
  readonly sort: Sort;
  /** Whether the list goes to the end: then a run that comes after all others belongs to it. */
  readonly isWhole: boolean;
}

export function mergeRuns(shown: readonly RunSummary[], { matching, touched, sort, isWhole }: Changes): RunSummary[] {
  const newest = new Map(matching.map((run) => [run.traceId, run]));
  const left = new Set(touched?.filter((id) => !newest.has(id)));
  const kept = shown.filter(({ traceId }) => !left.has(traceId)).map((run) => newest.get(run.traceId) ?? run);
  for (const { traceId } of kept) newest.delete(traceId);
  const value = VALUES[sort];
  const order = (one: RunSummary, other: RunSummary) => value(other) - value(one) || other.arrival - one.arrival;
  const last = kept.at(-1);
  const added = [...newest.values()].filter((run) => isWhole || last === undefined || order(run, last) < 0);
  return [...added, ...kept].sort(order);
}
