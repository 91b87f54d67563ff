import { createRequire } from 'node:module';
import {
  context,
  createContextKey,
  metrics,
  type ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  trace,
} from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { llm, task, workflow } from '../../src/index.ts';
import { parseExposition } from '../../src/prometheus/parse.ts';
import { type RegisterOptions, register, type Telemetry } from '../../src/sdk/index.ts';
import { setMaxTenants } from '../../src/telemetry/record/tenant.ts';
import { scriptedModel } from '../../src/testing/index.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';
import { scrape, total } from '../support/scrape.ts';
import { captureWarnings } from '../support/warnings.ts';

let sink: OtlpSink;
let handle: Telemetry | undefined;
let warnings: string[];

beforeEach(async () => {
  sink = await startSink();
  warnings = captureWarnings();
});
afterEach(async () => {
  await handle?.shutdown();
  handle = undefined;
  vi.restoreAllMocks();
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
  await sink.stop();
});

async function start(options: RegisterOptions = {}): Promise<Telemetry> {
  handle = await register({ traces: { endpoint: sink.url }, prometheus: { port: 0 }, ...options });
  return handle;
}
const read = async (sdk: Telemetry) => parseExposition(await sdk.metrics());

describe('register', () => {
  it('has the providers in place before its promise resolves', async () => {
    const pending = start();
    // By their names: a package of the 3.x SDK is one copy for `import` and another for `require`.
    const providers = [(trace.getTracerProvider() as ProxyTracerProvider).getDelegate(), metrics.getMeterProvider()];
    expect(providers.map((provider) => provider.constructor.name)).toEqual(['NodeTracerProvider', 'MeterProvider']);
    await pending;
  });

  it('shows zeros of what was built before it, from the first scrape on', async () => {
    workflow(
      'early flow',
      task('early', () => 1),
    );
    const sdk = await start();
    const seen = await scrape(sdk.metricsUrl as string);
    const of = (name: string, labels: Record<string, string>) =>
      seen.samples.filter(
        (sample) => sample.name === name && Object.entries(labels).every(([k, v]) => sample.labels[k] === v),
      );
    for (const status of ['success', 'failure']) {
      const job = 'tta-primitives';
      expect(of('tta_primitive_executions_total', { primitive_name: 'early', status, job })).toMatchObject([
        { value: 0 },
      ]);
      expect(of('tta_workflow_executions_total', { workflow_name: 'early flow', status, job })).toMatchObject([
        { value: 0 },
      ]);
    }
  });

  it('puts the service name as job on every series, after what the environment says', async () => {
    process.env.OTEL_RESOURCE_ATTRIBUTES = 'job=other,team=search';
    const sdk = await start({ serviceName: 'orders' });
    const { samples } = await read(sdk);
    expect(samples.length).toBeGreaterThan(10);
    expect(new Set(samples.map(({ labels }) => labels.job))).toEqual(new Set(['orders']));
    expect(samples.find(({ name }) => name === 'target_info')?.labels).toMatchObject({
      team: 'search',
      service_name: 'orders',
    });
    expect(samples.flatMap(({ labels }) => Object.keys(labels)).filter((key) => key.startsWith('otel_scope'))).toEqual(
      [],
    );
  });

  it('leaves job away where it is not wanted', async () => {
    const { samples } = await read(await start({ jobLabel: false }));
    expect(samples.filter(({ labels }) => 'job' in labels)).toEqual([]);
  });

  it('writes every resource attribute as a label that Prometheus can read', async () => {
    await start({ resourceAttributes: { service_name: 'twice', '1st': 'digit', team: 'search' } });
    const info = (await read(handle as Telemetry)).samples.find(({ name }) => name === 'target_info');
    expect(info?.labels).toEqual(
      expect.objectContaining({ service_name: 'tta-primitives;twice', _1st: 'digit', team: 'search' }),
    );
    expect(warnings).toEqual([]);
  });

  it('tells of the process itself', async () => {
    const seen = await read(await start());
    const value = (name: string) => total(seen, name);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(10e6);
    expect(value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1e6);
    const uptime = Date.now() / 1_000 - value('process_start_time_seconds');
    expect(uptime).toBeCloseTo(process.uptime(), 0);
    for (const quantile of ['p50', 'p90', 'p99', 'max'])
      expect(value(`nodejs_eventloop_delay_${quantile}_seconds`)).toBeLessThan(60);
  });

  it('gives the same handle when it is called again, and says once which options come too late', async () => {
    const first = await start({ serviceName: 'first' });
    expect(await register()).toBe(first);
    expect(await register({ serviceName: 'first' })).toBe(first);
    expect(warnings).toEqual([]);
    expect(await register({ serviceName: 'second', traces: { headers: { key: 'h1dden' } } })).toBe(first);
    expect(await register({ serviceName: 'third' })).toBe(first);
    expect(warnings).toEqual([expect.stringMatching(/serviceName, traces of this call are ignored/)]);
    expect(warnings.join()).not.toContain('h1dden');
  });

  it('starts again after shutdown: counts from 0, spans of the same primitives, its own context', async () => {
    const step = task('step', () => 1);
    const first = await start();
    await step.execute();
    await first.shutdown();
    await first.shutdown();
    expect(
      total(parseExposition(await first.metrics()), 'tta_primitive_executions_total', { primitive_name: 'step' }),
    ).toBe(1);
    expect(first.metricsUrl).toBeUndefined();
    expect(propagation.fields()).toEqual([]);
    const second = await start();
    expect(second).not.toBe(first);
    await workflow('flow', step).execute();
    await second.flush();
    expect(total(await read(second), 'tta_primitive_executions_total', { primitive_name: 'step' })).toBe(1);
    expect(sink.spans.map(({ name }) => name)).toEqual(['task step', 'task step', expect.stringContaining('flow')]);
    expect(sink.spans[1]?.parentSpanId).toBe(sink.spans[2]?.spanId);
  });

  it('called while a shutdown is under way starts after it', async () => {
    const first = await start();
    const ending = first.shutdown();
    const second = await start();
    await ending;
    expect(second).not.toBe(first);
    expect(second.metricsUrl).toBeDefined();
    expect(total(await scrape(second.metricsUrl as string), 'target_info')).toBe(1);
  });

  it('does nothing where OTEL_SDK_DISABLED is true', async () => {
    process.env.OTEL_SDK_DISABLED = 'TRUE';
    const sdk = await start();
    expect(sdk).toMatchObject({ metricsUrl: undefined, metricsError: undefined, tracesUrl: undefined });
    expect(await sdk.metrics()).toBe('');
    await sdk.flush();
    await sdk.shutdown();
    expect(metrics.getMeterProvider()).not.toBeInstanceOf(MeterProvider);
  });

  it('makes no spans with traces: false or OTEL_TRACES_EXPORTER=none, and counts all the same', async () => {
    const step = task('untraced', () => 1);
    process.env.OTEL_TRACES_EXPORTER = 'none';
    for (const options of [{ traces: undefined }, { traces: false }] as const) {
      const sdk = await start(options);
      delete process.env.OTEL_TRACES_EXPORTER;
      await step.execute();
      expect(sdk.tracesUrl).toBeUndefined();
      expect(total(await read(sdk), 'tta_primitive_executions_total', { primitive_name: 'untraced' })).toBe(1);
      await sdk.shutdown();
    }
  });

  it('opens no port with prometheus: false and still has the text', async () => {
    const sdk = await start({ prometheus: false });
    expect(sdk).toMatchObject({ metricsUrl: undefined, metricsError: undefined });
    expect(total(await read(sdk), 'target_info')).toBe(1);
  });

  it('hands every span to the processors it is given', async () => {
    const exporter = new InMemorySpanExporter();
    const sdk = await start({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    await task('step', () => 1).execute();
    await sdk.flush();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['task step']);
    expect(sink.spans).toHaveLength(1);
  });
});

describe('a collection that fails', () => {
  it('in part shows the rest, and is told once', async () => {
    const sdk = await start();
    metrics
      .getMeter('theirs')
      .createObservableGauge('broken')
      .addCallback(() => {
        throw new Error('their callback, token=s3cret');
      });
    for (let i = 0; i < 2; i++) expect(total(await scrape(sdk.metricsUrl as string), 'target_info')).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('their callback')]);
    expect(warnings.join()).not.toContain('s3cret');
  });

  it('because a callback never ends shows the rest after the deadline, also after the shutdown', async () => {
    const sdk = await start({ flushTimeoutMs: 1_000 });
    const gauge = metrics.getMeter('theirs').createObservableGauge('stuck');
    gauge.addCallback(() => new Promise(() => {}));
    await sdk.shutdown();
    expect(total(parseExposition(await sdk.metrics()), 'target_info')).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('did not end in time')]);
  });

  it('as a whole is a failed scrape and a rejection, with the reason', async () => {
    const sdk = await start();
    // The one that register loads: another one can be imported here.
    const { PrometheusExporter } = createRequire(import.meta.url)('@opentelemetry/exporter-prometheus');
    const MetricReader = Object.getPrototypeOf(PrometheusExporter);
    vi.spyOn(MetricReader.prototype, 'collect').mockRejectedValue(new Error('no memory, token=s3cret'));
    const response = await fetch(sdk.metricsUrl as string);
    expect([response.status, await response.text()]).toEqual([
      503,
      expect.stringContaining('could not be collected: no memory'),
    ]);
    await expect(sdk.metrics()).rejects.toThrow('no memory');
    vi.restoreAllMocks();
    expect(total(await read(sdk), 'tta_scrape_failures_total')).toBeGreaterThanOrEqual(1);
  });
});

