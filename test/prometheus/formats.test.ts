/** One program, and a real Prometheus that reads it first in the text format and then in OpenMetrics. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metrics } from '@opentelemetry/api';
import { expect, it, onTestFinished } from 'vitest';
import { task, workflow } from '../../src/index.ts';
import type { Format } from '../../src/prometheus/index.ts';
import { register } from '../../src/sdk/index.ts';
import { component } from '../support/component.ts';
import { eventually, startPrometheus } from '../support/prometheus.ts';

const ACCEPT: Readonly<Record<Format, string>> = {
  text: 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
};

it.each(['prometheus', 'prometheus-3'])(
  'in %s no series ends and none begins when the format changes to OpenMetrics',
  async (name) => {
    const program = component(name);
    if (program === undefined) return;
    const telemetry = await register({ traces: false, prometheus: { port: 0 } });
    onTestFinished(() => telemetry.shutdown());
    const bounds = [0.005, 0.5, 1, 10, 1e21];
    const wait = metrics
      .getMeter('shop')
      .createHistogram('shop_wait_seconds', { unit: 's', advice: { explicitBucketBoundaries: bounds } });
    const step = workflow(
      'order',
      task('pay', () => 1),
    );
    const work = async () => {
      await step.execute();
      wait.record(3, { shop: 'ü "north"\n', job: 'mine', le: '1' });
    };
    await work();

    const scraped = { text: 0, openmetrics: 0 };
    let format: Format = 'text';
    const server = createServer(async (_, response) => {
      scraped[format] += 1;
      const answer = await fetch(telemetry.metricsUrl as string, { headers: { accept: ACCEPT[format] } });
      response.setHeader('content-type', answer.headers.get('content-type') as string).end(await answer.text());
    });
    server.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const prometheus = await startPrometheus(program, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    onTestFinished(() => prometheus.stop());

    const scrapesOf = (wanted: Format, count: number) =>
      eventually(`${count} scrapes in ${wanted}`, async () => (scraped[wanted] >= count ? true : undefined));
    const select = '{job="tta-primitives", __name__=~"(tta|shop|process|nodejs|target)_.*"}';
    const series = async () => (await prometheus.query(select)).map(({ metric }) => JSON.stringify(metric)).sort();

    await scrapesOf('text', 5);
    const before = await series();
    format = 'openmetrics';
    await work();
    await scrapesOf('openmetrics', 4);
    expect(await series()).toEqual(before);
    expect(before.length).toBeGreaterThan(100);
    // Prometheus 3 writes every bound as a float, in both formats.
    expect(before.join()).toMatch(name === 'prometheus' ? /"le":"10"/ : /"le":"10.0"/);
    const value = async (query: string) => (await prometheus.query(query)).map((sample) => Number(sample.value[1]));
    expect(await value('min_over_time(up{job="tta-primitives"}[1m])')).toEqual([1]);
    // The scrapes of the last two seconds were in OpenMetrics.
    expect(await value('max_over_time(scrape_series_added{job="tta-primitives"}[2s])')).toEqual([0]);
    expect(await value('shop_wait_seconds_count')).toEqual([2]);
  },
);
