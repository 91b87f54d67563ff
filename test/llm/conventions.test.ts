/** What a user sees who exports without our views: the metrics of the GenAI conventions, by the same one path. */
import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { llm, llmStream, type Model } from '../../src/index.ts';

const usage = { inputTokens: 100, outputTokens: 40, cachedInputTokens: 30, cacheWriteTokens: 20, reasoningTokens: 10 };
const model: Model = {
  provider: 'openai',
  id: 'gpt-4',
  serverAddress: 'api.openai.com',
  generate: async () => ({ text: 'hi', usage }),
  async *stream() {
    yield { text: 'hi', usage };
  },
};
const broken = (error: unknown): Model => ({ ...model, generate: () => Promise.reject(error) });
const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': 'gpt-4' };

describe('model calls without our views', () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
  let seen: ReadonlyMap<string, MetricData>;

  beforeAll(async () => {
    metrics.setGlobalMeterProvider(provider);
    await llm(model).execute('hello');
    for await (const _ of await llmStream(model).execute('hello'));
    for (const name of ['RateLimitError', 'TypeError', ...Array.from({ length: 50 }, (_, i) => `Odd${i}`)]) {
      const error = Object.assign(new Error('no'), { name });
      await llm(broken(error))
        .execute('hello')
        .catch(() => {});
    }
    const ask = llm(broken(Object.assign(new Error('no'), { name: 'First' })));
    for (let i = 0; i < 3; i += 1) await ask.execute('hello').catch(() => {});
    await provider.forceFlush();
    const [collected] = exporter.getMetrics();
    seen = new Map(
      collected?.scopeMetrics.flatMap((scope) => scope.metrics.map((metric) => [metric.descriptor.name, metric])),
    );
  });
  afterAll(async () => {
    metrics.disable();
    await provider.shutdown();
  });

  const recorded = (name: string, attributes: object) =>
    seen
      .get(name)
      ?.dataPoints.find((point) => JSON.stringify(sorted(point.attributes)) === JSON.stringify(sorted(attributes)))
      ?.value;
  const sorted = (attributes: object) => Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));

  it.each([
    ['gen_ai.client.inference.usage.input_tokens', 200],
    ['gen_ai.client.inference.usage.output_tokens', 80],
    ['gen_ai.client.inference.usage.cache_read.input_tokens', 60],
    ['gen_ai.client.inference.usage.cache_write.input_tokens', 40],
    ['gen_ai.client.inference.usage.reasoning.output_tokens', 20],
  ])('%s counts tokens', (name, tokens) => {
    expect(seen.get(name)?.descriptor.unit).toBe('{token}');
    expect(recorded(name, { ...call, 'gen_ai.token.modality': 'unknown' })).toBe(tokens);
  });

  it('gen_ai.client.inference.duration is seconds, in the buckets that the conventions advise', () => {
    const duration = seen.get('gen_ai.client.inference.duration');
    expect(duration?.descriptor.unit).toBe('s');
    expect(recorded('gen_ai.client.inference.duration', call)).toMatchObject({
      count: 2,
      buckets: {
        boundaries: [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
      },
    });
  });

  it('gen_ai.client.inference.duration has the error type of a call that failed', () => {
    for (const type of ['RateLimitError', 'TypeError']) {
      expect(recorded('gen_ai.client.inference.duration', { ...call, 'error.type': type })).toMatchObject({ count: 1 });
    }
    expect(recorded('gen_ai.client.inference.duration', { ...call, 'error.type': 'First' })).toMatchObject({
      count: 3,
    });
  });

  it('gen_ai.client.inference.time_to_first_chunk is recorded for streams only', () => {
    expect(recorded('gen_ai.client.inference.time_to_first_chunk', call)).toMatchObject({ count: 1 });
  });

  it('dollars, unpriced and unmetered calls, for which there is no convention, have names of ours', () => {
    expect([...seen.keys()].filter((name) => name.startsWith('tta.llm.')).sort()).toEqual([
      'tta.llm.cost',
      'tta.llm.cost_by_use',
      'tta.llm.outcomes',
      'tta.llm.requests',
      'tta.llm.unmetered_requests',
      'tta.llm.unpriced_requests',
    ]);
  });
});

it('keeps a few error types of one model apart, and calls the rest _OTHER', async () => {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE),
  });
  const provider = new MeterProvider({ readers: [reader] });
  metrics.setGlobalMeterProvider(provider);
  let n = 0;
  const ask = llm({
    ...model,
    id: 'fragile',
    generate: () => Promise.reject(Object.assign(new Error('no'), { name: `Odd${n++}` })),
  });
  for (let i = 0; i < 100; i += 1) await ask.execute('hello').catch(() => {});
  const { resourceMetrics } = await reader.collect();
  const points = resourceMetrics.scopeMetrics
    .flatMap((scope) => scope.metrics)
    .find(({ descriptor }) => descriptor.name === 'gen_ai.client.inference.duration')?.dataPoints;
  const counts = new Map(
    points?.map(({ attributes, value }) => [attributes['error.type'], (value as { count: number }).count]),
  );
  expect(counts.size).toBe(9);
  expect(counts.get('_OTHER')).toBe(92);
  metrics.disable();
  await provider.shutdown();
});
