/** The port behind which spans are kept: `sqlite-store.ts` on disk, `memory-store.ts` without. */
import type { FacetsAnswer, StorageState } from '../api.ts';
import type { RunFilter } from '../model/filter.ts';
import type { RunSummary } from '../model/run.ts';
import type { StudioSpan } from '../model/span.ts';

export interface StoreLimits {
  /** The limit of what is kept, in bytes. Above it the oldest runs are deleted. */
  readonly maxBytes: number;
  /** How long runs are kept, in days. */
  readonly retentionDays: number;
}

export interface RunQuery extends RunFilter {
  /** The largest number of runs. */
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
  /** Only runs that have changed since this change. */
  readonly since?: number;
  /** Only runs of the same workflow, or, where there is none, of the same name. */
  readonly alike?: Pick<RunSummary, 'workflow' | 'name'>;
}

export interface RunPage {
  readonly runs: readonly RunSummary[];
  readonly next: string | null;
}

export interface StudioStore {
  /**
   * Keeps spans, in one transaction. A span that is already kept is ignored: an exporter sends spans again when it got no
   * answer. Never throws because of a full disk or a broken file: it goes on in memory, and `state().notes` says so.
   *
   * @returns the runs that have changed
   */
  add(spans: readonly StudioSpan[], receivedMs: number): readonly string[];
  runs(query: RunQuery): RunPage;
  run(traceId: string): RunSummary | undefined;
  /**
   * The spans of a run that have arrived after the number `after`, in the order of their arrival, `limit` at the most, and
   * the number of the last of them.
   */
  spans(
    traceId: string,
    after: number,
    limit: number,
  ): { readonly spans: readonly StudioSpan[]; readonly last: number };
  /** The newest other run of the same workflow that worked. */
  reference(traceId: string): RunSummary | undefined;
  facets(): FacetsAnswer;
  /** The newest change of any run. */
  change(): number;
  state(): StorageState;
  /** Deletes what is too old or too much, a little at a time. Called every few seconds. */
  tidy(nowMs: number): void;
  close(): void;
}

/** The newest other run that is alike and worked. */
export function referenceIn({ run, runs }: Pick<StudioStore, 'run' | 'runs'>, traceId: string): RunSummary | undefined {
  const alike = run(traceId);
  if (alike === undefined) return undefined;
  return runs({ alike, status: ['success'], limit: 2 }).runs.find((other) => other.traceId !== traceId);
}
