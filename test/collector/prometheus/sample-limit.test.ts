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

  it('is in all five files', () => {
    expect(FILES).toHaveLength(5);
  });
});

const NAMES = 2_500;

/** Names made of data, on every kind that has metrics of its own: without limits, 200,000 samples. */
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
  const meter = metrics.getMeter('shop');
  const latency = meter.createHistogram('shop_latency_seconds');
  const orders = meter.createCounter('shop_orders');
  for (let n = 0; n < NAMES; n += 1) {
    latency.record(1, { customer: n });
    orders.add(1, { customer: n });
  }
}

describe.each(['prometheus', 'prometheus-3'])('a process with every metric at its limit, scraped by %s', (name) => {
  const program = component(name);
  let telemetry: Telemetry;
  let prometheus: Prometheus;

  beforeAll(async () => {
    if (program === undefined) return;
    telemetry = await register({ prometheus: { port: 0 }, traces: false });
    await runEveryName();
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
    expect(samples).toBeGreaterThan(MAX_SAMPLES * 0.98);
  });
});
