import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Collector, type CollectorOptions, startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import { type OtlpSink, startSink } from '../../support/otlp-sink.ts';
import { eventually } from '../../support/prometheus.ts';
import { total } from '../../support/scrape.ts';
import { makeTrace, postSpans, sendSpans } from '../../support/span-sender.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const otelcol = component('otelcol-tta');
const AUTHORIZED = { authorization: 'Bearer first-token' };
/** The decision is made one second after the root span instead of ten, and no trace is kept at random. */
const QUICK = { TTA_COLLECTOR_WAIT_AFTER_ROOT: '1s', TTA_COLLECTOR_WAIT: '2s', TTA_COLLECTOR_SAMPLE_PERCENT: '0' };
const EVERYTHING = { ...QUICK, TTA_COLLECTOR_SAMPLE_PERCENT: '100' };
const ON_MEMORY = 'otelcol_processor_tail_sampling_sampling_traces_on_memory';

describe.skipIf(otelcol === undefined)('the Collector in production', () => {
  async function startGateway({ env, ...options }: CollectorOptions): Promise<Collector & { tokens: string }> {
    const tokens = join(tempFolder({ token: 'first-token\n' }), 'token');
    const settings = { TTA_COLLECTOR_TOKEN_FILE: tokens, ...env };
    return { ...(await startCollector(otelcol as string, 'gateway', { ...options, env: settings })), tokens };
  }

  async function startSampler(env: Readonly<Record<string, string>>): Promise<{ sink: OtlpSink; sampler: Collector }> {
    const sink = await startSink();
    onTestFinished(() => sink.stop());
    const sampler = await startCollector(otelcol as string, 'sampler', {
      env: { TTA_COLLECTOR_TRACES: sink.url, ...env },
    });
    return { sink, sampler };
  }

  async function startBoth(env: Readonly<Record<string, string>>) {
    const { sink, sampler } = await startSampler(env);
    const gateway = await startGateway({ env: { TTA_COLLECTOR_SAMPLER_PORT: String(sampler.grpcPort) } });
    return { sink, sampler, gateway };
  }

  const arrived = (sink: OtlpSink) => new Set(sink.spans.map(({ spanId }) => spanId));
  const arrives = (sink: OtlpSink, spans: number) =>
    eventually(`${spans} spans arrive`, async () => (arrived(sink).size >= spans ? true : undefined));

  it('refuses requests without a token, and accepts a new token without a restart', async () => {
    const gateway = await startGateway({});
    const trace = makeTrace();
    expect(await postSpans(gateway.url, trace)).toBe(401);
    expect(await postSpans(gateway.url, trace, { authorization: 'Bearer second-token' })).toBe(401);
    expect(await postSpans(gateway.url, trace, AUTHORIZED)).toBe(200);

    writeFileSync(gateway.tokens, 'first-token\nsecond-token\n');
    await eventually('the second token is accepted', async () => {
      const status = await postSpans(gateway.url, trace, { authorization: 'Bearer second-token' });
      return status === 200 ? true : undefined;
    });
    expect(await postSpans(gateway.url, trace, AUTHORIZED)).toBe(200);
  });

  it('loses no span that the gateway accepted when it is killed five times', async () => {
    const { sink, sampler, gateway } = await startBoth(EVERYTHING);
    const sender = sendSpans(gateway.url, AUTHORIZED);
    const pending: number[] = [];
    for (let kills = 0; kills < 5; kills += 1) {
      // During two of the five kills no sampler runs.
      if (kills % 2 === 1) await sampler.stop();
      const before = sender.accepted.size;
      await eventually('it accepts', async () => (sender.accepted.size > before + 5_000 ? true : undefined));
      await gateway.kill();
      pending.push(sender.accepted.size - arrived(sink).size);
      if (kills % 2 === 1) await sampler.start();
      await gateway.start();
    }
    await sender.stop();

    expect(pending.filter((spans) => spans > 0).length).toBeGreaterThanOrEqual(2);
    const missing = () => {
      const delivered = arrived(sink);
      return [...sender.accepted].filter((id) => !delivered.has(id)).length;
    };
    const allArrived = async () => (missing() === 0 ? true : undefined);
    await eventually('all accepted spans arrive', allArrived).catch(() => {});
    expect(missing()).toBe(0);
    expect(sender.accepted.size).toBeGreaterThan(25_000);
  });

  it('refuses spans when the queue of the gateway is full', async () => {
    const gateway = await startGateway({
      env: { TTA_COLLECTOR_SAMPLER_PORT: '1' },
      override: { exporters: { loadbalancing: { sending_queue: { queue_size: 100_000 } } } },
    });
    const batch = Array.from({ length: 50 }, () => makeTrace()).flat();
    await eventually('it refuses', async () =>
      (await postSpans(gateway.url, batch, AUTHORIZED)) === 503 ? true : undefined,
    );
    const metrics = await gateway.metrics();
    expect(total(metrics, 'otelcol_receiver_refused_spans_total')).toBeGreaterThanOrEqual(batch.length);
    expect(total(metrics, 'otelcol_exporter_enqueue_failed_spans_total')).toBeGreaterThanOrEqual(batch.length);
  });

  it('keeps all spans of failed, slow and expensive traces, and the configured share of the others', async () => {
    const { sink, gateway } = await startBoth(QUICK);
    const shapes = [
      { name: 'error', error: true },
      { name: 'slow', seconds: 11 },
      { name: 'expensive', attributes: { 'tta.llm.cost_usd': 0.06 } },
      { name: 'cheap', attributes: { 'tta.llm.cost_usd': 0.04 } },
      { name: 'quick', seconds: 9 },
    ];
    for (const shape of shapes) {
      const spans = Array.from({ length: 20 }, () => makeTrace(shape)).flat();
      // The spans of one trace are sent in two requests, as if they came from two processes.
      expect(
        await postSpans(
          gateway.url,
          spans.filter((_, i) => i % 2 === 0),
          AUTHORIZED,
        ),
      ).toBe(200);
      expect(
        await postSpans(
          gateway.url,
          spans.filter((_, i) => i % 2 === 1),
          AUTHORIZED,
        ),
      ).toBe(200);
    }
    // A failed trace that is sent last is decided on last: when it arrives, all decisions are made.
    await arrives(sink, 300);
    const last = makeTrace({ name: 'last', error: true });
    expect(await postSpans(gateway.url, last, AUTHORIZED)).toBe(200);
    await arrives(sink, 305);
    const counts: Record<string, number> = {};
    for (const { name } of sink.spans) counts[name] = (counts[name] ?? 0) + 1;
    expect(counts).toEqual({
      error: 100,
      slow: 100,
      expensive: 100,
      last: 5,
    });
  });

  it('sends all spans of a trace to the same sampler', async () => {
    const first = await startSampler(EVERYTHING);
    const second = await startSampler(EVERYTHING);
    const hostnames = [first, second].map(({ sampler }) => `127.0.0.1:${sampler.grpcPort}`);
    const gateway = await startGateway({
      override: { exporters: { loadbalancing: { resolver: { dns: null, static: { hostnames } } } } },
    });
    const traces = Array.from({ length: 40 }, () => makeTrace());
    for (let i = 0; i < 5; i += 1) {
      const spans = traces.map((trace) => trace[i] as (typeof trace)[number]);
      expect(await postSpans(gateway.url, spans, AUTHORIZED)).toBe(200);
    }
    await eventually('all arrive', async () =>
      arrived(first.sink).size + arrived(second.sink).size === 200 ? true : undefined,
    );
    const tracesAt = (sink: OtlpSink) => new Set(sink.spans.map(({ traceId }) => traceId));
    expect(tracesAt(first.sink).size).toBeGreaterThan(0);
    expect(tracesAt(second.sink).size).toBeGreaterThan(0);
    expect(tracesAt(first.sink).size + tracesAt(second.sink).size).toBe(40);
  });

  it('loses only the undecided traces when a sampler is killed, which it had counted', async () => {
    const { sink, sampler, gateway } = await startBoth({ ...EVERYTHING, TTA_COLLECTOR_WAIT: '120s' });
    const send = (count: number, withRoot: boolean) => {
      const traces = Array.from({ length: count }, () => makeTrace().slice(withRoot ? 0 : 1));
      return postSpans(gateway.url, traces.flat(), AUTHORIZED);
    };
    expect(await send(30, true)).toBe(200);
    await arrives(sink, 150);
    // Their root spans have not ended, so the sampler waits.
    expect(await send(20, false)).toBe(200);
    const undecided = await eventually('they are in its memory', async () => {
      const count = total(await sampler.metrics(), ON_MEMORY);
      return count === 20 ? count : undefined;
    });
    await sampler.kill();
    await sampler.start();
    expect(await send(10, true)).toBe(200);
    await arrives(sink, 200);
    expect(undecided).toBe(20);
    expect(new Set(sink.spans.map(({ traceId }) => traceId)).size).toBe(40);
  });

  it('decides on all traces in its memory when a sampler is stopped', async () => {
    const { sink, sampler, gateway } = await startBoth({ ...EVERYTHING, TTA_COLLECTOR_WAIT: '120s' });
    const trace = makeTrace().slice(1);
    expect(await postSpans(gateway.url, trace, AUTHORIZED)).toBe(200);
    await eventually('they are in its memory', async () =>
      total(await sampler.metrics(), ON_MEMORY) === 1 ? true : undefined,
    );
    await sampler.stop();
    await sampler.start();
    await arrives(sink, trace.length);
  });
});
