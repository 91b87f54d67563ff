import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exporterOn } from '../../src/prometheus/exporter.ts';
import { Families } from '../../src/prometheus/families.ts';
import { PrometheusExporter, type PrometheusExporterOptions } from '../../src/prometheus/index.ts';
import { parseExposition, sumOf } from '../../src/prometheus/parse.ts';
import { SELF } from '../../src/prometheus/series.ts';
import { failedCallbacks } from '../../src/telemetry/scrapes.ts';

const Exporter = exporterOn(StockExporter);
let provider: MeterProvider | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await provider?.shutdown();
  provider = undefined;
});

function start(options: PrometheusExporterOptions = {}) {
  const warnings: string[] = [];
  const exporter = new Exporter({ preventServerStart: true, withoutScopeInfo: true, ...options }, undefined, {
    warn: (message) => warnings.push(message),
  });
  provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('shop');
  const value = async (name: string) => sumOf(parseExposition(await exporter.text()), name);
  return { exporter, meter, warnings, value };
}

const failed = () => failedCallbacks('failed').value;
const late = () => failedCallbacks('timeout').value;
const nothing = () => {};

describe('a metric that the scrape cannot have', () => {
  it('is named in a warning, each of them', async () => {
    const { exporter, meter, warnings } = start();
    for (const name of ['orders', 'refunds']) {
      meter.createCounter(`${name}_total`).add(1);
      meter.createHistogram(`${name}_total`).record(1);
      meter.createCounter(`bad_${name}`).add(Number.NaN);
    }
    for (let scrape = 0; scrape < 2; scrape += 1) await exporter.text();
    expect(warnings).toEqual([
      expect.stringMatching(/^The metric "orders_total" is a histogram.* Give it another name or other labels/),
      'The metric "bad_orders" has a value that a counter cannot have: the scrape is without it',
      expect.stringContaining('The metric "refunds_total" is a histogram'),
      'The metric "bad_refunds" has a value that a counter cannot have: the scrape is without it',
    ]);
  });
});

describe('a callback of an observable instrument', () => {
  const hostile = Object.defineProperty(new Error('hostile'), 'name', {
    get: () => {
      throw new Error('no name');
    },
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    ['rejects with nothing', () => Promise.reject()],
    ['rejects with null', () => Promise.reject(null)],
    ['rejects with a symbol', () => Promise.reject(Symbol('broken'))],
    ['rejects with what has no text', () => Promise.reject(Object.create(null))],
    ['rejects with an error whose name throws', () => Promise.reject(hostile)],
  ])('that %s costs its own metric only, and nothing that was counted', async (_, callback) => {
    const { meter, value, warnings } = start();
    const before = failed();
    meter.createObservableGauge('broken').addCallback(callback as never);
    meter.createObservableGauge('whole').addCallback((result) => result.observe(7));
    const orders = meter.createCounter('orders_total');
    for (let round = 1; round <= 2; round += 1) {
      orders.add(1);
      expect(await value('orders_total')).toBe(round);
    }
    expect(await value('whole')).toBe(7);
    expect(failed() - before).toBe(3);
    expect(warnings).toHaveLength(1);
  });

  it('that never ends costs its own metric and the deadline, for all scrapes that wait', async () => {
    const { exporter, meter, value, warnings } = start({ collectTimeoutMs: 50 });
    const before = late();
    const stuck = vi.fn(() => new Promise<void>(nothing));
    meter.createObservableGauge('stuck').addCallback(stuck);
    meter.createCounter('orders_total').add(1);
    const scrapes = await Promise.all([value('orders_total'), value('orders_total'), exporter.text('openmetrics')]);
    expect(scrapes.slice(0, 2)).toEqual([1, 1]);
    expect(stuck).toHaveBeenCalledTimes(1);
    expect(late() - before).toBe(1);
    expect(warnings).toEqual([expect.stringContaining('did not end in time')]);
  });

  it('is told with its error once, and not more than ten errors', async () => {
    const { exporter, meter, warnings } = start();
    for (let i = 0; i < 12; i += 1) {
      meter.createObservableGauge(`broken.${i}`).addCallback(() => Promise.reject(new Error(`cause ${i}`)));
    }
    for (let scrape = 0; scrape < 2; scrape += 1) await exporter.text();
    expect(warnings).toHaveLength(10);
    expect(warnings.slice(0, 2)).toEqual([expect.stringContaining('cause 0'), expect.stringContaining('cause 1')]);
  });

  it('gets as much time as the scrape that waits for the shortest time has', async () => {
    const { exporter, meter } = start();
    meter.createObservableGauge('stuck').addCallback(() => new Promise(nothing));
    const begin = performance.now();
    await Promise.all([exporter.read('text', 4_000), exporter.read('openmetrics', 60)]);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });

  it('gets less time than Prometheus says that it waits', async () => {
    const { exporter, meter } = start();
    meter.createObservableGauge('stuck').addCallback(() => new Promise(nothing));
    const begin = performance.now();
    const headers = { 'x-prometheus-scrape-timeout-seconds': '0.4' };
    const response = await exporter.respond(new Request('http://localhost/metrics', { headers }));
    expect(response.status).toBe(200);
    expect(performance.now() - begin).toBeLessThan(4_000);
  });

  it('that observes after the deadline changes nothing', async () => {
    const { meter, value } = start({ collectTimeoutMs: 20 });
    let delay = 0;
    meter.createObservableGauge('slow').addCallback(async (result) => {
      const observed = delay === 0 ? 1 : 2;
      await pause(delay);
      result.observe(observed);
    });
    expect(await value('slow')).toBe(1);
    delay = 60;
    await value('slow');
    await pause(80);
    delay = 0;
    expect(await value('slow')).toBe(1);
  });

  it('that reads the same exporter gets its answer after its deadline', async () => {
    const { exporter, meter, value } = start({ collectTimeoutMs: 50 });
    let inner: Promise<unknown> | undefined;
    meter.createObservableGauge('reader').addCallback(() => {
      inner ??= exporter.text();
      return inner as Promise<void>;
    });
    meter.createCounter('orders_total').add(1);
    expect(await value('orders_total')).toBe(1);
    expect(await inner).toContain('orders_total 1');
  });
});

