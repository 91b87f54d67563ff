/** What the server answers and the page reads, as JSON. All paths begin with `/api/`. */
import type { RunSummary } from './model/run.ts';
import type { StudioSpan } from './model/span.ts';

/** `GET /api/runs?FILTER&limit=100&after=CURSOR`, or with `since=CHANGE` only those that have changed since. */
export interface RunsAnswer {
  readonly runs: readonly RunSummary[];
  /** The `after` of the next page; `null` at the end. */
  readonly next: string | null;
  /** The newest change of any run, for the next `since`. */
  readonly change: number;
}

/**
 * `GET /api/runs/TRACE?after=NUMBER`: the run, and its spans that have arrived after the number, some thousands at the most;
 * 404 where it is not kept.
 */
export interface RunAnswer {
  readonly run: RunSummary;
  readonly spans: readonly StudioSpan[];
  /** For the next `after`. */
  readonly last: number;
  /** Whether there may be more spans after `last` already. */
  readonly more: boolean;
}

/** `GET /api/runs/TRACE/reference`: the newest other run of the same workflow that worked. */
export interface ReferenceAnswer {
  readonly run: RunSummary | null;
}

/** `GET /api/facets`: the values that a filter can take, those of the newest runs first. */
export interface FacetsAnswer {
  readonly workflows: readonly string[];
  readonly services: readonly string[];
  readonly models: readonly string[];
  readonly tenants: readonly string[];
  /** The values of each key. */
  readonly tags: Readonly<Record<string, readonly string[]>>;
  /** How many runs are of the kind `other`: the page can hide them. */
  readonly others: number;
}

/** `GET /api/about`: what Studio listens on, keeps and cannot do. An empty page shows it. */
export interface AboutAnswer {
  readonly version: string;
  /** Where spans are taken: `http://127.0.0.1:4318`. */
  readonly url: string;
  readonly startedMs: number;
  readonly nowMs: number;
  readonly receiver: ReceiverState;
  readonly storage: StorageState;
  readonly targets: readonly TargetState[];
}

export interface ReceiverState {
  /** Spans that were taken, since the start. */
  readonly spans: number;
  /** Spans without valid ids or times. */
  readonly rejected: number;
  /** The newest requests that were not the page's own, newest first, ten at the most. */
  readonly requests: readonly ReceivedRequest[];
  /** Whether spans of the last minutes say that only a share of the traces is sent. */
  readonly sampled: boolean;
}

export interface ReceivedRequest {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  /** The status of the answer; 0 where the request was not HTTP/1.1. */
  readonly status: number;
  readonly spans: number;
  /** What was wrong with it, and what to do; empty when nothing was. */
  readonly problem: string;
}

export interface StorageState {
  readonly kind: 'disk' | 'memory';
  /** The file; `null` in memory. */
  readonly path: string | null;
  readonly runs: number;
  readonly bytes: number;
  readonly maxBytes: number;
  readonly retentionDays: number;
  /** The start of the oldest run, in milliseconds since the Unix epoch; `null` when there is none. */
  readonly oldestMs: number | null;
  /** What the reader should know: how to keep data on disk, that the disk is full, that the file was set aside. */
  readonly notes: readonly string[];
}

export interface TargetState {
  readonly url: string;
  readonly scrapes: number;
  /** The end of the last scrape, in milliseconds since the Unix epoch; `null` before the first. */
  readonly lastMs: number | null;
  /** Why the last scrape failed, and what to do; empty when it did not. */
  readonly problem: string;
  /** The series with our names of the last good scrape. */
  readonly series: number;
}

/** `GET /api/numbers?from=MS&to=MS&points=N`. */
export interface NumbersAnswer {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** The oldest sample that is kept; `null` when there is none. */
  readonly keptFromMs: number | null;
  readonly panels: readonly NumbersPanel[];
}

export interface NumbersPanel {
  readonly id: string;
  /** As on the dashboards. */
  readonly title: string;
  readonly description: string;
  readonly unit: 'per_second' | 'percent' | 'seconds' | 'dollars' | 'count';
  /** Chart over time, or one number for each series. */
  readonly shape: 'lines' | 'bars' | 'values';
  readonly series: readonly NumbersSeries[];
}

export interface NumbersSeries {
  readonly name: string;
  /** CSS, as on the dashboards; `null`: the palette's next. */
  readonly colour: string | null;
  /** The value for the whole window; `null`: not known. */
  readonly total: number | null;
  /** One for each step from `fromMs`; `null`: not known, which is not 0. Empty where the shape is not lines. */
  readonly values: readonly (number | null)[];
  /** The runs behind it, as parameters of an address; `null` where there are none. */
  readonly filter: string | null;
}

/** An event of `GET /api/live`, a stream of server-sent events. The page then asks for what it shows. */
export interface LiveEvent {
  /** When Studio was started. Where it changes, numbers of changes and spans begin again. */
  readonly startedMs: number;
  /** The newest change of any run. */
  readonly change: number;
  /** The runs that have changed; `null`: many, or unknown because the stream has just begun. */
  readonly runs: readonly string[] | null;
}
