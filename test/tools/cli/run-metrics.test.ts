import { describe, expect, it } from 'vitest';
import { parseExposition } from '../../../src/prometheus/parse.ts';
import { quantile, runMetrics } from '../../../src/tools/cli/run-metrics.ts';
import { renderTable } from '../../../src/tools/cli/table.ts';

const scrape = (parts: number, hits: number, dollars: number) =>
  parseExposition(`
tta_workflow_executions_total{workflow_name="digest",status="success"} 1
tta_workflow_executions_total{workflow_name="digest-part",status="success"} ${parts}
tta_workflow_executions_total{workflow_name="digest-part",status="failure"} 1
tta_workflow_duration_seconds_bucket{workflow_name="digest",le="+Inf"} 99
tta_workflow_duration_seconds_bucket{workflow_name="digest-part",le="0.5"} 0
tta_workflow_duration_seconds_bucket{workflow_name="digest-part",le="1"} ${parts}
tta_workflow_duration_seconds_bucket{workflow_name="digest-part",le="+Inf"} ${parts}
tta_cache_hits_total{primitive_name="summaries",cache_type="lru"} ${hits}
tta_primitive_executions_total{primitive_type="retry",primitive_name="small-model-retry",status="success"} 5
tta_primitive_executions_total{primitive_type="retry",primitive_name="large-model-retry",status="failure"} 2
tta_llm_requests_total{model="a",provider="p",status="success"} 6
tta_llm_requests_total{model="b",provider="p",status="failure"} 4
tta_fallback_activations_total{primitive_name="other-model"} 2
tta_fallback_activations_total{primitive_name="without-model"} 1
tta_llm_input_tokens_total{model="a",provider="p"} 1000
tta_llm_input_tokens_total{model="b",provider="p"} 234
tta_llm_output_tokens_total{model="a",provider="p"} 50
tta_llm_cost_total{model="a",provider="p"} ${dollars}
tta_llm_cost_by_use_total{use="answered"} ${dollars * 0.8}
tta_llm_cost_by_use_total{use="retried"} 0
tta_llm_cost_by_use_total{use="failed"} ${dollars * 0.2}
tta_cache_saved_dollars_total{primitive_name="summaries"} ${hits / 8}
tta_llm_unpriced_requests_total{model="a",provider="p"} 0
`);

describe('the metrics of a run', () => {
  it('are sums of the series of the endpoint', () => {
    expect(runMetrics(scrape(7, 3, 0.5))).toEqual({
      parts: 8,
      failedParts: 1,
      cacheHits: 3,
      retries: 3,
      otherModel: 2,
      quoted: 1,
      inputTokens: 1_234,
      outputTokens: 50,
      dollars: 0.5,
      dollarsByUse: { answered: 0.4, failed: 0.1 },
      saved: 0.375,
      unpriced: 0,
      unmetered: 0,
      p95: 0.975,
    });
  });

  it('are the difference between two scrapes', () => {
    const run = runMetrics(scrape(12, 4, 0.75), scrape(7, 3, 0.5));
    expect(run).toMatchObject({
      parts: 5,
      failedParts: 0,
      cacheHits: 1,
      retries: 0,
      dollars: 0.25,
      saved: 0.125,
      inputTokens: 0,
    });
    expect(run.p95).toBeCloseTo(0.975, 9);
  });

  it('do not count the parts that a budget refused, which were not begun', () => {
    const text = `
tta_workflow_executions_total{workflow_name="digest-part",status="success"} 12
tta_workflow_executions_total{workflow_name="digest-part",status="failure"} 20
tta_budget_refusals_total{budget="digest"} 18
`;
    expect(runMetrics(parseExposition(text))).toMatchObject({ parts: 14, failedParts: 2 });
  });

  it('have no 95th percentile without a run', () => {
    const same = scrape(7, 3, 0.5);
    expect(runMetrics(same, same).p95).toBeUndefined();
    expect(runMetrics(parseExposition(''))).toMatchObject({ parts: 0, dollars: 0, p95: undefined });
  });
});

describe('a quantile of a histogram', () => {
  const buckets = [
    { upperBound: 0.1, count: 10 },
    { upperBound: 1, count: 90 },
    { upperBound: Number.POSITIVE_INFINITY, count: 100 },
  ];

  it('is computed as in Prometheus', () => {
    expect(quantile(0.05, buckets)).toBeCloseTo(0.05, 9);
    expect(quantile(0.1, buckets)).toBeCloseTo(0.1, 9);
    expect(quantile(0.5, buckets)).toBeCloseTo(0.1 + 0.9 * 0.5, 9);
    expect(quantile(0.95, buckets)).toBe(1);
    expect(quantile(0.95, [])).toBeUndefined();
  });
});

describe('the table', () => {
  it('shows one run and all runs since the start', () => {
    const sinceStart = runMetrics(scrape(7, 3, 0.5));
    const thisRun = {
      ...sinceStart,
      dollars: 0.000_012,
      unpriced: 2,
      unmetered: 1,
      saved: 0,
      p95: 0.001_234,
      failedParts: 0,
    };
    const rows = renderTable({ run: 2, files: 4, thisRun, sinceStart })
      .split('\n')
      .map((line) =>
        line
          .replace(/[│┌┐└┘┬┴─]/g, ' ')
          .trim()
          .replace(/\s{2,}/g, ' | '),
      );
    expect(rows).toEqual([
      '',
      'run 2 | since start',
      'files | 4',
      'parts | 8 | 8 (1 failed)',
      'cache hits | 3 | 3',
      'retries | 3 | 3',
      'fallbacks to the other model | 2 | 2',
      'without a model | 1 | 1',
      'tokens in | 1,234 | 1,234',
      'tokens out | 50 | 50',
      'dollars | $0.000012 + 2 calls of unknown price + 1 calls of unknown tokens | $0.500000',
      'answered | $0.400000 | $0.400000',
      'retried | $0.000000 | $0.000000',
      'failed | $0.100000 | $0.100000',
      'saved by the cache | $0.000000 | $0.375000',
      'p95 of a part | 1.2 ms | 975.0 ms',
      '',
    ]);
  });
});
