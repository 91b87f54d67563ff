import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { endChildren, runModule, runProgram } from '../../support/child.ts';
import { type Collector, type CollectorOptions, startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { type OtlpSink, startSink } from '../../support/otlp-sink.ts';
import { eventually } from '../../support/prometheus.ts';
import { scrape, total } from '../../support/scrape.ts';
import { makeTrace, postSpans, sendSpans } from '../../support/span-sender.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build } from '../../support/tta.ts';

const otelcol = component('otelcol-tta');
const CLI = pathToFileURL(resolve(import.meta.dirname, '../../../dist/src/tools/cli/tta.js')).href;

describe.skipIf(otelcol === undefined)('the Collector on a laptop', () => {
  beforeAll(build);
  afterAll(endChildren);

  async function startBoth(options: CollectorOptions = {}): Promise<{ sink: OtlpSink; collector: Collector }> {
    const sink = await startSink();
    onTestFinished(() => sink.stop());
    const env = { TTA_COLLECTOR_TRACES: sink.url, ...options.env };
    return { sink, collector: await startCollector(otelcol as string, 'laptop', { ...options, env }) };
  }

  it('sends all spans of the main job to the trace store', async () => {
    const { sink, collector } = await startBoth();
    const text = 'Foxes and dogs tell of the weather, and each day has its own. '.repeat(40);
    const folder = tempFolder({ 'docs/one.md': `# One\n\n${text}`, 'docs/two.md': `# Two\n\n${text}` });
    const args = ['digest', `${folder}/docs`, '--out', `${folder}/digest.md`, '--every', '3600', '--offline'];
    const job = runModule(`process.argv.push(...${JSON.stringify(args)}); await import('${CLI}');`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
    const metricsUrl = await job.says('Metrics');
    await job.says('Again every');
    const executions = total(await scrape(metricsUrl), 'tta_primitive_executions_total');
    job.kill('SIGTERM');
    await job.exited;

    expect(executions).toBeGreaterThan(10);
    await eventually('every execution is a span', async () => (sink.spans.length >= executions ? true : undefined));
    expect(sink.spans).toHaveLength(executions);
    const ids = new Set(sink.spans.map(({ spanId }) => spanId));
    expect(ids.size).toBe(executions);
    const parents = sink.spans.flatMap(({ parentSpanId }) => parentSpanId || []);
    expect(parents.filter((parent) => !ids.has(parent))).toEqual([]);
    expect(parents.length).toBeLessThan(executions);
  });

  it('loses no accepted span when it is killed five times', async () => {
    const { sink, collector } = await startBoth();
    const sender = sendSpans(collector.url);
    const pending: number[] = [];
    for (let kills = 0; kills < 5; kills += 1) {
      // Before two of the five kills the store refuses spans, so that the queue on disk is full.
      sink.behaviour = kills % 2 === 1 ? 503 : 'take';
      const before = sender.accepted.size;
      await eventually('it accepts', async () => (sender.accepted.size > before + 5_000 ? true : undefined));
      await collector.kill();
      const delivered = new Set(sink.spans.map(({ spanId }) => spanId));
      pending.push([...sender.accepted].filter((id) => !delivered.has(id)).length);
      await collector.start();
    }
    sink.behaviour = 'take';
    await sender.stop();

    // Accepted spans were not delivered yet at some of the kills, so the queue on disk was needed.
    expect(pending.filter((spans) => spans > 0).length).toBeGreaterThanOrEqual(2);
    const missing = () => {
      const delivered = new Set(sink.spans.map(({ spanId }) => spanId));
      return [...sender.accepted].filter((id) => !delivered.has(id)).length;
    };
    const allArrived = async () => (missing() === 0 ? true : undefined);
    await eventually('all accepted spans arrive', allArrived).catch(() => {});
    expect(missing()).toBe(0);
    expect(sender.accepted.size).toBeGreaterThan(25_000);
  });

  it('refuses spans when its queue is full; the application continues, keeps them, and all arrive later', async () => {
    const { sink, collector } = await startBoth({
      override: { exporters: { otlp_http: { sending_queue: { queue_size: 400_000 } } } },
    });
    sink.behaviour = 503;
    const app = runProgram(
      `const sdk = await register();
       const job = workflow('job', task('work', async (i) => i));
       let done = 0;
       for (let i = 0; i < 1_000; i += 1) { await job.execute(i); done += 1; }
       await sdk.flush();
       console.log('Metrics', sdk.metricsUrl);
       console.log('Done', done);
       setInterval(() => {}, 1_000);`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_EXPORT_TIMEOUT: '1000' } },
    );
    const metricsUrl = await app.says('Metrics');
    expect(await app.says('Done')).toBe('1000');

    const application = await scrape(metricsUrl);
    expect(total(application, 'tta_workflow_executions_total', { status: 'success' })).toBe(1_000);
    expect(total(await collector.metrics(), 'otelcol_receiver_refused_spans_total')).toBeGreaterThan(0);
    // A large batch, because one trace could still fit into the queue.
    const foreign = () => makeTrace({ name: 'foreign' });
    const batch = Array.from({ length: 100 }, foreign).flat();
    await eventually('it refuses', async () => ((await postSpans(collector.url, batch)) === 503 ? true : undefined));

    sink.behaviour = 'take';
    const ended = total(application, 'tta_primitive_executions_total');
    const ours = () => sink.spans.filter(({ name }) => name !== 'foreign').map(({ spanId }) => spanId);
    await eventually('all arrive', async () => (new Set(ours()).size === ended ? true : undefined));
    expect(total(await scrape(metricsUrl), 'tta_spans_lost_total')).toBe(0);
    await eventually('it accepts again', async () =>
      (await postSpans(collector.url, foreign())) === 200 ? true : undefined,
    );
  });

  it('counts spans that the trace store refuses finally', async () => {
    const { sink, collector } = await startBoth();
    sink.behaviour = 400;
    const trace = makeTrace();
    expect(await postSpans(collector.url, trace)).toBe(200);
    await eventually('it gives up', async () => {
      const failed = total(await collector.metrics(), 'otelcol_exporter_send_failed_spans_total');
      return failed === trace.length ? true : undefined;
    });
  });

  it('refuses spans when its memory is full, and counts them', async () => {
    const { collector } = await startBoth({ env: { TTA_COLLECTOR_MEMORY_MIB: '5' } });
    await eventually('it refuses', async () =>
      (await postSpans(collector.url, makeTrace())) === 503 ? true : undefined,
    );
    const metrics = await collector.metrics();
    expect(total(metrics, 'otelcol_receiver_refused_spans_total')).toBeGreaterThan(0);
    expect(total(metrics, 'otelcol_processor_refused_spans_total')).toBeGreaterThan(0);
  });
});