describe('another SDK', () => {
  afterEach(() => {
    trace.disable();
    metrics.disable();
    context.disable();
    propagation.disable();
  });

  it('stays where it is, sees the primitives, and is told how to show the schema', async () => {
    const exporter = new InMemorySpanExporter();
    const tracerProvider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    tracerProvider.register();
    const meterProvider = new MeterProvider();
    metrics.setGlobalMeterProvider(meterProvider);
    const sdk = await start({ traces: undefined });
    await task('step', () => 1).execute();
    expect(exporter.getFinishedSpans()).toHaveLength(1);
    expect(sdk).toMatchObject({ metricsUrl: undefined, tracesUrl: undefined });
    expect(warnings).toEqual([expect.stringContaining('tta-primitives/views')]);
    await sdk.shutdown();
    expect(metrics.getMeterProvider()).toBe(meterProvider);
    expect((trace.getTracerProvider() as ProxyTracerProvider).getDelegate()).toBe(tracerProvider);
    expect(propagation.fields()).not.toEqual([]);
  });

  it('of traces, beside an endpoint of ours, is nothing to warn of', async () => {
    process.env.OTEL_METRICS_EXPORTER = 'none';
    process.env.OTEL_EXPORTER_PROMETHEUS_PORT = '0';
    new NodeTracerProvider().register();
    const sdk = await start({ traces: undefined, prometheus: undefined });
    expect(sdk).toMatchObject({ metricsUrl: expect.any(String), tracesUrl: undefined });
    expect(warnings).toEqual([]);
    await sdk.shutdown();
  });

  it('of traces is told which options about spans have no effect', async () => {
    new NodeTracerProvider().register();
    const sdk = await start({ sampleRatio: 0.5 });
    expect(warnings).toEqual([expect.stringContaining('traces, sampleRatio is ignored')]);
    await sdk.shutdown();
  });

  it('that brought only context and propagation keeps them', async () => {
    new NodeTracerProvider().register();
    trace.disable();
    const before = propagation.fields();
    const sdk = await start();
    await sdk.shutdown();
    expect(propagation.fields()).toEqual(before);
    const key = createContextKey('kept');
    expect(context.with(ROOT_CONTEXT.setValue(key, 1), () => context.active().getValue(key))).toBe(1);
    expect(warnings).toEqual([]);
  });
});

