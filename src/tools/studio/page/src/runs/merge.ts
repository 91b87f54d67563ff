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

/** Takes some milliseconds for a hundred thousand runs: it happens several times a second. */
export function mergeRuns(
  shown: readonly RunSummary[],
  { matching, touched, sort, isWhole }: Changes,
): readonly RunSummary[] {
  const changed = new Set([...matching.map(({ traceId }) => traceId), ...(touched ?? [])]);
  const known = new Set<string>();
  const merged = shown.filter(({ traceId }) => {
    if (!changed.has(traceId)) return true;
    known.add(traceId);
    return false;
  });
  const value = VALUES[sort];
  for (const run of matching) {
    const lead = (other: RunSummary) => value(run) - value(other) || run.arrival - other.arrival;
    const at = position(merged.length, (i) => lead(merged[i] as RunSummary) > 0);
    if (at < merged.length || isWhole || known.has(run.traceId)) merged.splice(at, 0, run);
  }
  return merged;
}

/** The first index that fits; all after it do too. `length` when none does. */
function position(length: number, fits: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
