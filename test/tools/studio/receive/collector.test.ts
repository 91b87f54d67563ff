/** Spans that a real Collector sends on, in either encoding, and what it says where it is told to use gRPC. */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '../../../support/collector.ts';
import { component } from '../../../support/component.ts';
import { eventually } from '../../../support/prometheus.ts';
import { startSpanReceiver } from '../../../support/span-receiver.ts';

const program = component('otelcol-tta') ?? '';

async function sendTo(url: string): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `${url}/v1/traces` });
  const resource = resourceFromAttributes({ 'service.name': 'shop' });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const span = provider.getTracer('a-scope').startSpan('work', {
    attributes: { text: 'é', large: 2 ** 60, part: 0.5, list: ['a', 'b'], 'gen_ai.usage.input_tokens': 7 },
    links: [
      {
        context: { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: 1 },
      },
    ],
  });
  span.recordException(new TypeError('it broke'));
  span.setStatus({ code: 2, message: 'it broke' });
  span.end();
  await provider.shutdown();
}

describe.skipIf(program === '')('behind a real Collector', () => {
  it.each([
    ['proto', 'gzip'],
    ['proto', 'none'],
    ['json', 'gzip'],
    ['proto', 'deflate'],
  ])('spans arrive whole, encoded as %s, compressed with %s', async (encoding, compression) => {
    const receiver = await startSpanReceiver();
    onTestFinished(receiver.close);
    const collector = await startCollector(program, 'laptop', {
      env: { TTA_COLLECTOR_TRACES: receiver.url },
      override: { exporters: { otlp_http: { encoding, compression } } },
    });
    await sendTo(collector.url);
    await eventually('the span arrives', async () => receiver.spans.length > 0 || undefined);
    expect(receiver.spans).toMatchObject([
      {
        ...{ name: 'work', service: 'shop', scope: 'a-scope', status: 'error', statusMessage: 'it broke', cut: 0 },
        attributes: { text: 'é', part: 0.5, list: ['a', 'b'], 'gen_ai.usage.input_tokens': 7 },
        events: [{ name: 'exception', attributes: { 'exception.type': 'TypeError' } }],
        links: [{ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }],
      },
    ]);
    expect(Number(receiver.spans[0]?.attributes.large)).toBe(2 ** 60);
    expect(receiver.state().requests[0]).toMatchObject({ status: 200, spans: 1, problem: '' });
  });

  it('its exporter for gRPC is told what to use, and the receiver remembers it', async () => {
    const receiver = await startSpanReceiver();
    onTestFinished(receiver.close);
    const collector = await startCollector(program, 'laptop', {
      override: {
        exporters: {
          loadbalancing: {
            protocol: { otlp: { tls: { insecure: true }, retry_on_failure: { enabled: false } } },
            resolver: { static: { hostnames: [new URL(receiver.url).host] } },
          },
        },
        service: { pipelines: { traces: { exporters: ['loadbalancing'] } } },
      },
    });
    await sendTo(collector.url);
    await eventually('the request is remembered', async () => receiver.state().requests.length > 0 || undefined);
    expect(receiver.state().requests).toMatchObject([
      {
        ...{ method: 'HTTP/2', status: 0, contentType: 'application/grpc' },
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        problem: expect.stringContaining('OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf'),
      },
    ]);
  });
});
