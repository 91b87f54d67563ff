import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CollectorOptions } from '../../../src/tools/doctor/collector.ts';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { endChildren } from '../../support/child.ts';
import { startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { type Behaviour, startSink } from '../../support/otlp-sink.ts';
import { eventually } from '../../support/prometheus.ts';
import { startSpanReceiver } from '../../support/span-receiver.ts';
import { build } from '../../support/tta.ts';
import { runDoctor, serve, serveTexts, startApp, unusedUrl } from './fixtures.ts';

async function check(options: Partial<CollectorOptions>) {
  const collector = {
    otlpUrl: await unusedUrl(),
    healthUrl: await unusedUrl(),
    metricsUrl: await unusedUrl(),
    headers: {},
    isDefault: false,
    ...options,
  };
  return runDoctor(await serveTexts(''), { collector });
}

async function sink(behaviour: Behaviour) {
  const started = await startSink(behaviour);
  onTestFinished(() => started.stop());
  return started;
}

describe('metrics that are sent', () => {
  it('are skipped where it is not known that they are', async () => {
    const { intake } = await check({});
    expect(intake).toMatchObject({ verdict: 'skipped', detail: 'the program sends no metrics by OTLP' });
  });

  it('are ok when the collector accepts metrics', async () => {
    const { url, metrics } = await sink('take');
    const { intake } = await check({ otlpUrl: url, pushUrl: `${url}/v1/metrics` });
    expect(intake).toMatchObject({ verdict: 'ok', detail: `${url}/v1/metrics accepts metrics` });
    expect(metrics.flatMap((each) => each.points('tta_llm_cost_total'))).toEqual([]);
  });

  it('are a failure when it has no pipeline for them, or no process listens', async () => {
    const { url } = await sink(404);
    const { intake } = await check({ pushUrl: `${url}/v1/metrics` });
    expect(intake).toMatchObject({ verdict: 'failure', remedy: REMEDY.pushFails });
    expect(intake?.detail).toBe(`${url}/v1/metrics: answers 404 to metrics`);
    const { intake: none } = await check({ pushUrl: `${await unusedUrl()}/v1/metrics` });
    expect(none?.detail).toMatch(/: connection refused$/);
  });

  it('are looked for when the endpoint counts their deliveries', async () => {
    const { url } = await sink('take');
    const app = await startApp(undefined, {
      OTEL_METRICS_EXPORTER: 'prometheus,otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
    });
    const other = await unusedUrl();
    const collector = { otlpUrl: url, healthUrl: other, metricsUrl: other, headers: {}, isDefault: false };
    const { intake, pushes } = await runDoctor(app.url, { collector });
    expect([intake?.verdict, pushes?.verdict]).toEqual(['ok', 'ok']);
  });
});

describe('the collector', () => {
  it('is ok when it accepts spans and reports that it is healthy', async () => {
    const otlp = await sink('take');
    const { collector, health } = await check({
      otlpUrl: otlp.url,
      healthUrl: await serveTexts('{}'),
      headers: { 'x-key': 'k' },
    });
    expect([collector?.verdict, health?.verdict]).toEqual(['ok', 'ok']);
    expect(otlp.requests[0]?.['x-key']).toBe('k');
    expect(otlp.spans).toEqual([]);
  });

  it('can be the trace receiver of this package', async () => {
    const receiver = await startSpanReceiver();
    onTestFinished(receiver.close);
    const { collector, health } = await check({ otlpUrl: receiver.url });
    expect(collector?.verdict).toBe('ok');
    expect(health).toMatchObject({ verdict: 'skipped', detail: expect.stringContaining('no health check listens') });
    expect(receiver.spans).toEqual([]);
  });

  it('fails when no process listens at an address that the user named, and warns at the default address', async () => {
    const named = await check({});
    expect(named.collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.noCollector });
    expect(named.health).toMatchObject({ verdict: 'skipped', detail: 'there is no collector' });
    expect((await check({ isDefault: true })).collector).toMatchObject({ verdict: 'warning' });
  });

  it.each([401, 404, 503])('fails when it answers %d to spans', async (status) => {
    const { collector } = await check({ otlpUrl: (await sink(status)).url, isDefault: true });
    expect(collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.collectorDenies });
    expect(collector?.detail).toMatch(new RegExp(`answers ${status} to spans$`));
  });

  it('fails when it does not answer', async () => {
    const { collector } = await check({ otlpUrl: (await sink('hang')).url, isDefault: true });
    expect(collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.noCollector });
  });

  it('fails when it reports that it is not healthy', async () => {
    const healthUrl = await serve((_, response) => response.writeHead(503).end('unavailable'));
    const { health } = await check({ otlpUrl: (await sink('take')).url, healthUrl });
    expect(health).toMatchObject({ verdict: 'failure', detail: `${healthUrl}: answers 503` });
  });
});