it('shows as many tenants by name as it is told', async () => {
  const sdk = await start({ maxTenants: 1 });
  onTestFinished(() => setMaxTenants(100));
  const ask = llm(
    scriptedModel([{ text: 'yes', usage: { inputTokens: 1_000, outputTokens: 0 } }], {
      provider: 'openai',
      id: 'gpt-4',
    }),
  );
  for (const tenant of ['one', 'two']) await ask.execute('Is it?', { context: { tenant } });
  const names = [...(await sdk.metrics()).matchAll(/tta_tenant_llm_cost_total\{tenant="(\w+)"/g)].map(
    ([, name]) => name,
  );
  expect(names).toEqual(['__none__', 'one', '__other__']);
});

describe('wrong options', () => {
  it.each<[unknown, RegExp]>([
    [{ servicename: 'x' }, /no option "servicename".*serviceName/],
    [{ serviceName: ' ' }, /serviceName must be a text that is not empty, got " "/],
    [{ maxTenants: 5_000 }, /maxTenants must be a whole number from 0 to 1900, got 5000/],
    [{ sampleRatio: 1.5 }, /sampleRatio must be a number from 0 to 1, got 1.5/],
    [{ flushTimeoutMs: 0 }, /flushTimeoutMs must be/],
    [{ jobLabel: 'yes' }, /jobLabel must be true or false/],
    [{ prometheus: { port: 65_536 } }, /prometheus.port must be a whole number from 0 to 65535, got 65536/],
    [{ prometheus: { host: 1 } }, /prometheus.host must be/],
    [{ prometheus: { prot: 1 } }, /no option "prot"; known are host, port, /],
    [{ traces: { endpoint: 'localhost:4318' } }, /traces.endpoint must be a URL that starts with http:/],
    [{ traces: { headers: { a: 1 } } }, /traces.headers\["a"\] must be a text, got a number/],
    [null, /must be an object/],
  ])('%j is refused at the door', async (options, message) => {
    await expect(register(options as RegisterOptions)).rejects.toThrow(message);
    expect(metrics.getMeterProvider()).not.toBeInstanceOf(MeterProvider);
  });

  it('quotes no credential', async () => {
    const options = { traces: { endpoint: 'ftp://user:pa55word@host' } };
    await expect(register(options)).rejects.not.toThrow(/pa55word/);
  });
});
