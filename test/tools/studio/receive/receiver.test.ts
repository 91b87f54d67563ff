import { deflateSync, gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveLoopback } from '../../../../src/platform/loopback.ts';
import { createReceiver } from '../../../../src/tools/studio/receive/receiver.ts';
import { send } from '../../../support/http.ts';
import { type SpanReceiver, startSpanReceiver } from '../../../support/span-receiver.ts';
import { requestOf, span } from './otlp-json.ts';

async function start(): Promise<SpanReceiver> {
  const receiver = await startSpanReceiver();
  onTestFinished(receiver.close);
  return receiver;
}

const resource = resourceFromAttributes({ 'service.name': 'a-service', 'process.pid': 12 });

/** Records a workflow of three spans with every type of attribute; the last span failed. */
function record(provider: BasicTracerProvider): void {
  const tracer = provider.getTracer('a-scope');
  const root = tracer.startSpan('root', { kind: SpanKind.SERVER });
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  const paid = tracer.startSpan('paid', { kind: SpanKind.CLIENT, links: [{ context: root.spanContext() }] }, inRoot);
  paid.addEvent('a retry', { attempt: 2 }, 1_700_000_000_123);
  paid.end();
  const attributes = { text: 'é', whole: 42, part: 0.5, yes: true, no: false, list: ['a', 'b'], big: 2 ** 53 };
  const failed = tracer.startSpan('failed', { attributes }, inRoot);
  failed.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
  failed.end();
  root.end();
}

async function recorded(): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  record(new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  return exporter.getFinishedSpans();
}

