import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { llm, type Model, parallel, sequential, task, workflow } from '../../../src/index.ts';
import { register } from '../../../src/sdk/index.ts';
import { freePort } from '../../support/free-port.ts';
import { type Jaeger, startJaeger } from '../../support/jaeger.ts';
import { type PodNetwork, startPodNetwork } from '../../support/pod-network.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';
import { AUTHORIZED, jaegerPrograms, startGateway, startSampler } from './tiers.ts';

const programs = jaegerPrograms('prometheus', 'prometheus-3');
const SECONDS = 45;
const METRICS = [
  'tta_workflow_duration_seconds_bucket',
  'tta_execution_duration_seconds_bucket',
  'tta_llm_request_duration_seconds_bucket',
  'tta_llm_cost_total',
  'tta_workflow_llm_cost_total',
  'traces_span_metrics_duration_seconds_bucket',
];

/** The trace ids of the exemplars of a metric. */
async function exemplarsOf({ url }: Prometheus, metric: string, from: number): Promise<ReadonlySet<string>> {
  const parameters = new URLSearchParams({ query: metric, start: String(from), end: String(Date.now() / 1_000 + 60) });
  const answer = await fetch(`${url}/api/v1/query_exemplars?${parameters}`);
  const { data } = (await answer.json()) as { data: { exemplars: { labels: { trace_id: string } }[] }[] };
  return new Set(data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id)));
}

/** A service with calls of cents, a few that fail, and durations from milliseconds to seconds. */
function answering() {
  let calls = 0;
  const model: Model = {
    provider: 'openai',
    id: 'gpt-4',
    async generate() {
      calls += 1;
      await pause(calls % 50 === 0 ? 2_000 : 5 + Math.random() * 200);
      if (calls % 100 === 0) throw new Error('the model answers 500');
      return { text: 'hi', usage: { inputTokens: 10, outputTokens: 10 }, dollars: Math.random() * 0.02 };
    },
  };
  const lookUp = task('look up', () => pause(Math.random() * 20));
  const ask = sequential(
    parallel([lookUp, lookUp]),
    task('prompt', () => ({ messages: [{ role: 'user' as const, content: 'hi' }] })),
    llm(model),
  );
  return workflow('answer', ask);
}

describe.skipIf(programs === undefined)('exemplars behind a sampler that keeps a tenth', () => {
  let network: PodNetwork;
  let jaeger: Jaeger;
  beforeAll(async () => {
    network = await startPodNetwork();
    jaeger = await startJaeger(programs?.jaeger as string, network);
  });
  afterAll(() => network?.stop());

  it.each(['prometheus', 'prometheus-3'])(
    'lead to traces that Jaeger has, with %s',
    { timeout: 180_000 },
    async (name) => {
      const collector = programs?.['otelcol-tta'] as string;
      const [port, sampler] = [await freePort(), await startSampler(collector, jaeger)];
      const prometheus = await startPrometheus(programs?.[name] as string, `127.0.0.1:${port}`);
      onTestFinished(() => prometheus.stop());
      const gateway = await startGateway(collector, [sampler], {
        TTA_COLLECTOR_PROMETHEUS: `${prometheus.url}/api/v1/write`,
      });
      const traces = { endpoint: gateway.url, headers: AUTHORIZED };
      const sdk = await register({ serviceName: name, prometheus: { port }, traces, flushTimeoutMs: 60_000 });
      onTestFinished(() => sdk.shutdown());

      const answer = answering();
      const from = Date.now() / 1_000;
      const executions: Promise<unknown>[] = [];
      while (Date.now() / 1_000 < from + SECONDS) {
        executions.push(answer.execute(undefined).catch(() => {}));
        await pause(20);
      }
      await Promise.all(executions);
      await sdk.flush();
      const ids = new Map<string, ReadonlySet<string>>();
      for (const metric of METRICS) ids.set(metric, await exemplarsOf(prometheus, metric, from));
      let kept = new Set<string>();
      await eventually('no more traces arrive', async () => {
        await pause(5_000);
        const before = kept.size;
        kept = new Set((await jaeger.search(name)).map(({ traceID }) => traceID));
        return kept.size > 0 && kept.size === before ? true : undefined;
      });
      process.stdout.write(`${executions.length} traces, of which Jaeger has ${kept.size}\n`);
      for (const [metric, exemplars] of ids) {
        const found = [...exemplars].filter((id) => kept.has(id)).length;
        process.stdout.write(`${metric}: ${exemplars.size} exemplars, of which Jaeger has ${found}\n`);
        expect([metric, exemplars.size > 10]).toEqual([metric, true]);
        // Those of span metrics are chosen by the gateway, and no span says so.
        if (metric.startsWith('tta_')) expect([metric, found]).toEqual([metric, exemplars.size]);
      }
      // A tenth, and those of the exemplars, which are many here because Prometheus scrapes each second.
      expect(kept.size).toBeLessThan(executions.length * 0.6);
    },
  );
});