describe("the collector's own metrics", () => {
  const metrics = (accepted: number, more = '') =>
    `otelcol_receiver_accepted_spans_total{receiver="otlp"} ${accepted}\n${more}`;
  const refused = (count: number) =>
    metrics(9, `otelcol_receiver_refused_spans__spans__total{receiver="otlp"} ${count}\n`);

  it('show that spans arrive and no span is dropped', async () => {
    const { arrivals, drops } = await check({ metricsUrl: await serveTexts(metrics(5), metrics(9)) });
    expect(arrivals).toMatchObject({
      verdict: 'ok',
      detail: 'The collector has accepted 9 spans, 4 of them during this check',
    });
    expect(drops).toMatchObject({ verdict: 'ok' });
  });

  it('are a warning when no span has arrived', async () => {
    const { arrivals } = await check({ metricsUrl: await serveTexts(metrics(0)) });
    expect(arrivals).toMatchObject({ verdict: 'warning', remedy: REMEDY.spansLost });
  });

  it('are a failure while spans are refused, and a warning afterwards', async () => {
    const now = await check({ metricsUrl: await serveTexts(refused(1), refused(3)) });
    expect(now.drops).toMatchObject({ verdict: 'failure', remedy: REMEDY.collectorDrops });
    expect(now.drops?.detail).toBe('During this check: otelcol_receiver_refused_spans 3');
    const before = await check({ metricsUrl: await serveTexts(refused(3)) });
    expect(before.drops).toMatchObject({
      verdict: 'warning',
      detail: 'Since the start of the collector: otelcol_receiver_refused_spans 3',
    });
  });

  it('are a warning when the queue is nearly full', async () => {
    const queue =
      'otelcol_exporter_queue_size{exporter="otlp_http"} 90\notelcol_exporter_queue_capacity{exporter="otlp_http"} 100\n';
    const { drops } = await check({ metricsUrl: await serveTexts(metrics(1, queue)) });
    expect(drops).toMatchObject({ verdict: 'warning', detail: 'Its queue is 90 % full' });
  });

  it('are a warning when something waits in the queue and nothing is sent', async () => {
    const queue =
      'otelcol_exporter_queue_size{exporter="otlp_http"} 7\notelcol_exporter_sent_spans_total{exporter="otlp_http"} 5\n';
    const { drops } = await check({ metricsUrl: await serveTexts(metrics(1, queue)) });
    expect(drops).toMatchObject({
      verdict: 'warning',
      detail: 'Its queue is not empty, and it has sent nothing during this check',
    });
    const sends = await check({
      metricsUrl: await serveTexts(metrics(1, queue), metrics(1, queue.replace('} 5', '} 6'))),
    });
    expect(sends.drops?.verdict).toBe('ok');
  });

  it('are skipped when they cannot be read', async () => {
    expect((await check({ metricsUrl: await serveTexts('<html>') })).arrivals).toMatchObject({ verdict: 'skipped' });
  });
});

const otelcol = component('otelcol-tta');

describe.skipIf(otelcol === undefined)('a real Collector', () => {
  beforeAll(build);
  afterAll(endChildren);

  it('is ok, warns until spans arrive, and fails after it has stopped', async () => {
    const store = await sink('take');
    const env = { TTA_COLLECTOR_TRACES: store.url };
    const collector = await startCollector(otelcol as string, 'laptop', { env });
    const { healthUrl, metricsUrl } = collector;
    const options = { otlpUrl: collector.url, healthUrl, metricsUrl };
    const idle = await check(options);
    expect([idle.collector?.verdict, idle.health?.verdict]).toEqual(['ok', 'ok']);
    expect(idle.arrivals?.verdict, idle.arrivals?.detail).toMatch(/warning|skipped/);

    await startApp(undefined, {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    await eventually('spans arrive', async () =>
      (await check(options)).arrivals?.verdict === 'ok' ? true : undefined,
    );
    const busy = await check(options);
    expect(busy.arrivals?.detail).toMatch(/^The collector has accepted \d+ spans, [1-9]\d* of them during this check$/);
    expect(busy.drops).toMatchObject({ verdict: 'ok' });

    await collector.kill();
    const stopped = await check(options);
    expect(stopped.collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.noCollector });
    expect(stopped.health?.verdict).toBe('skipped');
    expect(stopped.drops?.verdict).toBe('skipped');
  });
});
