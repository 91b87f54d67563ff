import { readdirSync } from 'node:fs';
import { metrics } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bulkhead, cache, circuitBreaker, fallback, rateLimit, retry, task, workflow } from '../../../src/index.ts';
import { MAX_SAMPLES } from '../../../src/prometheus/options.ts';
import { register, type Telemetry } from '../../../src/sdk/index.ts';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText } from '../../support/deployment.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';

/** Configurations that have a scrape job of applications. */
const FILES = readdirSync(collectorPath('.'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.ya?ml$/.test(path))
  .filter((path) => /job_name: tta-primitives|kind: (?:Pod|Service)Monitor/.test(collectorText(path)));

describe('the limit of samples', () => {
  it.each(FILES)('of %s is what one process shows at most', (path) => {
    const limits = [...collectorText(path).matchAll(/sample_?limit: (\d+)/gi)].map(([, limit]) => Number(limit));
    expect(limits).toEqual([MAX_SAMPLES]);
  });

  it('is in all six files', () => {
    expect(FILES).toHaveLength(6);
  });
});

const NAMES = 2_500;

/** Names made of data, on every kind that has metrics of its own: without limits, 250,000 samples. */
async function runEveryName(): Promise<void> {
  const step = task('step', (n: number) => n);
  for (let n = 0; n < NAMES; n += 1) {
    const name = `tenant-${n}`;
    const guarded = circuitBreaker(rateLimit(step, { name, permits: 9, perMs: 60_000 }), {
      name,
      consecutiveFailures: 2,
      openMs: 60_000,
    });
    const kept = cache(retry(fallback(guarded, [step], { name }), { name }), { name, key: String });
    await workflow(name, bulkhead(kept, { name, concurrency: 1 })).execute(n);
  }
}

/** Metrics of the program itself: as many sets of labels as a metric may have, and then more. */
async function countEveryCustomer(): Promise<void> {
  const meter = metrics.getMeter('shop');
  const counters = Array.from({ length: 40 }, (_, i) => meter.createCounter(`shop_${i}`));
  for (const customers of [NAMES - 600, NAMES]) {
    for (const counter of counters) for (let n = 0; n < customers; n += 1) counter.add(1, { customer: n });
    await telemetry.metrics();
  }
}

let telemetry: Telemetry;

// The names of primitives stay for the life of the process: the metrics of the program come first.
describe.each([
  ['prometheus', countEveryCustomer, 'shop_0_total'],
  ['prometheus', runEveryName, 'tta_workflow_duration_seconds'],
  ['prometheus-3', runEveryName, 'tta_workflow_duration_seconds'],
] as const)('scraped by %s, a process with every metric at its limit (%o)', (name, fill, folded) => {
  const program = component(name);
  let prometheus: Prometheus;

  beforeAll(async () => {
    if (program === undefined) return;
    telemetry = await register({ prometheus: { port: 0 }, traces: false });
    await telemetry.metrics();
    await fill();
    prometheus = await startPrometheus(program, new URL(telemetry.metricsUrl as string).host, {
      editConfiguration: (text) => text.replace(/rule_files:\n.*\n/, ''),
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await telemetry?.shutdown();
  });

  it.skipIf(program === undefined)('stays up, with as many samples as it may have', async () => {
    const samples = await eventually('a scrape', async () => {
      const [found] = await prometheus.query('scrape_samples_scraped{job="tta-primitives"}');
      return found === undefined || Number(found.value[1]) === 0 ? undefined : Number(found.value[1]);
    });
    const target = (await prometheus.targets()).find(({ labels }) => labels.job === 'tta-primitives');
    expect(target).toMatchObject({ health: 'up', lastError: '' });
    expect(samples).toBeLessThanOrEqual(MAX_SAMPLES);
    expect(samples).toBeGreaterThan(MAX_SAMPLES * 0.97);
  });

  it.skipIf(program === undefined)('says which metrics are cut', async () => {
    const found = await eventually('a metric that is cut', async () => {
      const series = await prometheus.query('tta_series_overflow_total > 0');
      return series.length > 1 ? series.map(({ metric }) => metric.metric) : undefined;
    });
    expect(found).toContain(folded);
    expect(found).not.toContain('__other__');
  });
});
