import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_SAMPLES } from '../../../src/prometheus/options.ts';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { ENTRY, endChildren, runModule } from '../../support/child.ts';
import { build } from '../../support/tta.ts';
import { runDoctor, serve, serveTexts, startApp } from './fixtures.ts';

beforeAll(build);
afterAll(endChildren);

const OURS = 'tta_spans_lost_total{reason="shutdown"} 0\n';

describe('what the endpoint says about itself', () => {
  it('is ok in a healthy program', async () => {
    const { url } = await startApp();
    const found = await runDoctor(url);
    for (const check of ['exporter', 'samples', 'dropped', 'callbacks', 'refusals'])
      expect(found[check]?.verdict, JSON.stringify(found[check])).toBe('ok');
    expect(found.samples?.detail).toMatch(/^\d+ samples, of 50000 that a scrape may have$/);
    expect(found.workers).toMatchObject({
      verdict: 'skipped',
      detail: 'the metrics are of one process without workers',
    });
  });

  it.each([
    [
      'dropped',
      'tta_scrape_dropped_total{reason="conflict"} 3\ntta_scrape_dropped_total{reason="name"} 0\n',
      'Measurements that no scrape shows: 3 conflict',
      REMEDY.dropped,
    ],
    [
      'callbacks',
      'tta_scrape_callback_errors_total{reason="timeout"} 2\n',
      'Callbacks of observable instruments that gave no values: 2 timeout',
      REMEDY.callbacks,
    ],
    [
      'refusals',
      'tta_scrape_failures_total 1\n',
      'Scrapes that the endpoint has answered with 503: 1',
      REMEDY.endpointFails,
    ],
    [
      'pushes',
      'tta_metrics_push_failures_total 4\n',
      'Deliveries of the metrics by OTLP that failed: 4',
      REMEDY.pushFails,
    ],
    [
      'workers',
      'tta_scrape_workers{state="answered"} 3\ntta_scrape_workers{state="stuck"} 1\n',
      '3 of 4 workers gave their metrics',
      REMEDY.workerStuck,
    ],
  ] as const)('is a warning of %s', async (check, text, detail, remedy) => {
    const found = await runDoctor(await serveTexts(OURS + text));
    expect(found[check]).toMatchObject({ verdict: 'warning', detail, remedy });
  });

  it('is a warning of a callback that never ends, for which every scrape waits', async () => {
    const { url } = await startApp(`
      const { metrics } = await import(${JSON.stringify(import.meta.resolve('@opentelemetry/api'))});
      metrics.getMeter('shop').createObservableGauge('stuck').addCallback(() => new Promise(() => {}));`);
    const { endpoint, callbacks } = await runDoctor(url);
    expect(endpoint?.verdict).toBe('ok');
    expect(callbacks).toMatchObject({ verdict: 'warning', remedy: REMEDY.callbacks });
    expect(callbacks?.detail).toMatch(/: \d timeout$/);
  });

  it('is ok when all workers answer', async () => {
    const { workers } = await runDoctor(await serveTexts(`${OURS}tta_scrape_workers{state="answered"} 3\n`));
    expect(workers).toMatchObject({ verdict: 'ok', detail: '3 of 3 workers gave their metrics' });
  });

  it('is a warning when a scrape is nearly full', async () => {
    const many = Array.from({ length: MAX_SAMPLES * 0.9 }, (_, i) => `x{i="${i}"} 1\n`).join('');
    const { samples } = await runDoctor(await serveTexts(OURS + many));
    expect(samples).toMatchObject({ verdict: 'warning', remedy: REMEDY.nearlyFull });
  });

  it('is skipped when the endpoint does not answer, and where it is not ours', async () => {
    const other = await runDoctor(await serveTexts('node_load1 0.5\n'));
    expect(other.exporter).toMatchObject({ verdict: 'skipped' });
    expect(other.dropped).toMatchObject({ verdict: 'skipped' });
    const silent = await runDoctor(await serve((_, response) => response.destroy()));
    expect(silent.exporter).toMatchObject({ verdict: 'skipped', detail: 'the endpoint could not be read' });
  });
});

