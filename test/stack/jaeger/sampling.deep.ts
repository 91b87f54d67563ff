import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Collector } from '../../support/collector.ts';
import { type Jaeger, startJaeger } from '../../support/jaeger.ts';
import { type PodNetwork, startPodNetwork } from '../../support/pod-network.ts';
import { eventually } from '../../support/prometheus.ts';
import { makeTrace, postSpans, type TraceShape } from '../../support/span-sender.ts';
import { AUTHORIZED, jaegerPrograms, startGateway, startSampler } from './tiers.ts';

const programs = jaegerPrograms();
const SPANS = 5;
const ERROR = { status: { code: 2 } };

type Trace = ReturnType<typeof makeTrace>;

/** The bounds that a share of 10 % keeps to in all but one run of a million. */
function tenPercentOf(traces: number): readonly [least: number, most: number] {
  const deviation = Math.sqrt(traces * 0.1 * 0.9);
  return [0.1 * traces - 5 * deviation, 0.1 * traces + 5 * deviation];
}

describe.skipIf(programs === undefined)('Jaeger behind the sampler as shipped', () => {
  const collector = programs?.['otelcol-tta'] as string;
  let network: PodNetwork;
  let jaeger: Jaeger;
  beforeAll(async () => {
    network = await startPodNetwork();
    jaeger = await startJaeger(programs?.jaeger as string, network);
  });
  afterAll(() => network?.stop());

  const send = async ({ url }: Collector, spans: Trace) => expect(await postSpans(url, spans, AUTHORIZED)).toBe(200);
  const traces = (count: number, shape: TraceShape) => Array.from({ length: count }, () => makeTrace(shape));

  /** How many traces of this name Jaeger has, and how many of them are whole. */
  async function stored(name: string) {
    const found = await jaeger.search('sender', name);
    return { traces: found.length, whole: found.filter(({ spans }) => spans.length === SPANS).length };
  }

  async function expectShare(name: string, sent: number): Promise<void> {
    const [least, most] = tenPercentOf(sent);
    const kept = await stored(name);
    process.stdout.write(`kept of ${sent} "${name}": ${kept.traces}\n`);
    expect(kept.traces).toBeGreaterThan(least);
    expect(kept.traces).toBeLessThan(most);
    expect(kept.whole).toBe(kept.traces);
  }

  it('has all failed, slow and expensive traces and a tenth of the others, whole, through two gateways and two samplers', {
    timeout: 180_000,
  }, async () => {
    const samplers = [await startSampler(collector, jaeger), await startSampler(collector, jaeger)] as const;
    const one = await startGateway(collector, samplers);
    const other = await startGateway(collector, samplers);

    /** Both halves have spans of every trace, as if each came from a process of its own. */
    async function sendThroughBoth(all: readonly Trace[]): Promise<void> {
      const spans = all.flat();
      await send(
        one,
        spans.filter((_, i) => i % 2 === 0),
      );
      await send(
        other,
        spans.filter((_, i) => i % 2 === 1),
      );
    }
    /** The root and a part are sent now, and a failed span some seconds later. */
    async function sendWithLateError(name: string, count: number, seconds: number): Promise<void> {
      const all = traces(count, { name });
      await sendThroughBoth(all.map((trace) => trace.slice(0, -1)));
      await pause(seconds * 1_000);
      await send(
        one,
        all.map((trace) => ({ ...trace.at(-1), ...ERROR }) as Trace[number]),
      );
    }

    await Promise.all([
      sendThroughBoth(traces(200, { name: 'failed', error: true })),
      sendThroughBoth(
        traces(200, { name: 'failed inside' }).map((trace) =>
          trace.map((span, i) => (i === 3 ? { ...span, ...ERROR } : span)),
        ),
      ),
      sendThroughBoth(traces(200, { name: 'slow', seconds: 10.5 })),
      sendThroughBoth(traces(200, { name: 'expensive', attributes: { 'tta.llm.cost_usd': 0.05 } })),
      sendThroughBoth(traces(1_000, { name: 'ordinary' })),
      sendThroughBoth(traces(1_000, { name: 'nearly', seconds: 9.5, attributes: { 'tta.llm.cost_usd': 0.0499 } })),
      sendWithLateError('fails within ten seconds', 200, 5),
      sendWithLateError('fails later', 1_000, 16),
    ]);
    // Sent last, so decided on last.
    await sendThroughBoth(traces(20, { name: 'last', error: true }));
    await eventually('the last are stored', async () => ((await stored('last')).whole === 20 ? true : undefined));

    for (const name of ['failed', 'failed inside', 'slow', 'expensive', 'fails within ten seconds'])
      expect([name, await stored(name)]).toEqual([name, { traces: 200, whole: 200 }]);
    await expectShare('ordinary', 1_000);
    await expectShare('nearly', 1_000);
    // The decision was made: what is kept has its late span, and what was dropped stays so.
    await expectShare('fails later', 1_000);
  });

  it('decides on a trace without its root after TTA_COLLECTOR_WAIT, and does not see what fails later', {
    timeout: 120_000,
  }, async () => {
    const sampler = await startSampler(collector, jaeger, { TTA_COLLECTOR_WAIT: '5s' });
    const gateway = await startGateway(collector, [sampler]);
    const all = traces(1_000, { name: 'long', error: true });
    await send(
      gateway,
      all.flatMap((trace) => trace.slice(1)),
    );
    await pause(9_000);
    await send(
      gateway,
      all.flatMap((trace) => trace.slice(0, 1)),
    );
    await send(gateway, makeTrace({ name: 'end', error: true }));
    await eventually('the last is stored', async () => ((await stored('end')).whole === 1 ? true : undefined));
    await expectShare('long', 1_000);
  });

  it('loses no failed trace while both samplers are restarted with SIGTERM', { timeout: 180_000 }, async () => {
    const samplers = [await startSampler(collector, jaeger), await startSampler(collector, jaeger)] as const;
    const gateway = await startGateway(collector, samplers);
    let sent = 0;
    let isSending = true;
    const sending = (async () => {
      while (isSending) {
        await send(gateway, traces(5, { name: 'during restarts', error: true }).flat());
        sent += 5;
        await pause(50);
      }
    })();
    for (const sampler of samplers) {
      await pause(2_000);
      await sampler.stop();
      await pause(2_000);
      await sampler.start();
    }
    await pause(2_000);
    isSending = false;
    await sending;
    const arrived = async () => ((await stored('during restarts')).traces >= sent ? true : undefined);
    await eventually('all are stored', arrived).catch(() => {});
    expect(await stored('during restarts')).toEqual({ traces: sent, whole: sent });
    expect(sent).toBeGreaterThan(400);
  });
});
