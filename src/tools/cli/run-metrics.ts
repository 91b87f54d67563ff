import { type Exposition, select, sumOf } from '../../prometheus/parse.ts';

/** Numbers about the runs between two scrapes. */
export interface RunMetrics {
  readonly parts: number;
  readonly failedParts: number;
  readonly cacheHits: number;
  /** Model calls after the first one of each request. */
  readonly retries: number;
  /** Texts that the other model summarised, because the first model failed. */
  readonly otherModel: number;
  /** Texts that were quoted, because no model answered. */
  readonly quoted: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly dollars: number;
  /** The same dollars by what became of the answers, for the uses that had any: `answered`, `retried`, ... */
  readonly dollarsByUse: Readonly<Record<string, number>>;
  /** The dollars of the model calls that the cache made unnecessary. */
  readonly saved: number;
  /** Model calls whose price is unknown; they are not in `dollars`. */
  readonly unpriced: number;
  /** Model calls whose tokens are unknown; they are not in `dollars` either. */
  readonly unmetered: number;
  /** The 95th percentile of the duration of a part, in seconds; `undefined` without parts. */
  readonly p95: number | undefined;
}

/** The samples of several processes: a number of them is a sum over all. */
export function joined(expositions: readonly Exposition[]): Exposition {
  return {
    samples: expositions.flatMap(({ samples }) => samples),
    types: new Map(expositions.flatMap(({ types }) => [...types])),
  };
}

type Labels = Readonly<Record<string, string>>;

const PART = { workflow_name: 'digest-part' };

/** The difference between two scrapes of the endpoint. Without `before`, the totals since the start of the process. */
export function runMetrics(after: Exposition, before: Exposition = { samples: [], types: new Map() }): RunMetrics {
  const total = (name: string, labels?: Labels) => sumOf(after, name, labels) - sumOf(before, name, labels);
  const parts = (status: string) => total('tta_workflow_executions_total', { ...PART, status });
  // A part that the budget refused has not begun, and may be tried again.
  const failedParts = Math.max(0, parts('failure') - total('tta_budget_refusals_total'));
  const fallbacks = (name: string) => total('tta_fallback_activations_total', { primitive_name: name });
  return {
    parts: parts('success') + failedParts,
    failedParts,
    cacheHits: total('tta_cache_hits_total'),
    retries: total('tta_llm_requests_total') - total('tta_primitive_executions_total', { primitive_type: 'retry' }),
    otherModel: fallbacks('other-model'),
    quoted: fallbacks('without-model'),
    inputTokens: total('tta_llm_input_tokens_total'),
    outputTokens: total('tta_llm_output_tokens_total'),
    dollars: total('tta_llm_cost_total'),
    dollarsByUse: Object.fromEntries(usesIn(after).map((use) => [use, total('tta_llm_cost_by_use_total', { use })])),
    saved: total('tta_cache_saved_dollars_total'),
    unpriced: total('tta_llm_unpriced_requests_total'),
    unmetered: total('tta_llm_unmetered_requests_total'),
    p95: quantile(0.95, buckets(after, before)),
  };
}

/** The uses that had dollars since the start. */
function usesIn(exposition: Exposition): string[] {
  const paid = select(exposition, 'tta_llm_cost_by_use_total').filter(({ value }) => value > 0);
  return [...new Set(paid.map(({ labels: { use = '' } }) => use))];
}

interface Bucket {
  readonly upperBound: number;
  /** The number of observations up to the bound. */
  readonly count: number;
}

function buckets(after: Exposition, before: Exposition): Bucket[] {
  const name = 'tta_workflow_duration_seconds_bucket';
  return select(after, name, PART)
    .map(({ labels: { le = '+Inf' }, value }) => ({
      upperBound: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le),
      count: value - sumOf(before, name, { ...PART, le }),
    }))
    .sort((a, b) => a.upperBound - b.upperBound);
}

/**
 * A quantile as `histogram_quantile` of Prometheus computes it: linear inside a bucket. A quantile above the highest
 * finite bound is that bound.
 *
 * @param sorted cumulative buckets, in the order of their bounds
 */
export function quantile(q: number, sorted: readonly Bucket[]): number | undefined {
  const total = sorted.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const rank = q * total;
  const index = sorted.findIndex(({ count }) => count >= rank);
  const { upperBound, count } = sorted[index] ?? { upperBound: Number.POSITIVE_INFINITY, count: total };
  const { upperBound: lowerBound, count: below } = sorted[index - 1] ?? { upperBound: 0, count: 0 };
  if (upperBound === Number.POSITIVE_INFINITY) return lowerBound;
  return lowerBound + ((upperBound - lowerBound) * (rank - below)) / (count - below);
}