describe('a source of metrics beside the SDK', () => {
  const scopeMetrics = [
    {
      scope: { name: 'other' },
      metrics: [
        {
          descriptor: { name: 'other', description: '', unit: '', valueType: 1, type: 'GAUGE' },
          aggregationTemporality: 1,
          dataPointType: 2,
          dataPoints: [{ startTime: [0, 0], endTime: [1, 0], attributes: {}, value: 5 }],
        },
      ],
    },
  ];

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects with nothing', () => Promise.reject()],
    ['never answers', () => new Promise(nothing)],
    ['answers with nothing', () => undefined],
    ['answers with junk', async () => ({ resourceMetrics: { scopeMetrics: 7 }, errors: null })],
  ])('that %s costs its own metrics only', async (_, collect) => {
    const whole = async () => ({ resourceMetrics: { scopeMetrics }, errors: [] });
    const metricProducers = [{ collect }, { collect: whole }] as never;
    const { meter, value } = start({ metricProducers, collectTimeoutMs: 50 });
    const orders = meter.createCounter('orders_total');
    orders.add(1);
    expect(await value('orders_total')).toBe(1);
    orders.add(1);
    expect([await value('orders_total'), await value('other')]).toEqual([2, 5]);
  });
});

describe('the exporter', () => {
  it('gives other work its turn while it writes', async () => {
    const { exporter, meter } = start({ maxSamples: 1e6 });
    for (let i = 0; i < 10; i += 1) {
      const duration = meter.createHistogram(`duration_${i}`);
      for (let j = 0; j < 1_000; j += 1) duration.record(1, { route: `/${j}` });
    }
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    await exporter.read();
    clearImmediate(next);
    expect(turns).toBeGreaterThan(3);
  });

  it('gives other work its turn while it adds the points of one metric', () => {
    const families = new Families({
      prefix: '',
      maxSeriesPerMetric: 10,
      maxSamples: 100,
      withScope: false,
      seriesTtlMs: Number.POSITIVE_INFINITY,
      tell: () => {},
    });
    const dataPoints = Array.from({ length: 100_000 }, (_, n) => ({ attributes: { n }, value: 1 }));
    const metric = { descriptor: { name: 'orders' }, dataPointType: 3, isMonotonic: true, dataPoints };
    const parts = families.adding(SELF, [{ scope: { name: 'shop' }, metrics: [metric as never] }]);
    expect([...parts].length).toBeGreaterThan(100);
    expect([...families].flatMap(({ series }) => [...series.values()])).toHaveLength(10);
  });

  it('after its shutdown answers with status 503 and the reason', async () => {
    const { exporter } = start();
    await provider?.shutdown();
    provider = undefined;
    const response = await exporter.respond(new Request('http://localhost/metrics'));
    expect([response.status, await response.text()]).toEqual([503, expect.stringContaining('shutdown')]);
    await expect(exporter.text()).rejects.toThrow('shutdown');
  });

  it('without a provider says so', async () => {
    const exporter = new PrometheusExporter({ preventServerStart: true });
    await expect(exporter.text()).rejects.toThrow(/not bound/);
  });

  it('gives all that was measured since the start to collect(), and what is read takes nothing from it', async () => {
    const { exporter, meter } = start();
    const orders = meter.createCounter('orders_total');
    const wait = meter.createHistogram('wait_seconds', { advice: { explicitBucketBoundaries: [1] } });
    for (let i = 0; i < 3; i += 1) {
      orders.add(2, { shop: 'north' });
      wait.record(i);
      await exporter.read();
    }
    const { resourceMetrics, errors } = await exporter.collect();
    expect(errors).toEqual([]);
    const [scope] = resourceMetrics.scopeMetrics;
    expect(scope?.scope.name).toBe('shop');
    expect(scope?.metrics).toMatchObject([
      {
        descriptor: { name: 'orders_total' },
        aggregationTemporality: 1,
        dataPoints: [{ value: 6, attributes: { shop: 'north' } }],
      },
      {
        descriptor: { name: 'wait_seconds' },
        dataPoints: [{ value: { count: 3, sum: 3, buckets: { counts: [2, 1] } } }],
      },
    ]);
  });

  it.each([
    ['text', /^orders_total 1 \d{13}$/m],
    ['openmetrics', /^orders_total 1 \d{10}(\.\d{1,3})?$/m],
  ] as const)('writes the time of the collection with appendTimestamp, as %s has it', async (format, line) => {
    const { exporter, meter } = start({ appendTimestamp: true });
    meter.createCounter('orders_total').add(1);
    expect(await exporter.text(format)).toMatch(line);
  });
});