const post = (to: { url: string }, type: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  send(`${to.url}/v1/traces`, { method: 'POST', headers: { 'content-type': type, ...headers } }, body);

function expectTheWorkflow({ spans }: SpanReceiver): void {
  expect(spans).toHaveLength(3);
  const byName = Object.fromEntries(spans.map((each) => [each.name, each]));
  const { root, paid, failed } = byName;
  expect(root).toMatchObject({ parentSpanId: null, status: 'unset', kind: 'server', service: 'a-service' });
  expect(root).toMatchObject({ scope: 'a-scope', resource: { 'process.pid': 12 }, cut: 0 });
  expect(paid).toMatchObject({
    parentSpanId: root?.spanId,
    kind: 'client',
    events: [{ name: 'a retry', atUs: 1_700_000_000_123_000, attributes: { attempt: 2 } }],
    links: [{ traceId: root?.traceId, spanId: root?.spanId }],
  });
  expect(failed).toMatchObject({
    parentSpanId: root?.spanId,
    kind: 'internal',
    status: 'error',
    statusMessage: 'it broke',
    attributes: { text: 'é', whole: 42, part: 0.5, yes: true, no: false, list: ['a', 'b'] },
  });
  expect(Number(failed?.attributes.big)).toBe(2 ** 53);
}

describe('the receiver', () => {
  it.each([CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP])(
    'takes the spans of the real exporter, JSON, compression %s',
    async (compression) => {
      const receiver = await start();
      const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces`, compression });
      const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
      record(provider);
      await provider.shutdown();
      expectTheWorkflow(receiver);
    },
  );

  it.each(['identity', 'gzip', 'deflate'])(
    'takes protobuf, encoded as %s, and answers in protobuf',
    async (encoding) => {
      const receiver = await start();
      const bytes = ProtobufTraceSerializer.serializeRequest(await recorded()) ?? new Uint8Array();
      const body = encoding === 'gzip' ? gzipSync(bytes) : encoding === 'deflate' ? deflateSync(bytes) : bytes;
      const answer = await post(receiver, 'application/x-protobuf', body, { 'content-encoding': encoding });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('application/x-protobuf');
      expect(answer.body).toHaveLength(0);
      expectTheWorkflow(receiver);
    },
  );

  it('reads the same from both encodings, times to the nanosecond', async () => {
    const [json, protobuf] = [await start(), await start()];
    const spans = await recorded();
    const exporter = new OTLPTraceExporter({ url: `${json.url}/v1/traces` });
    await new Promise((resolve) => exporter.export(spans, resolve));
    await post(protobuf, 'application/x-protobuf', ProtobufTraceSerializer.serializeRequest(spans) ?? '');
    expect(protobuf.spans).toEqual(json.spans);
    const [seconds, nanos] = spans.find(({ name }) => name === 'root')?.startTime ?? [0, 0];
    const { startUs = 0, startRestNs = 0 } = json.spans.find(({ name }) => name === 'root') ?? {};
    expect(BigInt(startUs) * 1_000n + BigInt(startRestNs)).toBe(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
  });

  it.each(['application/json', 'application/x-protobuf'])(
    'keeps whether the parent is of another process, %s',
    async (type) => {
      const receiver = await start();
      const exporter = new InMemorySpanExporter();
      const processor = new SimpleSpanProcessor(exporter);
      const tracer = new BasicTracerProvider({ resource, spanProcessors: [processor] }).getTracer('a-scope');
      const remote = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1, isRemote: true };
      const local = tracer.startSpan('local', {}, trace.setSpanContext(ROOT_CONTEXT, remote));
      tracer.startSpan('below', {}, trace.setSpan(ROOT_CONTEXT, local)).end();
      local.end();
      const serializer = type === 'application/json' ? JsonTraceSerializer : ProtobufTraceSerializer;
      await post(receiver, type, serializer.serializeRequest(exporter.getFinishedSpans()) ?? '');
      expect(receiver.spans.map((each) => [each.name, each.isParentRemote])).toEqual([
        ['below', false],
        ['local', true],
      ]);
    },
  );

  it('has one resource object for all spans of one resource', async () => {
    const receiver = await start();
    const bytes = ProtobufTraceSerializer.serializeRequest(await recorded()) ?? '';
    await post(receiver, 'application/x-protobuf', bytes);
    expect(new Set(receiver.spans.map((each) => each.resource)).size).toBe(1);
  });

  it('counts every span of a burst', async () => {
    const receiver = await start();
    const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces`, concurrencyLimit: 1_000 });
    const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 20_000, maxExportBatchSize: 1_000 });
    const tracer = new BasicTracerProvider({ resource, spanProcessors: [processor] }).getTracer('test');
    for (let i = 0; i < 20_000; i += 1) tracer.startSpan(`span ${i}`).end();
    await processor.shutdown();
    expect(receiver.spans).toHaveLength(20_000);
  });

  it('takes the forms of JSON that exporters send', async () => {
    const receiver = await start();
    const numbers = { startTimeUnixNano: 1_700_000_000_000_000_000, endTimeUnixNano: 1_700_000_001_000_000_000 };
    const named = { kind: 'SPAN_KIND_CLIENT', status: { code: 'STATUS_CODE_ERROR' } };
    const values = [
      { key: 'text', value: { intValue: '7' } },
      { key: 'number', value: { intValue: 7 } },
      { key: 'large', value: { intValue: '-9223372036854775808' } },
      { key: 'nan', value: { doubleValue: 'NaN' } },
      { key: 'nothing', value: {} },
      { key: 'no value' },
      { key: 'bytes', value: { bytesValue: 'AQI=' } },
      { key: 'map', value: { kvlistValue: { values: [{ key: 'list', value: { arrayValue: {} } }] } } },
    ];
    const { traceId, spanId } = span(1);
    const snake = {
      resource_spans: [
        {
          scope_spans: [
            {
              spans: [
                {
                  trace_id: traceId,
                  span_id: 'ab'.repeat(8),
                  parent_span_id: spanId,
                  start_time_unix_nano: '1700000000000000000',
                  attributes: [{ key: 'text', value: { string_value: 'x' } }],
                },
              ],
            },
          ],
        },
      ],
    };
    await post(receiver, 'application/json', requestOf([span(1, { ...numbers, ...named, attributes: values })]));
    await post(receiver, 'application/json', JSON.stringify(snake));
    expect(receiver.spans).toMatchObject([
      {
        startUs: 1_700_000_000_000_000,
        durationNs: 1e9,
        kind: 'client',
        status: 'error',
        attributes: {
          text: 7,
          number: 7,
          large: '-9223372036854775808',
          nan: 'NaN',
          nothing: null,
          'no value': null,
          bytes: 'AQI=',
          map: { list: [] },
        },
      },
      { parentSpanId: spanId, durationNs: 0, attributes: { text: 'x' } },
    ]);
  });

  it('says how many spans it rejected, in either encoding', async () => {
    const receiver = await start();
    const good = { ...span(1), traceId: 'AB'.repeat(16) };
    const bad = [
      { ...good, traceId: '0'.repeat(32) },
      { ...good, spanId: 'short' },
      { ...good, startTimeUnixNano: 'noon' },
      { ...good, startTimeUnixNano: '99999999999999999999' },
      {},
    ];
    const answer = await post(receiver, 'application/json; charset=utf-8', requestOf([good, ...bad]));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body.toString()).partialSuccess).toMatchObject({ rejectedSpans: '5' });
    expect(receiver.spans).toMatchObject([{ traceId: 'ab'.repeat(16), service: 'unknown_service' }]);

    const unnamed = { traceId: '', spanId: '', traceFlags: 1 };
    const spans = (await recorded()).map((each) => Object.assign(Object.create(each), { spanContext: () => unnamed }));
    const bytes = ProtobufTraceSerializer.serializeRequest(spans as ReadableSpan[]) ?? '';
    const second = await post(receiver, 'application/x-protobuf', bytes);
    expect(ProtobufTraceSerializer.deserializeResponse(second.body).partialSuccess).toMatchObject({ rejectedSpans: 3 });
  });

  it('answers an empty request with success', async () => {
    const receiver = await start();
    expect((await post(receiver, 'application/json', '{}')).status).toBe(200);
    expect((await post(receiver, 'application/x-protobuf', '')).status).toBe(200);
    expect(receiver.spans).toEqual([]);
  });

  it('refuses bad bodies with 400, in the encoding of the request', async () => {
    const receiver = await start();
    for (const body of ['', '{', '[]', '7', '{"resourceSpans":{}}', '{"resourceSpans":[{"scopeSpans":[null]}]}']) {
      const answer = await post(receiver, 'application/json', body);
      expect([body, answer.status]).toEqual([body, 400]);
      expect(JSON.parse(answer.body.toString()).message).toMatch(/body/);
    }
    const answer = await post(receiver, 'application/x-protobuf', Buffer.from([0x0a, 0xff, 0xff, 0x01]));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect(answer.body.toString()).toMatch(/could not be decoded/);
    expect((await post(receiver, 'application/json', 'no gzip', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect(receiver.spans).toEqual([]);
  });

  it('refuses every part of a request in protobuf that is cut off, or takes it', async () => {
    const receiver = await start();
    const bytes = Buffer.from(ProtobufTraceSerializer.serializeRequest((await recorded()).slice(0, 1)) ?? '');
    for (let length = 1; length < bytes.length; length += 1) {
      const { status } = await post(receiver, 'application/x-protobuf', bytes.subarray(0, length));
      expect([200, 400]).toContain(status);
    }
    expect((await post(receiver, 'application/x-protobuf', bytes)).status).toBe(200);
  });

  it('refuses other content types and encodings, and bodies that are too large, also when they are zipped', async () => {
    const receiver = await start();
    expect((await post(receiver, 'text/plain', '{}')).status).toBe(415);
    expect((await post(receiver, 'application/json', '{}', { 'content-encoding': 'br' })).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await post(receiver, 'application/json', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('keeps the spans of a huge request in parts, between which the event loop turns', async () => {
    const parts: { spans: number; turn: number }[] = [];
    let turn = 0;
    const { handle } = createReceiver({
      onSpans(spans) {
        parts.push({ spans: spans.length, turn });
        setImmediate(() => {
          turn += 1;
        });
      },
    });
    const server = await serveLoopback({ name: 'a test', host: '127.0.0.1', port: 0, handle });
    onTestFinished(server.close);
    const body = requestOf(Array.from({ length: 2_500 }, (_, i) => span(i)));
    expect((await post(server, 'application/json', body)).status).toBe(200);
    expect(parts.map(({ spans }) => spans)).toEqual([1_000, 1_000, 500]);
    expect(parts.map((part) => part.turn)).toEqual([0, 1, 2]);
  });

  it('asks the sender to try again where the spans could not be kept', async () => {
    const receiver = createReceiver({
      onSpans() {
        throw new Error('no room');
      },
    });
    const { handle, state } = receiver;
    const server = await serveLoopback({ name: 'a test', host: '127.0.0.1', port: 0, handle });
    onTestFinished(server.close);
    const answer = await post(server, 'application/json', requestOf([span(1)]));
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '1']);
    expect(state()).toMatchObject({
      spans: 0,
      requests: [{ status: 503, problem: expect.stringContaining('no room') }],
    });
  });
});
