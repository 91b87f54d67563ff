import { SpanStatusCode, trace } from '@opentelemetry/api';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  extract,
  fallback,
  llm,
  type Model,
  map,
  parallel,
  retry,
  sequential,
  task,
  timeout,
  workflow,
} from '../../../src/index.ts';
import { register } from '../../../src/sdk/index.ts';
import type { ReadableSpan } from '../../../src/sdk/span-types.ts';
import { type Jaeger, startJaeger } from '../../support/jaeger.ts';
import type { StoredSpan, Values } from '../../support/jaeger-answers.ts';
import { type PodNetwork, startPodNetwork } from '../../support/pod-network.ts';
import { eventually } from '../../support/prometheus.ts';
import { AUTHORIZED, jaegerPrograms, startGateway, startSampler } from './tiers.ts';

const programs = jaegerPrograms();

describe.skipIf(programs === undefined)('Jaeger behind gateway and sampler', () => {
  let network: PodNetwork;
  let jaeger: Jaeger;
  beforeAll(async () => {
    network = await startPodNetwork();
    jaeger = await startJaeger(programs?.jaeger as string, network);
  });
  afterAll(() => network?.stop());

  /** The address of a gateway, behind which all traces are kept. */
  async function startTiers(): Promise<string> {
    const collector = programs?.['otelcol-tta'] as string;
    const keepAll = { TTA_COLLECTOR_SAMPLE_PERCENT: '100', TTA_COLLECTOR_WAIT_AFTER_ROOT: '3s' };
    const sampler = await startSampler(collector, jaeger, keepAll);
    return (await startGateway(collector, [sampler])).url;
  }

  /** An application of this package, whose spans are recorded here too. */
  async function startApplication(serviceName: string) {
    const endpoint = await startTiers();
    const ended: ReadableSpan[] = [];
    const recorder = {
      onStart() {},
      onEnd: (span: ReadableSpan) => void ended.push(span),
      forceFlush: async () => {},
      shutdown: async () => {},
    };
    const sdk = await register({
      serviceName,
      resourceAttributes: { 'deployment.environment.name': 'Prüfung', 'host.cpus': 2 },
      prometheus: false,
      traces: { endpoint, headers: AUTHORIZED },
      spanProcessors: [recorder],
      flushTimeoutMs: 60_000,
    });
    onTestFinished(() => sdk.shutdown());
    return { sdk, ended };
  }

  it('a trace arrives whole: spans, parents, values, events, links, status and resource, in all languages', {
    timeout: 180_000,
  }, async () => {
    const { sdk, ended } = await startApplication('注文サービス');
    const long = `très long ${'nom '.repeat(40)}🦊`;
    const model: Model = {
      provider: 'openai',
      id: 'gpt-4',
      serverAddress: 'api.example',
      serverPort: 8443,
      generate: async () => ({
        text: 'answer',
        usage: { inputTokens: 1_200, outputTokens: 7 },
        dollars: 0.0625,
        model: 'gpt-4-0613',
        id: 'reply-1',
        finishReason: 'stop',
      }),
    };
    let tries = 0;
    const order = workflow(
      '注文 🛒',
      sequential(
        parallel([
          retry(
            task('unstable', () => {
              tries += 1;
              if (tries < 3) throw new Error(`try ${tries} failed: “não”`);
              return tries;
            }),
            { maxRetries: 3, initialDelayMs: 1, name: 'again' },
          ),
          fallback(
            timeout(
              task('stuck', () => new Promise<number>(() => {})),
              { timeoutMs: 50 },
            ),
            [task(long, () => 2)],
            { name: 'answers anyway' },
          ),
        ]),
        task('messages', () => ({
          messages: [{ role: 'user' as const, content: 'hi' }],
          temperature: 0.25,
          maxTokens: 9,
        })),
        llm(model),
        task('own span', () => {
          const values = {
            'own.integer': 3,
            'own.double': 0.1,
            'own.flag': true,
            'own.list': ['ä', '字'],
            'own.empty': '',
          };
          const span = trace.getTracer('application').startSpan('custom', { attributes: values });
          span.addEvent('möglich', { at: 1.5, times: 2 });
          span.setStatus({ code: SpanStatusCode.ERROR, message: 'voilà' }).end();
        }),
      ),
    );
    const batch = ['a', 'b'].map((digit) => ({ traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01` }));
    await order.execute(undefined, { context: extract(...batch) });
    await sdk.flush();

    const traceId = ended[0]?.spanContext().traceId as string;
    const stored = await eventually('the whole trace', async () => {
      const found = await jaeger.trace(traceId);
      return found.length >= ended.length ? found : undefined;
    });
    const byId = (spans: readonly StoredSpan[]) => spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1));
    expect(byId(stored)).toEqual(byId(ended.map(asStored)));
    // What the comparison would not notice if the application did not have it.
    const named = (name: string) => stored.find((span) => span.name.includes(name)) as StoredSpan;
    expect(named('注文 🛒').links.map(({ traceId }) => traceId)).toEqual(['a'.repeat(32), 'b'.repeat(32)]);
    expect(named('chat gpt-4').attributes).toMatchObject({
      'gen_ai.usage.input_tokens': 1_200,
      'tta.llm.cost_usd': 0.0625,
      'gen_ai.request.temperature': 0.25,
      'gen_ai.response.finish_reasons': ['stop'],
    });
    expect(named('again').events.length).toBe(2);
    expect(named('unstable').events[0]?.attributes['exception.message']).toBe('try 1 failed: “não”');
    expect(named(long).status.code).toBe(0);
    expect(named('custom')).toMatchObject({ status: { code: 2, message: 'voilà' }, attributes: { 'own.double': 0.1 } });

    // The API that Grafana asks: the names it offers, and the types of values, which decide how it shows them.
    expect((await jaeger.ask<{ data: string[] }>('/api/services')).body.data).toContain('注文サービス');
    const service = encodeURIComponent('注文サービス');
    const operations = (await jaeger.ask<{ data: string[] }>(`/api/services/${service}/operations`)).body.data;
    expect(operations.sort()).toEqual([...new Set(ended.map(({ name }) => name))].sort());
    const [found] = await jaeger.search('注文サービス', named('注文 🛒').name);
    expect(found?.spans.length).toBe(ended.length);
    const custom = found?.spans.find(({ operationName }) => operationName === 'custom');
    const tags = Object.fromEntries((custom?.tags ?? []).map(({ key, type, value }) => [key, [type, value]]));
    expect(tags).toMatchObject({
      'own.integer': ['int64', 3],
      'own.double': ['float64', 0.1],
      'own.flag': ['bool', true],
      error: ['bool', true],
    });
    expect(custom?.references[0]).toMatchObject({ refType: 'CHILD_OF', traceID: traceId });
  });

  it('a trace of 10,000 spans arrives whole', { timeout: 180_000 }, async () => {
    const { sdk, ended } = await startApplication('many');
    const items = Array.from({ length: 9_998 }, (_, i) => i);
    await workflow(
      'many',
      map(
        task('item', (i: number) => i),
        { concurrency: 20 },
      ),
    ).execute(items);
    await sdk.flush();
    expect(ended.length).toBe(10_000);
    const traceId = ended[0]?.spanContext().traceId as string;
    const stored = await eventually('all spans', async () => {
      const found = await jaeger.trace(traceId);
      return found.length >= 10_000 ? found : undefined;
    });
    expect(stored.length).toBe(10_000);
    expect(new Set(stored.map(({ spanId }) => spanId))).toEqual(
      new Set(ended.map((span) => span.spanContext().spanId)),
    );
  });
});

function asStored(span: ReadableSpan): StoredSpan {
  const { traceId, spanId } = span.spanContext();
  const nanoseconds = ([seconds, nanos]: readonly [number, number]) =>
    String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? '',
    name: span.name,
    kind: span.kind + 1,
    start: nanoseconds(span.startTime),
    end: nanoseconds(span.endTime),
    status: { code: span.status.code, message: span.status.message ?? '' },
    attributes: span.attributes as Values,
    events: span.events.map(({ name, time, attributes = {} }) => ({
      name,
      time: nanoseconds(time),
      attributes: attributes as Values,
    })),
    links: span.links.map(({ context, attributes = {} }) => ({
      traceId: context.traceId,
      spanId: context.spanId,
      attributes: attributes as Values,
    })),
    resource: span.resource.attributes as Values,
    scope: span.instrumentationScope.name,
  };
}