describe('the callback of the constructor', () => {
  it('is called once, also when the exporter is not to listen', async () => {
    for (const preventServerStart of [true, false]) {
      const callback = vi.fn();
      const exporter = new PrometheusExporter({ port: 0, preventServerStart }, callback);
      expect(callback).not.toHaveBeenCalled();
      await vi.waitFor(() => expect(callback.mock.calls).toEqual([[]]));
      await exporter.stopServer();
    }
  });

  it('may be missing: that the port is taken is told all the same', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const warn = vi.spyOn(diag, 'warn').mockReturnValue();
    new PrometheusExporter({ port });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledWith(expect.stringMatching(/not served: .*EADDRINUSE/)));
    await new Promise((resolve) => other.close(resolve));
  });

  it('gets the error when the port is taken, and the exporter can listen later', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as { port: number };
    const callback = vi.fn();
    const exporter = new PrometheusExporter({ port }, callback);
    await vi.waitFor(() => expect(callback.mock.calls).toEqual([[expect.objectContaining({ code: 'EADDRINUSE' })]]));
    await new Promise((resolve) => other.close(resolve));
    await exporter.startServer();
    expect(exporter.url).toContain(String(port));
    await exporter.stopServer();
  });

  it('that throws is reported, and nothing else happens', async () => {
    const warn = vi.spyOn(diag, 'warn');
    new PrometheusExporter({ preventServerStart: true }, () => {
      throw new Error('theirs');
    });
    await vi.waitFor(() => expect(warn.mock.calls).toEqual([[expect.stringContaining('theirs')]]));
  });
});
