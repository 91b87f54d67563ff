import { context, metrics, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { llm, task, timeout, workflow } from '../../src/index.ts';
import { PrometheusExporter, type PrometheusExporterOptions } from '../../src/prometheus/index.ts';
import { createVirtualClock } from '../../src/testing/index.ts';
import { ttaViews } from '../../views/index.ts';

const undo: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

function start(
  options: PrometheusExporterOptions = {},
  { sampler, traces = true }: { sampler?: Sampler; traces?: boolean } = {},
) {
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true, ...options });
  const meters = new MeterProvider({ views: [...ttaViews], readers: [exporter] });
  metrics.setGlobalMeterProvider(meters);
  const spans = new InMemorySpanExporter();
  const tracers = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(spans)],
    ...(sampler && { sampler }),
  });
  if (traces) tracers.register();
  else context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  undo.push(
    () => meters.shutdown(),
    () => tracers.shutdown(),
    () => metrics.disable(),
    () => trace.disable(),
    () => context.disable(),
  );
  return {
    spans: () => spans.getFinishedSpans().map((span) => ({ name: span.name, ...span.spanContext() })),
    /** The ids of the spans that a sampler can know as those of exemplars. */
    marked: () =>
      spans
        .getFinishedSpans()
        .flatMap((span) => (span.attributes['tta.exemplar'] === true ? [span.spanContext().spanId] : [])),
    text: () => exporter.text(),
    /** The exemplars of the lines of this metric. */
    exemplars: async (metric: string, labels = '') => exemplarsOf(await exporter.text('openmetrics'), metric, labels),
  };
}

const EXEMPLAR = /^.* # \{trace_id="(\w{32})",span_id="(\w{16})"\} (\S+) (\S+)$/;

function exemplarsOf(text: string, metric: string, labels: string) {
  const lines = text.split('\n').filter((line) => line.startsWith(metric) && line.includes(labels));
  return lines.flatMap((line) => {
    const [, traceId, spanId, value, timestamp] = EXEMPLAR.exec(line) ?? [];
    if (spanId === undefined) return [];
    const le = / ?le="([^"]*)"/.exec(line)?.[1];
    return [{ le, traceId, spanId, value: Number(value), timestamp: Number(timestamp) }];
  });
}

const BUCKET = 'tta_workflow_duration_seconds_bucket';
const paidModel = (id: string, price: () => number = () => 3) => {
  const usage = { inputTokens: 1, outputTokens: 1 };
  return llm({ provider: 'openai', id, generate: () => Promise.resolve({ text: 'hi', dollars: price(), usage }) });
};
const ASK = { messages: [{ role: 'user', content: 'hi' }] } as const;
const wait = (name: string) =>
  workflow(
    name,
    task('ex wait', (ms: number, { clock, signal }) => clock.sleep(ms, signal)),
  );

