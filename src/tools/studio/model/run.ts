/** A run: the spans of one trace. */

/**
 * `running`: its root has not ended, as far as is known. `unfinished`: no span has come for long, and its root never did.
 * The others are the outcomes of the root.
 */
export const RUN_STATUSES = [
  'running',
  'success',
  'failure',
  'timeout',
  'cancelled',
  'superseded',
  'rejected',
  'unfinished',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What is in a run: a primitive or workflow of ours, model calls of any program, or neither (a health check). */
export const RUN_KINDS = ['workflow', 'model', 'other'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** A row of the list of runs. It is computed as spans arrive, so it counts also spans that are no longer kept. */
export interface RunSummary {
  readonly traceId: string;
  /** The order of arrival of its first span; a newer run has a larger one. */
  readonly arrival: number;
  /** Grows with every change of any run: what has changed since a moment is what has a larger one. */
  readonly change: number;
  /** The name of the outermost workflow, else of the root, else of the earliest span without its parent. */
  readonly name: string;
  /** The outermost workflow; `null` where it is not known, or there is none. */
  readonly workflow: string | null;
  readonly service: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly startUs: number;
  /** Of its root; until that has ended, from the first start to the last end so far. */
  readonly durationUs: number;
  readonly spans: number;
  /** Spans that failed, also those that something absorbed; not those that were cancelled or given up. */
  readonly errors: number;
  readonly modelCalls: number;
  /** `null`: there is no model call, or none tells its tokens. */
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  /** Thousand-millionths of a US dollar, a whole number, so that sums are exact. `null`: nothing is priced. */
  readonly nanodollars: number | null;
  /** Model calls whose dollars are not known: they are not 0. */
  readonly unpricedCalls: number;
  readonly models: readonly string[];
  readonly retries: number;
  readonly cacheHits: number;
  readonly session: string | null;
  readonly correlation: string | null;
  readonly tenant: string | null;
  /** Those of its outermost span, and those of spans within that have one value in all of the run. */
  readonly tags: Readonly<Record<string, string>>;
  /** What failed and why, in one line; `null` unless the run failed. */
  readonly failure: string | null;
  /** Spans that were received and are no longer kept. */
  readonly droppedSpans: number;
  /** When its last span arrived, in milliseconds since the Unix epoch. */
  readonly receivedMs: number;
  /** What the row was computed from as far as later spans may change it. For `summarise`, not for readers. */
  readonly draft?: RunDraft;
}

/** Bounded: some kilobytes at the most. */
export interface RunDraft {
  /** The span that names and ends the run, by what has come. */
  readonly top: Top | null;
  /** From the first start to the last end of its spans. */
  readonly extent: Extent | null;
  /** The earliest workflow. */
  readonly workflow: Earliest | null;
  /** Texts of which the earliest span's counts: ids, `tag.KEY`. */
  readonly texts: Readonly<Record<string, Earliest>>;
  /** What failed, by type and message of the error: the span that began last, which is the innermost. */
  readonly errors: readonly DraftError[];
  /** The latest model calls, and requests that may lie between two of them: one around another is the same call seen twice. */
  readonly calls: readonly CallNote[];
}

export interface CallNote {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** `null`: a request, which is no call itself. */
  readonly call: CountedCall | null;
}

export interface CountedCall {
  readonly tellsUsage: boolean;
  /** Whether the row has its tokens and dollars. */
  readonly isCounted: boolean;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly nanodollars: number | null;
}

/** Microseconds since the Unix epoch. */
export interface Extent {
  readonly startUs: number;
  readonly endUs: number;
}

export interface Moment {
  readonly startUs: number;
  readonly durationNs: number;
  readonly spanId: string;
}

export interface Earliest extends Moment {
  readonly value: string;
  /** Whether other spans have another one. */
  readonly varies?: true;
}

export interface Top extends Moment {
  readonly rank: number;
  readonly name: string;
  readonly service: string;
  readonly outcome: RunStatus;
  /** `type: message` of its error; empty where it did not fail. */
  readonly error: string;
}

export interface DraftError extends Moment {
  /** 2: a timeout that ended what ran in it, which has the same error. 1: it failed. 0: it was given up because of the error. */
  readonly rank: number;
  readonly error: string;
  readonly line: string;
}
