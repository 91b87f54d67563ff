import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { CollectorQuestion } from '../../../src/tools/doctor/collector.ts';
import { REMEDY } from '../../../src/tools/doctor/remedies.ts';
import { startTraceReceiver } from '../../../src/tools/trace-receiver/trace-receiver.ts';
import { endChildren } from '../../support/child.ts';
import { startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { type Behaviour, startSink } from '../../support/otlp-sink.ts';
import { eventually, freePort } from '../../support/prometheus.ts';
import { build } from '../../support/tta.ts';
import { examine, says, serve, startApp } from './stage.ts';

const nobody = async () => `http://127.0.0.1:${await freePort()}`;

async function look(question: Partial<CollectorQuestion>) {
  const collector = {
    otlpUrl: await nobody(),
    healthUrl: await nobody(),
    metricsUrl: await nobody(),
    headers: {},
    assumed: false,
    ...question,
  };
  return examine(await says(''), { collector });
}

async function sink(behaviour: Behaviour) {
  const started = await startSink(behaviour);
  onTestFinished(() => started.stop());
  return started;
}

describe('the collector', () => {
  it('is well where it takes spans and says so', async () => {
    const otlp = await sink('take');
    const { collector, health } = await look({
      otlpUrl: otlp.url,
      healthUrl: await says('{}'),
      headers: { 'x-key': 'k' },
    });
    expect([collector?.verdict, health?.verdict]).toEqual(['ok', 'ok']);
    expect(otlp.requests[0]?.['x-key']).toBe('k');
    expect(otlp.spans).toEqual([]);
  });

  it('may be the trace page of this package', async () => {
    const receiver = await startTraceReceiver({ port: 0 });
    onTestFinished(receiver.close);
    const { collector, health } = await look({ otlpUrl: receiver.url });
    expect(collector?.verdict).toBe('ok');
    expect(health).toMatchObject({ verdict: 'skipped', detail: expect.stringContaining('no health check listens') });
    expect(receiver.spans()).toBe(0);
  });

  it('fails where it was named and is not there, and warns where it was only looked for', async () => {
    const named = await look({});
    expect(named.collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.noCollector });
    expect(named.health).toMatchObject({ verdict: 'skipped', detail: 'there is no collector' });
    expect((await look({ assumed: true })).collector).toMatchObject({ verdict: 'warning' });
  });

  it.each([401, 404, 503])('fails where it answers %d to spans', async (status) => {
    const { collector } = await look({ otlpUrl: (await sink(status)).url, assumed: true });
    expect(collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.collectorDenies });
    expect(collector?.detail).toMatch(new RegExp(`answers ${status} to spans$`));
  });

  it('fails where it does not answer at all', async () => {
    const { collector } = await look({ otlpUrl: (await sink('hang')).url, assumed: true });
    expect(collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.noCollector });
  });

  it('fails where it says that it is not well', async () => {
    const healthUrl = await serve((_, response) => response.writeHead(503).end('unavailable'));
    const { health } = await look({ otlpUrl: (await sink('take')).url, healthUrl });
    expect(health).toMatchObject({ verdict: 'failure', detail: `${healthUrl}: answers 503` });
  });
});

describe("the collector's own metrics", () => {
  const metrics = (accepted: number, more = '') =>
    `otelcol_receiver_accepted_spans_total{receiver="otlp"} ${accepted}\n${more}`;
  const refused = (count: number) =>
    metrics(9, `otelcol_receiver_refused_spans__spans__total{receiver="otlp"} ${count}\n`);

  it('tell that spans arrive and none is lost', async () => {
    const { arrivals, drops } = await look({ metricsUrl: await says(metrics(5), metrics(9)) });
    expect(arrivals).toMatchObject({ verdict: 'ok', detail: 'The collector has taken 9 spans, 4 of them just now' });
    expect(drops).toMatchObject({ verdict: 'ok' });
  });

  it('warn where no span has ever arrived', async () => {
    const { arrivals } = await look({ metricsUrl: await says(metrics(0)) });
    expect(arrivals).toMatchObject({ verdict: 'warning', remedy: REMEDY.spansLost });
  });

  it('fail while spans are refused, and warn where that is over', async () => {
    const now = await look({ metricsUrl: await says(refused(1), refused(3)) });
    expect(now.drops).toMatchObject({ verdict: 'failure', remedy: REMEDY.collectorDrops });
    expect(now.drops?.detail).toBe('Just now: otelcol_receiver_refused_spans 3');
    const before = await look({ metricsUrl: await says(refused(3)) });
    expect(before.drops).toMatchObject({
      verdict: 'warning',
      detail: 'Since it was started: otelcol_receiver_refused_spans 3',
    });
  });

  it('warn where its queue is nearly full', async () => {
    const queue =
      'otelcol_exporter_queue_size{exporter="otlp_http"} 90\notelcol_exporter_queue_capacity{exporter="otlp_http"} 100\n';
    const { drops } = await look({ metricsUrl: await says(metrics(1, queue)) });
    expect(drops).toMatchObject({ verdict: 'warning', detail: 'Its queue is full to 90 %' });
  });

  it('are skipped where they cannot be read', async () => {
    expect((await look({ metricsUrl: await says('<html>') })).arrivals).toMatchObject({ verdict: 'skipped' });
  });
});

const otelcol = component('otelcol-tta');

describe.skipIf(otelcol === undefined)('a real Collector', () => {
  beforeAll(build);
  afterAll(endChildren);

  it('is well, warns until spans arrive, and is missed once it is gone', async () => {
    const store = await sink('take');
    const env = { TTA_COLLECTOR_TRACES: store.url };
    const collector = await startCollector(otelcol as string, 'laptop', { env });
    const { healthUrl, metricsUrl } = collector;
    const question = { otlpUrl: collector.url, healthUrl, metricsUrl };
    const idle = await look(question);
    expect([idle.collector?.verdict, idle.health?.verdict]).toEqual(['ok', 'ok']);
    expect(idle.arrivals?.verdict, idle.arrivals?.detail).toMatch(/warning|skipped/);

    await startApp(undefined, {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    await eventually('spans arrive', async () =>
      (await look(question)).arrivals?.verdict === 'ok' ? true : undefined,
    );
    const busy = await look(question);
    expect(busy.arrivals?.detail).toMatch(/^The collector has taken \d+ spans, [1-9]\d* of them just now$/);
    expect(busy.drops).toMatchObject({ verdict: 'ok' });

    await collector.kill();
    const gone = await look(question);
    expect(gone.collector).toMatchObject({ verdict: 'failure', remedy: REMEDY.noCollector });
    expect(gone.health?.verdict).toBe('skipped');
    expect(gone.drops?.verdict).toBe('skipped');
  });
});
