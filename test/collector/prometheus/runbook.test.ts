/** The queries that the runbook sends one to, on a live Prometheus whose program has every kind of primitive. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../../support/component.ts';
import { collectorText } from '../../support/deployment.ts';
import { eventually } from '../../support/prometheus.ts';
import { type LiveSystem, startLiveSystem } from '../grafana/live-system.ts';
import { faults } from '../grafana/workload.ts';

const prometheus = component('prometheus');
const collector = component('otelcol-tta');

const snippets = [...collectorText('RUNBOOK.md').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
const QUERIES = new Set(
  snippets.filter((text) => /[({]|^(?:tta[_:]|otelcol_|prometheus_|job:|up\b)/.test(text) && !/curl|\(\)$/.test(text)),
);

/**
 * Of what this system has not: a sampler, workers, remote write, a trace store with metrics, a namespace; and of what
 * Prometheus 2.42 does not have. test/collector/otelcol, test/sdk, itself.test.ts and test/stack have them.
 */
const ELSEWHERE =
  /tail_sampling|sampler|tta_scrape_workers|remote_storage|jaeger\|tempo|namespace="\.\.\."|wal_storage_size/;

/** Without what a test has no time for, and without conditions that hold only when something is wrong. */
const shortened = (query: string) =>
  query
    .replaceAll(/\[\d+[mhd]\]/g, '[1m]')
    .replaceAll(/ offset 1\w/g, '')
    .replaceAll(/="\.\.\."/g, '=~".+"')
    .replace(/ (?:>|==) \d+$/, '');

describe.skipIf(prometheus === undefined || collector === undefined)('a query of the runbook', () => {
  let system: LiveSystem;

  beforeAll(async () => {
    faults.share = 0.1;
    system = await startLiveSystem({ prometheus: prometheus as string, collector, withLosses: true });
  });
  afterAll(() => system?.stop());

  it.each([...QUERIES].filter((query) => !ELSEWHERE.test(query)))('%s has an answer', async (query) => {
    const found = await eventually(
      query,
      async () => {
        const series = await system.prometheus.query(shortened(query));
        return series.length > 0 ? series : undefined;
      },
      60_000,
    );
    expect(found).not.toEqual([]);
  });
});
