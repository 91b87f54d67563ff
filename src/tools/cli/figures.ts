import { type Exposition, select, sumOf } from '../../prometheus/parse.ts';

/** What the metrics say about the runs between two scrapes. */
export interface Figures {
  readonly parts: number;
  readonly failedParts: number;
  readonly cacheHits: number;
  /** Model calls beyond the first for each thing asked. */
  readonly retries: number;
  /** How often the other model had to step in. */
  readonly otherModel: number;
  /** How often no model answered and the text was quoted. */
  readonly quoted: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly dollars: number;
  /** Model calls whose price is unknown; they are not in `dollars`. */
  readonly unpriced: number;
  /** 95 of 100 parts took no longer, in seconds; `undefined` when there was none. */
  readonly p95: number | undefined;
}

type Labels = Readonly<Record<string, string>>;

const PART = { workflow_name: 'digest-part' };

/** The difference between two scrapes of the endpoint; the first one may be left out. */
export function figures(after: Exposition, before: Exposition = { samples: [], types: new Map() }): Figures {
  const total = (name: string, labels?: Labels) => sumOf(after, name, labels) - sumOf(before, name, labels);
  const fallbacks = (name: string) => total('tta_fallback_activations_total', { primitive_name: name });
  return {
    parts: total('tta_workflow_executions_total', PART),
    failedParts: total('tta_workflow_executions_total', { ...PART, status: 'failure' }),
    cacheHits: total('tta_cache_hits_total'),
    retries: total('tta_llm_requests_total') - total('tta_primitive_executions_total', { primitive_type: 'retry' }),
    otherModel: fallbacks('other-model'),
    quoted: fallbacks('without-model'),
    inputTokens: total('tta_llm_input_tokens_total'),
    outputTokens: total('tta_llm_output_tokens_total'),
    dollars: total('tta_llm_cost_total'),
    unpriced: total('tta_llm_unpriced_requests_total'),
    p95: quantile(0.95, buckets(after, before)),
  };
}

interface Bucket {
  readonly upTo: number;
  /** How many were no larger. */
  readonly count: number;
}

function buckets(after: Exposition, before: Exposition): Bucket[] {
  const name = 'tta_workflow_duration_seconds_bucket';
  return select(after, name, PART)
    .map(({ labels: { le = '+Inf' }, value }) => ({
      upTo: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count: value - sumOf(before, name, { ...PART, le }),
    }))
    .sort((a, b) => a.upTo - b.upTo);
}

/** As `histogram_quantile` of Prometheus has it: linear within a bucket, the highest bound for what lies beyond. */
export function quantile(q: number, sorted: readonly Bucket[]): number | undefined {
  const total = sorted.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = q * total;
  const index = sorted.findIndex(({ count }) => count >= rank);
  const { upTo, count } = sorted[index] ?? { upTo: Number.POSITIVE_INFINITY, count: total };
  const { upTo: from, count: below } = sorted[index - 1] ?? { upTo: 0, count: 0 };
  return upTo === Number.POSITIVE_INFINITY ? from : from + ((upTo - from) * (rank - below)) / (count - below);
}
