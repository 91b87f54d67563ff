/**
 * Prometheus 2 is stopped, and 3 goes on with the same data. It names the bounds of buckets anew (`10` becomes `10.0`), but
 * not that of +Inf: what happened while no Prometheus ran is in the one and not in the others.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { task, workflow } from '../../../src/index.ts';
import { register, type Telemetry } from '../../../src/sdk/index.ts';
import { component } from '../../support/component.ts';
import { type Prometheus, startPrometheus } from '../../support/prometheus.ts';

const two = component('prometheus');
const three = component('prometheus-3');

/** A fifth of the shipped times, as far as they are minutes. */
const quick = (rules: string) =>
  rules
    .replaceAll('[5m]', '[1m]')
    .replace(/^( +for): (\d+)m$/gm, (_, name: string, minutes: string) => `${name}: ${Number(minutes) * 12}s`);

const SECONDS = { two: 75, without: 15, three: 100 };

describe.skipIf(two === undefined || three === undefined)('an upgrade from Prometheus 2 to 3', () => {
  let data = '';
  let telemetry: Telemetry;
  let prometheus: Prometheus;
  let work: NodeJS.Timeout;
  let began = 0;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'tta-upgrade-'));
    telemetry = await register({ prometheus: { port: 0 }, traces: false });
    // Its bounds, from 2.5 s on, are the whole numbers that are renamed.
    const digest = workflow(
      'digest',
      task('summarize', () => pause(3000)),
    );
    work = setInterval(() => void digest.execute(undefined), 50);
    began = Date.now() / 1000;
    const application = new URL(telemetry.metricsUrl as string).host;
    const before = await startPrometheus(two as string, application, { data, editRules: quick });
    await pause(SECONDS.two * 1000);
    await before.stop();
    await pause(SECONDS.without * 1000);
    prometheus = await startPrometheus(three as string, application, { data, editRules: quick });
    await pause(SECONDS.three * 1000);
  }, 300_000);

  afterAll(async () => {
    clearInterval(work);
    await prometheus?.stop();
    await telemetry?.shutdown();
    await rm(data, { recursive: true, force: true });
  });

  /** Every value from the beginning to now. */
  const values = async (expression: string) =>
    (await prometheus.queryRange(expression, began, Date.now() / 1000, 1)).flatMap(({ values }) =>
      values.map(([, value]) => Number(value)),
    );

  it('makes a percentile of the raw buckets far too high', async () => {
    const bounds = await prometheus.query('count by (le) (last_over_time(tta_workflow_duration_seconds_bucket[5m]))');
    expect(bounds.map(({ metric }) => metric.le)).toEqual(expect.arrayContaining(['10', '10.0', '+Inf']));
    const raw = 'histogram_quantile(0.95, sum by (le) (rate(tta_workflow_duration_seconds_bucket[1m])))';
    expect(Math.max(...(await values(raw)))).toBeGreaterThan(10);
  });

  it.each([
    ['tta:latency_p95_5m', 5.1],
    ['tta:latency_p99_5m', 5.1],
    ['tta:workflow_duration_p95_5m', 5.1],
    ['job:tta_workflow_slow_per_execution:ratio_rate5m', 0.01],
  ])('records no wrong value of %s, and right ones before and after', async (rule, most) => {
    const all = await values(rule);
    expect(Math.max(...all)).toBeLessThan(most);
    expect(all.length).toBeGreaterThan(60);
    expect(await prometheus.query(rule)).not.toEqual([]);
  });

  it('meets the objective all the time', async () => {
    expect(new Set(await values('tta:sli_latency_5m'))).toEqual(new Set([1]));
  });

  // After a minute of data, the time without Prometheus is much of a day, too: alerts that wait for hours are pending.
  it('sets off no alert about latency', async () => {
    const alerts = await prometheus.query(
      'count by (alertname) (last_over_time(ALERTS{alertname=~".*Latency.*",alertstate="firing"}[10m]))',
    );
    expect(alerts).toEqual([]);
  });
});