describe('a program with worker threads', () => {
  /** @param work what each of the two threads does once it has started */
  async function startThreads(...work: readonly string[]): Promise<string> {
    const source = (then: string) => `
      import { task } from '${ENTRY.main}';
      import { parentPort } from 'node:worker_threads';
      await task('work', () => {}).execute();
      setInterval(() => {}, 1_000);
      parentPort.postMessage('ready');
      setTimeout(() => { ${then} }, 100);`;
    const urls = work.map((then) => `data:text/javascript,${encodeURIComponent(source(then))}`);
    const child = runModule(
      `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      import { register } from '${ENTRY.sdk}';
      const sdk = await register();
      for (const url of ${JSON.stringify(urls)}) await once(new Worker(new URL(url)), 'message');
      await new Promise((go) => setTimeout(go, 300));
      console.log('metrics at ' + sdk.metricsUrl);`,
      { flags: ['--import', ENTRY.register], env: { OTEL_TRACES_EXPORTER: 'none' } },
    );
    return child.says('metrics at ');
  }

  it('is ok when they answer', async () => {
    const { workers } = await runDoctor(await startThreads('', ''), { timeoutMs: 5_000 });
    expect(workers).toMatchObject({ verdict: 'ok', detail: '2 of 2 workers gave their metrics' });
  });

  it('is a warning when one is busy', async () => {
    const { workers } = await runDoctor(await startThreads('', 'for (;;);'), { timeoutMs: 5_000 });
    expect(workers).toMatchObject({
      verdict: 'warning',
      detail: '1 of 2 workers gave their metrics',
      remedy: REMEDY.workerStuck,
    });
  });
});

describe("OpenTelemetry's own exporter", () => {
  /** A program with that exporter, with `views` or without. */
  async function startStock(views: string): Promise<string> {
    const child = runModule(`
      import { metrics } from '@opentelemetry/api';
      import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
      import { MeterProvider } from '@opentelemetry/sdk-metrics';
      import { task } from '${ENTRY.main}';
      import { ttaViews } from '${ENTRY.views}';
      const exporter = new PrometheusExporter({ host: '127.0.0.1', port: 0, preventServerStart: true, withoutScopeInfo: true });
      metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter], views: ${views} }));
      const { createServer } = await import('node:http');
      const server = createServer((request, response) => exporter.getMetricsRequestHandler(request, response));
      await new Promise((done) => server.listen(0, '127.0.0.1', done));
      const work = task('work', () => {});
      setInterval(() => work.execute(), 10);
      await work.execute();
      console.log('metrics at http://127.0.0.1:' + server.address().port + '/metrics');`);
    return child.says('metrics at ');
  }

  it('with ttaViews is a warning that says what is missing', async () => {
    const { exporter, data } = await runDoctor(await startStock('[...ttaViews]'));
    expect(data?.verdict).toBe('ok');
    expect(exporter).toMatchObject({ verdict: 'warning', remedy: REMEDY.exporter });
  });

  it('without ttaViews is a failure', async () => {
    const { exporter } = await runDoctor(await startStock('[]'));
    expect(exporter).toMatchObject({ verdict: 'failure', remedy: REMEDY.noViews });
  });
});

describe('an endpoint that refuses', () => {
  it.each([
    [401, REMEDY.endpointToken],
    [403, REMEDY.endpointHost],
    [503, REMEDY.endpointFails],
    [500, REMEDY.noMetrics],
  ])('with %d is a failure with its own remedy', async (status, remedy) => {
    const { endpoint, exporter } = await runDoctor(
      await serve((_, response) => response.writeHead(status).end('the reason\n')),
    );
    expect(endpoint).toMatchObject({ verdict: 'failure', remedy });
    expect(endpoint?.detail).toMatch(new RegExp(`answers ${status}: the reason$`));
    expect(exporter?.verdict).toBe('skipped');
  });

  it('with a token is a failure without that token, and ok with it', async () => {
    const { url } = await startApp(undefined, { TTA_PROMETHEUS_TOKEN: 'secret' });
    const without = await runDoctor(url);
    expect(without.endpoint).toMatchObject({ verdict: 'failure', remedy: REMEDY.endpointToken });
    const { endpoint, exporter } = await runDoctor(url, { metricsHeaders: { authorization: 'Bearer secret' } });
    expect([endpoint?.verdict, exporter?.verdict]).toEqual(['ok', 'ok']);
  });

  it('is asked with the headers that it needs', async () => {
    const asked = new Set<string | undefined>();
    const url = await serve(({ headers }, response) => {
      asked.add(headers.authorization);
      response.end(OURS);
    });
    await runDoctor(url, { metricsHeaders: { authorization: 'Bearer secret' } });
    expect([...asked]).toEqual(['Bearer secret']);
  });
});
