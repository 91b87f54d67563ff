/**
 * What a scrape costs, beside the exporter of OpenTelemetry and prom-client, in the same rounds of the same process.
 * Between two scrapes every series changes.
 */
import { PrometheusExporter as StockExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { Counter, Histogram, Registry } from 'prom-client';
import { PrometheusExporter } from '../../src/prometheus/index.js';
import { DURATION_BOUNDS } from '../../views/buckets.js';

/** Series per metric: the SDK's own exporter has 2,000 at most. */
const PER_METRIC = 1_000;
const ROUNDS = 11;
const WARM_UP = 3;

interface Labels {
  readonly [name: string]: string;
}

/** What is measured. */
interface Subject {
  readonly name: string;
  /** Adds a value to every series, as a program does: with new objects of labels. */
  change(round: number): void;
  scrape(): Promise<unknown>;
}

function labelsOf(i: number): Labels {
  return { route: `/orders/${i % PER_METRIC}`, method: i % 2 === 0 ? 'GET' : 'POST', status_code: '200' };
}

type Add = (i: number, value: number) => void;

function openTelemetry(name: string, series: number, exporter: StockExporter, scrape: () => Promise<unknown>): Subject {
  const meter = new MeterProvider({ readers: [exporter] }).getMeter('bench');
  const metrics = Math.ceil(series / PER_METRIC);
  const histograms = Array.from({ length: metrics }, (_, i) =>
    meter.createHistogram(`request_${i}_duration_seconds`, {
      advice: { explicitBucketBoundaries: [...DURATION_BOUNDS] },
    }),
  );
  const counters = Array.from({ length: metrics }, (_, i) => meter.createCounter(`requests_${i}_total`));
  return subject(name, series, scrape, (i, value) => {
    histograms[Math.floor(i / PER_METRIC)]?.record(value, labelsOf(i));
    counters[Math.floor(i / PER_METRIC)]?.add(1, labelsOf(i));
  });
}

function subject(name: string, series: number, scrape: () => Promise<unknown>, add: Add): Subject {
  return {
    name,
    scrape,
    change(round) {
      for (let i = 0; i < series; i += 1) add(i, ((i * 7 + round) % 1_000) / 100);
    },
  };
}

function ours(series: number): Subject {
  const exporter = new PrometheusExporter({ preventServerStart: true, maxSamples: 1e6 });
  return openTelemetry('tta-primitives', series, exporter, () => exporter.read());
}

function stock(series: number): Subject {
  const exporter = new StockExporter({ preventServerStart: true });
  const scrape = () =>
    new Promise<string>((resolve) =>
      exporter.getMetricsRequestHandler({} as never, { setHeader() {}, end: resolve } as never),
    );
  return openTelemetry('exporter-prometheus', series, exporter, scrape);
}

function promClient(series: number): Subject {
  const registry = new Registry();
  const metrics = Math.ceil(series / PER_METRIC);
  const common = { help: 'help', labelNames: ['route', 'method', 'status_code'], registers: [registry] };
  const histograms = Array.from(
    { length: metrics },
    (_, i) => new Histogram({ ...common, name: `request_${i}_duration_seconds`, buckets: [...DURATION_BOUNDS] }),
  );
  const counters = Array.from({ length: metrics }, (_, i) => new Counter({ ...common, name: `requests_${i}_total` }));
  return subject(
    'prom-client',
    series,
    () => registry.metrics(),
    (i, value) => {
      histograms[Math.floor(i / PER_METRIC)]?.observe(labelsOf(i), value);
      counters[Math.floor(i / PER_METRIC)]?.inc(labelsOf(i));
    },
  );
}

export interface ScrapeResult {
  /** How many histograms, with as many counters. */
  readonly series: number;
  readonly name: string;
  /** Of the processor, in milliseconds, the median of the rounds. */
  readonly ms: number;
  /** The longest time without a turn for other work, in milliseconds, the median of the rounds. */
  readonly stallMs: number;
  /** Memory per histogram and counter. */
  readonly bytes: number;
}

export async function measureScrapes(series: number): Promise<ScrapeResult[]> {
  const subjects: { subject: Subject; bytes: number; ms: number[]; stalls: number[] }[] = [];
  for (const make of [ours, stock, promClient]) {
    const before = heap();
    const subject = make(series);
    for (let round = 0; round < WARM_UP; round += 1) {
      subject.change(round);
      await subject.scrape();
    }
    subjects.push({ subject, bytes: (heap() - before) / series, ms: [], stalls: [] });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { subject, ms, stalls } of round % 2 === 0 ? subjects : subjects.toReversed()) {
      subject.change(round);
      globalThis.gc?.();
      const longestWait = watchLoop();
      const start = process.cpuUsage();
      await subject.scrape();
      const { user, system } = process.cpuUsage(start);
      ms.push((user + system) / 1_000);
      stalls.push(await longestWait());
    }
  }
  return subjects.map(({ subject: { name }, bytes, ms, stalls }) => ({
    ...{ series, name, bytes },
    ms: median(ms),
    stallMs: median(stalls),
  }));
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Watches how long a timer of 1 ms waits. The function that it returns gives the longest time. */
function watchLoop(): () => Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  return async () => {
    // The timer may be due and not have had its turn yet.
    await new Promise((resolve) => setTimeout(resolve, 2));
    clearInterval(timer);
    return longest;
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
