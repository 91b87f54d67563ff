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

/**
 * `GET /api/numbers?window=MS&points=N`: the time up to now; `window=all`: all that is kept. With `from=MS&to=MS` a time of
 * its own. `points` is the largest number of values in a series, 500 at the most.
 */
export interface NumbersAnswer {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  /** Each value is of this much time, up to the end of its step. It can be longer than a step. */
  readonly spanMs: number;
  /** The oldest sample that is kept; `null` when there is none. */
  readonly keptFromMs: number | null;
  /** The runs of a point can have started this much earlier: their executions are counted when they end. */
  readonly runsBeforeMs: number;
  readonly targets: readonly TargetState[];
  readonly panels: readonly NumbersPanel[];
  readonly tables: readonly NumbersTable[];
}

/** `share`: 1 is all. `state`: of a circuit, 0 closed, 1 half-open, 2 open. */
export type NumbersUnit = 'per_second' | 'share' | 'seconds' | 'dollars' | 'dollars_per_hour' | 'count' | 'state';

export interface NumbersPanel {
  readonly id: string;
  /** The heading above it and those that follow. */
  readonly row: string;
  /** As on the dashboards. */
  readonly title: string;
  readonly description: string;
  readonly unit: NumbersUnit;
  /** Chart over time, or one number for each series. */
  readonly shape: 'lines' | 'stacked' | 'bars' | 'values';
  readonly series: readonly NumbersSeries[];
  /** How many more have values, and are not here because there are too many. */
  readonly leftOut: number;
  /** How many more there are in which nothing happened. */
  readonly quiet: number;
}

export interface NumbersSeries {
  readonly name: string;
  /** A colour of the dashboards, by its name there; `null`: the next of their palette. */
  readonly colour: 'green' | 'yellow' | 'red' | 'blue' | null;
  /** The value for the whole window; of `dollars_per_hour` the dollars. `null`: not known. */
  readonly total: number | null;
  /** One for each step from `fromMs`; `null`: not known, which is not 0. Empty where there is no chart over time. */
  readonly values: readonly (number | null)[];
  /** The runs behind it, as parameters of an address; `null` where there are none. */
  readonly filter: string | null;
}

/** One line for each workflow, model or primitive, for the whole window. */
export interface NumbersTable {
  readonly id: string;
  /** The heading of the panels that it stands above. */
  readonly row: string;
  readonly title: string;
  readonly description: string;
  /** The heading of the names. */
  readonly of: string;
  readonly columns: readonly { readonly name: string; readonly unit: NumbersUnit }[];
  readonly rows: readonly {
    readonly name: string;
    readonly cells: readonly (number | null)[];
    readonly filter: string | null;
  }[];
  /** As of `NumbersPanel`. */
  readonly leftOut: number;
  readonly quiet: number;
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
