import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExposition, select, sumOf } from '../../src/prometheus/parse.ts';
import { type Child, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';
import { eventually, type Prometheus, startPrometheus } from '../support/prometheus.ts';

const prometheusProgram = component('prometheus');
const promtool = component('promtool');
const CLI = pathToFileURL(resolve(import.meta.dirname, '../../dist/src/tools/cli/tta.js')).href;

const TEXT = Array.from(
  { length: 40 },
  (_, i) => `Sentence ${i} tells of foxes, dogs and the weather of day ${i}.`,
).join(' ');

/** The six inherited metrics: every label that a series has in Prometheus, beside job and instance. */
const INHERITED = {
  tta_workflow_executions_total: ['status', 'workflow_name'],
  tta_primitive_executions_total: ['primitive_name', 'primitive_type', 'status'],
  tta_llm_cost_total: ['model', 'provider'],
  tta_execution_duration_seconds_bucket: ['le', 'primitive_type'],
  tta_execution_duration_seconds_sum: ['primitive_type'],
  tta_execution_duration_seconds_count: ['primitive_type'],
  tta_cache_hits_total: ['cache_type', 'primitive_name'],
  tta_cache_misses_total: ['cache_type', 'primitive_name'],
} as const;

describe.skipIf(prometheusProgram === undefined || promtool === undefined)(
  'the main job under a real Prometheus',
  () => {
    let folder: string;
    let sink: OtlpSink;
    let job: Child;
    let metricsUrl: string;
    let prometheus: Prometheus;

    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tta-stack-'));
      await mkdir(join(folder, 'docs'));
      for (const name of ['one.md', 'two.md', 'three.txt']) {
        await writeFile(
          join(folder, 'docs', name),
          `# ${name}\n\n${TEXT}\n\n## Same in all\n\n${TEXT.slice(0, 400)}\n`,
        );
      }
      sink = await startSink();
      const args = ['digest', join(folder, 'docs'), '--out', join(folder, 'digest.md'), '--every', '3600', '--offline'];
      job = runModule(`process.argv.push(...${JSON.stringify(args)}); await import('${CLI}');`, {
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_BSP_SCHEDULE_DELAY: '100' },
      });
      metricsUrl = await job.says('Metrics');
      await job.says('Again every');
      prometheus = await startPrometheus(prometheusProgram as string, new URL(metricsUrl).host);
    });

    afterAll(async () => {
      job?.kill('SIGTERM');
      await job?.exited;
      await prometheus?.stop();
      await sink?.stop();
      await rm(folder, { recursive: true, force: true });
    });

    const scrape = async () => parseExposition(await (await fetch(metricsUrl)).text());
    const samples = (name: string) =>
      eventually(`${name} in Prometheus`, async () => {
        const found = await prometheus.query(name);
        return found.length > 0 ? found : undefined;
      });

    it('has both targets up', async () => {
      const targets = await eventually('both targets up', async () => {
        // The other jobs scrape what does not run here.
        const both = (await prometheus.targets()).filter(({ labels }) =>
          /^(prometheus|tta-.*)$/.test(labels.job ?? ''),
        );
        return both.length === 2 && both.every(({ health }) => health === 'up') ? both : undefined;
      });
      expect(targets.map(({ labels }) => labels.job).sort()).toEqual(['prometheus', 'tta-primitives']);
    });

    it.each(Object.entries(INHERITED))(
      'shows %s with exactly the labels of the schema and the values of the endpoint',
      async (name, labels) => {
        const inPrometheus = await samples(name);
        for (const { metric } of inPrometheus) {
          const { __name__, job: jobLabel, instance, ...own } = metric;
          expect(jobLabel).toBe('tta-primitives');
          expect(Object.keys(own).sort()).toEqual([...labels]);
        }
        const atEndpoint = select(await scrape(), name);
        expect(inPrometheus).toHaveLength(atEndpoint.length);
        for (const { metric, value } of inPrometheus) {
          const { __name__, instance, ...own } = metric;
          const same = atEndpoint.filter((sample) =>
            Object.entries(own).every(([key, text]) => sample.labels[key] === text),
          );
          expect(same.map((sample) => sample.value)).toEqual([Number(value[1])]);
        }
      },
    );

    it('counts what the job did: every file read, dollars spent, and the same parts found in the cache', async () => {
      const exposition = await scrape();
      const sum = (name: string, labels = {}) => sumOf(exposition, name, labels);
      expect(sum('tta_workflow_executions_total', { workflow_name: 'digest', status: 'success' })).toBe(1);
      expect(sum('tta_llm_cost_total')).toBeGreaterThan(0);
      expect(sum('tta_workflow_llm_cost_total', { workflow_name: 'digest' })).toBeCloseTo(sum('tta_llm_cost_total'), 9);
      expect(sum('tta_llm_requests_total', { status: 'success' })).toBeGreaterThan(3);
      expect(sum('tta_cache_hits_total')).toBeGreaterThan(0);
      expect(sum('tta_primitive_active')).toBe(0);
    });

    it('counts as many executions as there are spans at the collector, and loses none', async () => {
      const exposition = await scrape();
      const executions = sumOf(exposition, 'tta_primitive_executions_total');
      await eventually(`${executions} spans at the collector`, async () =>
        sink.spans.length >= executions ? true : undefined,
      );
      expect(sink.spans).toHaveLength(executions);
      expect(new Set(sink.spans.map(({ traceId }) => traceId)).size).toBe(1);
      expect(sumOf(exposition, 'tta_spans_lost_total')).toBe(0);
    });

    it('has an endpoint and a configuration that promtool finds clean', async () => {
      const input = await (await fetch(metricsUrl)).text();
      const metrics = spawnSync(promtool as string, ['check', 'metrics'], { input, encoding: 'utf8' });
      expect([metrics.stderr, metrics.stdout, metrics.status]).toEqual(['', '', 0]);
      const shipped = resolve(import.meta.dirname, '../../collector/prometheus/prometheus.yml');
      const configuration = spawnSync(promtool as string, ['check', 'config', shipped], { encoding: 'utf8' });
      expect([configuration.stderr, configuration.status]).toEqual(['', 0]);
    });

    it('shows the process under the names that Prometheus client libraries use', async () => {
      for (const name of [
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_start_time_seconds',
        'nodejs_heap_size_used_bytes',
        'nodejs_eventloop_delay_p99_seconds',
        'nodejs_eventloop_delay_max_seconds',
      ]) {
        const [series] = await samples(`${name}{job="tta-primitives"}`);
        expect(Number(series?.value[1])).toBeGreaterThan(0);
      }
      const [started] = await samples('time() - process_start_time_seconds{job="tta-primitives"}');
      expect(Number(started?.value[1])).toBeLessThan(300);
    });
  },
);
