import { metrics } from '@opentelemetry/api';
import { AggregationType, MeterProvider, type MetricProducer, type ViewOptions } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { bulkhead, cache, llm, sequential, task, workflow } from '../../src/index.ts';
import { PrometheusExporter, type PrometheusExporterOptions } from '../../src/prometheus/index.ts';
import { parseExposition, type Sample, select } from '../../src/prometheus/parse.ts';
import { register } from '../../src/sdk/index.ts';
import { ATTR, INSTRUMENT, SCOPE } from '../../src/telemetry/semconv.ts';
import { schema, ttaViews } from '../../views/index.ts';
import { kinds } from '../contract/kinds.ts';

let provider: MeterProvider | undefined;
afterEach(async () => {
  metrics.disable();
  await provider?.shutdown();
  provider = undefined;
});

function registerExporter(
  views: readonly ViewOptions[] = ttaViews,
  options: PrometheusExporterOptions = {},
  Exporter = PrometheusExporter,
) {
  const exporter = new Exporter({ preventServerStart: true, withoutScopeInfo: true, ...options });
  provider = new MeterProvider({ views: [...views], readers: [exporter] });
  metrics.setGlobalMeterProvider(provider);
  return { samples: async () => parseExposition(await exporter.text()).samples };
}

const named = (samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>) =>
  select({ samples } as never, name, labels).map(({ labels: { le }, value }) =>
    le === undefined ? value : [le, value],
  );

