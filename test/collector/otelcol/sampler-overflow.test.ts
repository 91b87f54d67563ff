/** The Collector's own counter of traces that it dropped before a decision counts others too. Ours is right. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { eventually, startPrometheus } from '../../support/prometheus.ts';
import { total } from '../../support/scrape.ts';
import { makeTrace, postSpans } from '../../support/span-sender.ts';

const otelcol = component('otelcol-tta');
const program = component('prometheus');
const THEIRS = 'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early_total';
const DECIDED = 'otelcol_processor_tail_sampling_global_count_traces_sampled_total';

describe.skipIf(otelcol === undefined || program === undefined)('the traces that a sampler drops undecided', () => {
  it('are counted when it has too many, and not when it has decided on all', async () => {
    const http = `127.0.0.1:${await freePort()}`;
    const sampler = await startCollector(otelcol as string, 'sampler', {
      env: {
        TTA_COLLECTOR_WAIT_AFTER_ROOT: '1s',
        TTA_COLLECTOR_WAIT: '3s',
        TTA_COLLECTOR_TRACES: 'http://127.0.0.1:9',
      },
      override: {
        receivers: { otlp: { protocols: { http: { endpoint: http } } } },
        processors: { tail_sampling: { num_traces: 100 } },
      },
    });
    const prometheus = await startPrometheus(program as string, '127.0.0.1:9', {
      collector: new URL(sampler.metricsUrl).host,
    });
    onTestFinished(() => prometheus.stop());
    const ours = async () => Number((await prometheus.query('tta:sampler_undecided_traces'))[0]?.value[1]);
    const send = (traces: number) =>
      postSpans(`http://${http}`, Array.from({ length: traces }, () => makeTrace()).flat());

    for (let i = 1; i <= 4; i++) expect(await send(10)).toBe(200);
    await eventually('the sampler counts traces wrongly that it decided on', async () => {
      const metrics = await sampler.metrics();
      return total(metrics, DECIDED) === 40 && total(metrics, THEIRS) > 0 ? true : undefined;
    });
    await eventually('ours is 0', async () => ((await ours()) === 0 ? true : undefined));

    expect(await send(130)).toBe(200);
    await eventually('the 30 that found no room are counted', async () => ((await ours()) === 30 ? true : undefined));
  });
});