describe('exemplars', () => {
  it('are on the bucket of a duration, and on dollars: the trace of an execution that was sampled', async () => {
    const { exemplars, spans, text } = start();
    const begun = Date.now() / 1_000;
    await workflow('ex paid', paidModel('ex-model')).execute(ASK);
    const [outer] = spans().filter(({ name }) => name === 'invoke_workflow ex paid');
    const [call] = spans().filter(({ name }) => name === 'chat ex-model');
    const [duration, ...more] = await exemplars(BUCKET, 'ex paid');
    expect(more).toEqual([]);
    expect(duration).toMatchObject({ traceId: outer?.traceId, spanId: outer?.spanId });
    expect(duration?.value).toBeLessThanOrEqual(Number(duration?.le));
    expect(duration?.timestamp).toBeGreaterThanOrEqual(begun);
    for (const [metric, labels] of [
      ['tta_llm_cost_total', 'ex-model'],
      ['tta_workflow_llm_cost_total', 'ex paid'],
      ['tta_tenant_llm_cost_total', '__none__'],
    ] as const) {
      expect(await exemplars(metric, labels)).toEqual([
        expect.objectContaining({ value: 3, traceId: call?.traceId, spanId: call?.spanId }),
      ]);
    }
    expect(await text()).not.toContain(' # ');
  });

  it('mark their spans, and few others', async () => {
    const { marked, exemplars, spans } = start();
    const work = wait('marked');
    for (let i = 0; i < 100; i += 1) await work.execute(1);
    const shown = [
      ...(await exemplars(BUCKET, 'workflow_name="marked"')),
      ...(await exemplars('tta_execution_duration_seconds_bucket')),
    ];
    expect(shown.length).toBeGreaterThan(1);
    expect(marked()).toEqual(expect.arrayContaining(shown.map(({ spanId }) => spanId)));
    // Two magnitudes may be in one bucket, which shows one of them.
    expect(spans().length).toBe(200);
    expect(marked().length).toBeLessThan(20);
  });

  it('of a slow execution stays beside those of many fast ones, each in the bucket of its value', async () => {
    const { exemplars, spans } = start();
    const clock = createVirtualClock();
    const work = wait('ex slow');
    for (const ms of [20_000, ...Array.from({ length: 100 }, () => 2), 300]) {
      const execution = work.execute(ms, { context: { clock } });
      await clock.advance(ms);
      await execution;
    }
    const found = await exemplars(BUCKET, 'ex slow');
    expect(found.map(({ le, value }) => [le, value])).toEqual([
      ['0.005', 0.002],
      ['0.5', 0.3],
      ['30', 20],
    ]);
    const traces = spans()
      .filter(({ name }) => name === 'invoke_workflow ex slow')
      .map(({ traceId }) => traceId);
    expect(found.map(({ traceId }) => traceId)).toEqual([traces[1], traces.at(-1), traces[0]]);
  });

  it('of dollars is the most expensive call since the last scrape, and none of a call without a cost', async () => {
    const { exemplars } = start();
    const prices = [0, 1, 5, 0, 2, 0, 0.5];
    const paid = workflow(
      'ex prices',
      paidModel('ex-prices', () => prices.shift() ?? 0),
    );
    const shown = async (calls: number) => {
      for (let i = 0; i < calls; i += 1) await paid.execute(ASK);
      return (await exemplars('tta_workflow_llm_cost_total', 'ex prices')).map(({ value }) => value);
    };
    expect([await shown(1), await shown(4), await shown(1), await shown(1)]).toEqual([[], [5], [5], [0.5]]);
  });

  it('of dollars is there too when the model answers after the execution has ended', async () => {
    const { exemplars, spans } = start();
    let answer = () => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const late = llm({
      provider: 'openai',
      id: 'ex-late',
      generate: () => answered.then(() => ({ text: 'hi', dollars: 3, usage: { inputTokens: 1, outputTokens: 1 } })),
    });
    const work = workflow('ex late', timeout(late, { timeoutMs: 5 }));
    await expect(work.execute(ASK)).rejects.toThrow('5 ms');
    answer();
    await vi.waitFor(async () => {
      const call = spans().find(({ name }) => name === 'chat ex-late');
      expect(await exemplars('tta_workflow_llm_cost_total', 'ex late')).toEqual([
        expect.objectContaining({ value: 3, traceId: call?.traceId, spanId: call?.spanId }),
      ]);
    });
  });

  it('are new after each scrape, and stay until there are newer ones', async () => {
    const { exemplars, spans } = start();
    const work = workflow(
      'ex again',
      task('ex step', () => 1),
    );
    const shown = async () => (await exemplars(BUCKET, 'ex again')).map(({ traceId }) => traceId);
    await work.execute();
    const first = await shown();
    expect(await shown()).toEqual(first);
    for (let i = 0; i < 20; i++) await work.execute();
    const later = await shown();
    expect(later).not.toEqual(first);
    expect(spans().map(({ traceId }) => traceId)).toEqual(expect.arrayContaining(later));
  });

  it('of a failed call is on the duration of its model', async () => {
    const { exemplars, spans } = start();
    const broken = llm({ provider: 'openai', id: 'ex-broken', generate: () => Promise.reject(new Error('no')) });
    await expect(broken.execute(ASK)).rejects.toThrow('no');
    expect(await exemplars('tta_llm_request_duration_seconds_bucket', 'ex-broken')).toEqual([
      expect.objectContaining({ traceId: spans()[0]?.traceId, spanId: spans()[0]?.spanId }),
    ]);
  });

  it.each([
    ['at ratio 0', new TraceIdRatioBasedSampler(0)],
    ['where spans are recorded and not sampled', { shouldSample: () => ({ decision: SamplingDecision.RECORD }) }],
    [
      'where nothing is recorded below a sampled span',
      { shouldSample: () => ({ decision: SamplingDecision.NOT_RECORD }) },
    ],
  ] as const)('are none %s', async (what, sampler) => {
    const { exemplars } = start({}, { sampler: sampler as Sampler });
    const work = workflow(`ex ${what}`, paidModel('ex-unsampled'));
    await context.with(trace.setSpanContext(ROOT_CONTEXT, REMOTE), () => work.execute(ASK));
    expect(await exemplars('tta_', `ex ${what}`)).toEqual([]);
    expect(await exemplars('tta_', 'ex-unsampled')).toEqual([]);
  });

  it('are none below a sampled span from elsewhere while no tracer is registered', async () => {
    const { exemplars } = start({}, { traces: false });
    const work = workflow('ex untraced', paidModel('ex-untraced'));
    await context.with(trace.setSpanContext(ROOT_CONTEXT, REMOTE), () => work.execute(ASK));
    expect(await exemplars('tta_')).toEqual([]);
  });

  it('are none with `exemplars: false`, and with OTEL_METRICS_EXEMPLAR_FILTER=always_off', async () => {
    const { exemplars } = start({ exemplars: false });
    await workflow('ex off', paidModel('ex-off')).execute(ASK);
    expect(await exemplars('tta_')).toEqual([]);
    vi.stubEnv('OTEL_METRICS_EXEMPLAR_FILTER', 'always_off');
    undo.push(() => vi.unstubAllEnvs());
    for (const each of undo.splice(0, 5).reverse()) await each();
    const byVariable = start();
    await workflow('ex off', paidModel('ex-off')).execute(ASK);
    expect(await byVariable.exemplars('tta_')).toEqual([]);
  });

  it('keep an execution whole whose span throws', async () => {
    const { exemplars } = start();
    const tracer = { startSpan: () => hostileSpan };
    trace.disable();
    trace.setGlobalTracerProvider({ getTracer: () => tracer as never });
    expect(
      await workflow(
        'ex hostile',
        task('ex step', () => 1),
      ).execute(),
    ).toBe(1);
    expect(await exemplars(BUCKET, 'ex hostile')).toEqual([]);
  });

  it('keep no text that is longer than the ids', async () => {
    const { exemplars } = start();
    const ids = { traceId: `${'a'.repeat(32)}${'b'.repeat(100_000)}`, spanId: 'c"'.repeat(8), traceFlags: 1 };
    trace.disable();
    trace.setGlobalTracerProvider({
      getTracer: () =>
        ({
          startSpan: () => ({ ...trace.wrapSpanContext(ids), isRecording: () => true, spanContext: () => ids }),
        }) as never,
    });
    await workflow(
      'ex long',
      task('ex step', () => 1),
    ).execute();
    expect(await exemplars(BUCKET, 'ex long')).toEqual([]);
  });
});

const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
};

const hostileSpan = new Proxy(
  {},
  {
    get: () => () => {
      throw new Error('a hostile span');
    },
  },
);