describe('histograms at 0', () => {
  it('has those of a primitive and a workflow in the first scrape, also when they were built before register', async () => {
    workflow(
      'zero digest',
      sequential(
        task('zero step', () => 1),
        bulkhead(
          task('zero work', () => 1),
          { concurrency: 1, name: 'zero door' },
        ),
      ),
    );
    const sdk = await register({ prometheus: false, traces: false });
    const { samples } = parseExposition(await sdk.metrics());
    await sdk.shutdown();
    expect(named(samples, 'tta_workflow_duration_seconds_count', { workflow_name: 'zero digest' })).toEqual([0]);
    expect(named(samples, 'tta_workflow_duration_seconds_sum', { workflow_name: 'zero digest' })).toEqual([0]);
    expect(named(samples, 'tta_workflow_duration_seconds_bucket', { workflow_name: 'zero digest' })).toHaveLength(15);
    expect(named(samples, 'tta_bulkhead_wait_seconds_count', { primitive_name: 'zero door' })).toEqual([0]);
    expect(named(samples, 'tta_execution_duration_seconds_count', { primitive_type: 'bulkhead' })).toEqual([0]);
  });

  it('has those of a primitive that is built between two scrapes, and adds what it measures', async () => {
    const { samples } = registerExporter();
    await samples();
    const late = workflow(
      'zero late',
      sequential(
        task('zero step', () => 1),
        task('zero step', () => 1),
      ),
    );
    const count = async () =>
      named(await samples(), 'tta_workflow_duration_seconds_count', { workflow_name: 'zero late' });
    expect(await count()).toEqual([0]);
    await late.execute();
    expect(await count()).toEqual([1]);
    expect(await count()).toEqual([1]);
  });

  it('has those of the calls to a model from the construction of its primitive', async () => {
    const { samples } = registerExporter();
    llm({ provider: 'openai', id: 'zero-model', generate: () => Promise.resolve({ text: '' }) });
    const first = await samples();
    for (const metric of ['tta_llm_request_duration_seconds', 'tta_llm_time_to_first_chunk_seconds'])
      expect(named(first, `${metric}_count`, { model: 'zero-model' })).toEqual([0]);
  });

  it('has the names, labels and bounds of every view of the program, and none of a view that drops', async () => {
    const one = { meterName: SCOPE, instrumentName: INSTRUMENT.workflowDuration };
    const views: ViewOptions[] = [
      {
        ...one,
        name: 'mine',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [1, 2] } },
      },
      { ...one, name: 'mine_too', aggregation: { type: AggregationType.SUM } },
      { meterName: SCOPE, instrumentName: INSTRUMENT.primitiveDuration, aggregation: { type: AggregationType.DROP } },
    ];
    const { samples } = registerExporter(views);
    workflow(
      'zero views',
      task('zero step', () => 1),
    );
    const first = await samples();
    const own = { [ATTR.workflowName.replaceAll('.', '_')]: 'zero views' };
    expect(named(first, 'mine_bucket', own)).toEqual([
      ['1', 0],
      ['2', 0],
      ['+Inf', 0],
    ]);
    expect(named(first, 'mine_too_total', own)).toEqual([0]);
    expect(first.filter(({ name }) => name.includes('primitive_duration'))).toEqual([]);
  });

  it('has those of an exponential histogram, and those beside a view that throws', async () => {
    const views: ViewOptions[] = [
      {
        meterName: SCOPE,
        instrumentName: INSTRUMENT.workflowDuration,
        name: 'exponential',
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
      },
      {
        meterName: SCOPE,
        instrumentName: INSTRUMENT.primitiveDuration,
        attributesProcessors: [
          {
            process() {
              throw new Error('a hostile view');
            },
          },
        ],
      },
    ];
    const { samples } = registerExporter(views);
    const odd = workflow(
      'zero odd',
      task('zero step', () => 1),
    );
    const own = { [ATTR.workflowName.replaceAll('.', '_')]: 'zero odd' };
    expect(named(await samples(), 'exponential_count', own)).toEqual([0]);
    expect(await odd.execute()).toBe(1);
    expect(named(await samples(), 'exponential_count', own)).toEqual([1]);
  });

  it('has them without a view too, as the SDK itself would name them', async () => {
    const { samples } = registerExporter([]);
    const bare = workflow(
      'zero bare',
      task('zero step', () => 1),
    );
    const before = await samples();
    await bare.execute();
    const after = await samples();
    const identities = (all: readonly Sample[]) =>
      all
        .filter(({ name }) => name.startsWith('tta_workflow_duration'))
        .map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`);
    expect(identities(before)).toEqual(identities(after));
    expect(identities(before).length).toBeGreaterThan(0);
  });

  it('has none in a provider that is not the registered one', async () => {
    registerExporter();
    workflow(
      'zero foreign',
      task('zero step', () => 1),
    );
    const other = new PrometheusExporter({ preventServerStart: true });
    const otherProvider = new MeterProvider({ views: [...ttaViews], readers: [other] });
    otherProvider.getMeter(SCOPE).createCounter('mine').add(1);
    expect(await other.text()).not.toContain('zero foreign');
    await otherProvider.shutdown();
  });

  it('has none where the SDK keeps its views elsewhere, and all else is the same', async () => {
    class Sealed extends PrometheusExporter {
      override setMetricProducer(producer: MetricProducer): void {
        super.setMetricProducer({ collect: (options) => producer.collect(options) });
      }
    }
    const { samples } = registerExporter(ttaViews, {}, Sealed);
    const sealed = workflow(
      'zero sealed',
      task('zero step', () => 1),
    );
    const duration = async () =>
      named(await samples(), 'tta_workflow_duration_seconds_count', { workflow_name: 'zero sealed' });
    expect(await duration()).toEqual([]);
    await sealed.execute();
    expect(await duration()).toEqual([1]);
  });
});

/** Metrics that are no series until something is known, and why a rate loses nothing by that. */
const LATER: Readonly<Record<string, string>> = {
  tta_cache_store_errors_total: 'from the construction of a cache with a store',
  tta_series_overflow_total: 'from the first overflow: a metric that is full counts each later measurement too',
  tta_scrape_size_bytes: 'a gauge, unknown before the first scrape',
  tta_scrape_samples: 'a gauge, unknown before the first scrape',
  tta_scrape_series: 'a gauge, unknown before the first scrape',
  tta_queue_jobs: 'a gauge, unknown until the engine of a queue has answered a worker',
  tta_queue_oldest_job_age_seconds: 'a gauge, unknown until the engine of a queue has answered a worker',
  tta_queue_workers: 'a gauge, unknown until the engine of a queue has answered a worker',
  tta_scrape_workers: 'where there are workers',
  tta_metrics_push_failures_total: 'where metrics are delivered by OTLP',
};

describe('the first scrape', () => {
  it('has a series of every metric of the schema, and each counter and histogram stands at 0', async () => {
    for (const { build } of kinds) build(async () => 'never called');
    const sdk = await register({ prometheus: false });
    const { samples } = parseExposition(await sdk.metrics());
    await sdk.shutdown();
    const missing = schema.filter(({ metric, type }) => {
      const values = named(samples, type === 'histogram' ? `${metric}_count` : metric, {});
      if (type !== 'gauge' && metric.startsWith('tta_'))
        expect(
          values.filter((value) => value !== 0),
          metric,
        ).toEqual([]);
      return values.length === 0;
    });
    expect(missing.map(({ metric }) => metric).filter((metric) => !(metric in LATER))).toEqual([]);
  });

  it('has the errors of a store at 0', async () => {
    const { samples } = registerExporter();
    const store = { type: 'shelf', get: async () => undefined, set: async () => {}, delete: async () => {} };
    cache(
      task('zero stored', () => 1),
      { key: String, store, name: 'zero stored' },
    );
    expect(new Set(named(await samples(), 'tta_cache_store_errors_total', {}))).toEqual(new Set([0]));
  });
});

describe('a metric that is full', () => {
  it('does not count a histogram that stands at 0 as folded, and counts its first measurement', async () => {
    const { samples } = registerExporter(ttaViews, { maxSeriesPerMetric: 5 });
    const names = Array.from({ length: 20 }, (_, i) => `zero full ${i}`);
    const workflows = names.map((name) =>
      workflow(
        name,
        task('zero step', () => 1),
      ),
    );
    const duration = async (workflow_name: string) =>
      named(await samples(), 'tta_workflow_duration_seconds_count', { workflow_name });
    const folded = async () =>
      named(await samples(), 'tta_series_overflow_total', { metric: 'tta_workflow_duration_seconds' });
    expect(await folded()).toEqual([]);
    await workflows.at(-1)?.execute();
    expect(await duration('__other__')).toEqual([1]);
    expect(await folded()).toEqual([1]);
  });

  it('is not full of histograms that stand at 0: they take half of the room at most', async () => {
    const { samples } = registerExporter(ttaViews, { maxSamples: 12_000 });
    for (let i = 0; i < 400; i += 1) {
      workflow(
        `zero many ${i}`,
        task('zero step', () => 1),
      );
    }
    const counts = async () =>
      select({ samples: await samples() } as never, 'tta_workflow_duration_seconds_count', {}).length;
    const before = await counts();
    expect(before).toBeGreaterThan(10);
    const later = workflow(
      'zero room',
      task('zero step', () => 1),
    );
    await later.execute();
    metrics.getMeter('mine').createHistogram('mine').record(1);
    const after = await samples();
    expect(named(after, 'mine_count', {})).toEqual([1]);
    expect(named(after, 'tta_workflow_duration_seconds_count', { workflow_name: 'zero room' })).toEqual([1]);
    expect(await counts()).toBe(before + 1);
  });
});
