import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTENT_TYPE } from '../../src/prometheus/format.ts';
import { parseExposition } from '../../src/prometheus/parse.ts';
import { component } from '../support/component.ts';
import { eventually, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { anyProgram, type Page, pagesOf } from './any-program.ts';

const PAGES = 80;
let pages: Page[];
let server: Server;

beforeAll(async () => {
  const all = await Promise.all(fc.sample(anyProgram, PAGES).map(pagesOf));
  pages = all.map((each) => each.at(-1) as Page);
  server = createServer((request, response) => {
    const [, format, page] = (request.url ?? '').split('/');
    const name = format === 'openmetrics' ? 'openmetrics' : 'text';
    const { text, openMetrics } = pages[Number(page)] as Page;
    response.setHeader('content-type', CONTENT_TYPE[name]).end(name === 'text' ? text : openMetrics);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}, 60_000);
afterAll(() => server.close());

/** One target per page and format. */
function configuration(): string {
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const targets = ['text', 'openmetrics'].flatMap((format) =>
    pages.map(
      (_, page) =>
        `- {targets: ['${address}'], labels: {__metrics_path__: '/${format}/${page}', instance: '${format} ${page}'}}`,
    ),
  );
  const jobs = ['global: {scrape_interval: 1s}', 'scrape_configs:', '- job_name: any', '  honor_labels: true'];
  return [...jobs, '  static_configs:', ...targets.map((each) => `  ${each}`)].join('\n');
}

describe.each(['prometheus', 'prometheus-3'])('a scrape of anything by %s', (name) => {
  const program = component(name);
  let prometheus: Prometheus | undefined;
  afterAll(() => prometheus?.stop());

  it.skipIf(program === undefined)(
    'is taken, with every sample that our own parser reads, in both formats',
    async () => {
      prometheus = await startPrometheus(program as string, '127.0.0.1:9', { editConfiguration: configuration });
      const running = prometheus;
      await eventually('scrapes of all pages', async () => {
        const targets = await running.targets();
        return targets.length === 2 * PAGES && targets.every(({ health }) => health !== 'unknown') ? true : undefined;
      });
      const refused = (await running.targets()).filter(({ health }) => health !== 'up');
      expect(refused.map(({ labels, lastError }) => [labels.instance, lastError])).toEqual([]);
      const samples = await running.query('scrape_samples_scraped{job="any"}');
      const counts = new Map(samples.map(({ metric, value }) => [metric.instance, Number(value[1])]));
      for (const [page, { text }] of pages.entries()) {
        const expected = parseExposition(text).samples.length;
        expect(counts.get(`text ${page}`)).toBe(expected);
        expect(counts.get(`openmetrics ${page}`)).toBe(expected);
      }
    },
    120_000,
  );
});
