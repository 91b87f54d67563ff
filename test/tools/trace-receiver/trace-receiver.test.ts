import { gzipSync } from 'node:zlib';
import { ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/platform/clock.ts';
import { ATTR } from '../../../src/telemetry/semconv.ts';
import {
  startTraceReceiver,
  type TraceReceiver,
  type TraceReceiverOptions,
} from '../../../src/tools/trace-receiver/trace-receiver.ts';
import { openConnection, send } from '../../support/http.ts';

const receivers: TraceReceiver[] = [];
afterEach(() => Promise.all(receivers.splice(0).map((receiver) => receiver.close())));

async function start(options?: TraceReceiverOptions): Promise<TraceReceiver> {
  const receiver = await startTraceReceiver({ port: 0, ...options });
  receivers.push(receiver);
  return receiver;
}

const resource = resourceFromAttributes({ 'service.name': 'a-service' });

/** Records a workflow of three spans with every type of attribute; the last span failed. */
function record(provider: BasicTracerProvider): void {
  const tracer = provider.getTracer('test');
  const root = tracer.startSpan('root');
  const inRoot = trace.setSpan(ROOT_CONTEXT, root);
  tracer.startSpan('paid', { attributes: { [ATTR.cost]: 0.25, [ATTR.primitiveType]: 'llm' } }, inRoot).end();
  const failed = tracer.startSpan(
    'failed',
    { attributes: { text: 'é', whole: 42, part: 0.5, yes: true, no: false, list: ['a', 'b'], big: 2 ** 53 } },
    inRoot,
  );
  failed.setStatus({ code: SpanStatusCode.ERROR, message: 'it broke' });
  failed.end();
  root.end();
}

async function recorded(): Promise<ReadableSpan[]> {
  const exporter = new InMemorySpanExporter();
  record(new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  return exporter.getFinishedSpans();
}

const post = (receiver: TraceReceiver, type: string, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  send(`${receiver.url}/v1/traces`, { method: 'POST', headers: { 'content-type': type, ...headers } }, body);

function expectTheWorkflow(receiver: TraceReceiver): void {
  expect(receiver.spans()).toBe(3);
  expect(receiver.traces()).toHaveLength(1);
  const [received] = receiver.traces();
  expect(received).toMatchObject({ name: 'root', service: 'a-service', spanCount: 3, errors: 1, dollars: 0.25 });
  const byName = Object.fromEntries(received?.spans.map((span) => [span.name, span]) ?? []);
  expect(byName.root).toMatchObject({ parentSpanId: null, status: 'unset' });
  expect(byName.paid).toMatchObject({ parentSpanId: byName.root?.spanId, attributes: { [ATTR.cost]: 0.25 } });
  expect(byName.failed).toMatchObject({
    parentSpanId: byName.root?.spanId,
    status: 'error',
    statusMessage: 'it broke',
    attributes: { text: 'é', whole: 42, part: 0.5, yes: true, no: false, list: ['a', 'b'] },
  });
  expect(Number(byName.failed?.attributes.big)).toBe(2 ** 53);
}

describe('the trace receiver', () => {
  it.each([CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP])(
    'accepts the spans of the real exporter, JSON, compression %s',
    async (compression) => {
      const receiver = await start();
      const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces`, compression });
      const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
      record(provider);
      await provider.shutdown();
      expectTheWorkflow(receiver);
    },
  );

  it.each([false, true])('accepts protobuf, gzip %s, and answers in protobuf', async (gzip) => {
    const receiver = await start();
    const bytes = ProtobufTraceSerializer.serializeRequest(await recorded()) ?? new Uint8Array();
    const headers: Record<string, string> = gzip ? { 'content-encoding': 'gzip' } : {};
    const answer = await post(receiver, 'application/x-protobuf', gzip ? gzipSync(bytes) : bytes, headers);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect(answer.body).toHaveLength(0);
    expect(ProtobufTraceSerializer.deserializeResponse(answer.body)).toEqual({});
    expectTheWorkflow(receiver);
  });

  it('reads the same times from both encodings, to the nanosecond', async () => {
    const [json, protobuf] = [await start(), await start()];
    const spans = await recorded();
    const exporter = new OTLPTraceExporter({ url: `${json.url}/v1/traces` });
    await new Promise((resolve) => exporter.export(spans, resolve));
    await post(protobuf, 'application/x-protobuf', ProtobufTraceSerializer.serializeRequest(spans) ?? '');
    expect(protobuf.traces()).toEqual(json.traces());
    const [seconds, nanos] = spans.find(({ name }) => name === 'root')?.startTime ?? [0, 0];
    expect(json.traces()[0]?.startTimeUnixNano).toBe(String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos)));
  });

  it('counts every span of a burst', async () => {
    const receiver = await start({ maxSpans: 1_000 });
    const exporter = new OTLPTraceExporter({ url: `${receiver.url}/v1/traces`, concurrencyLimit: 1_000 });
    const processor = new BatchSpanProcessor(exporter, { maxQueueSize: 20_000, maxExportBatchSize: 1_000 });
    const tracer = new BasicTracerProvider({ resource, spanProcessors: [processor] }).getTracer('test');
    for (let i = 0; i < 20_000; i += 1) tracer.startSpan(`span ${i}`).end();
    await processor.shutdown();
    expect(receiver.spans()).toBe(20_000);
    expect(receiver.dropped().spans).toBe(20_000 - 200);
  });

  it('says how many spans it rejected', async () => {
    const receiver = await start();
    const times = { startTimeUnixNano: '1', endTimeUnixNano: '2' };
    const good = { traceId: 'AB'.repeat(16), spanId: 'cd'.repeat(8), name: 'good', ...times };
    const bad = [
      { ...good, traceId: '0'.repeat(32) },
      { ...good, spanId: 'short' },
      { ...good, startTimeUnixNano: 'noon' },
      {},
    ];
    const body = { resourceSpans: [{ scopeSpans: [{ spans: [good, ...bad] }] }] };
    const answer = await post(receiver, 'application/json; charset=utf-8', JSON.stringify(body));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body.toString()).partialSuccess).toMatchObject({ rejectedSpans: '4' });
    expect(receiver.traces()).toMatchObject([{ traceId: 'ab'.repeat(16), service: 'unknown_service' }]);
  });

  it('answers an empty request with success', async () => {
    const receiver = await start();
    expect((await post(receiver, 'application/json', '{}')).status).toBe(200);
    expect((await post(receiver, 'application/x-protobuf', '')).status).toBe(200);
    expect(receiver.spans()).toBe(0);
  });

  it('refuses bad bodies with 400, in the encoding of the request', async () => {
    const receiver = await start();
    for (const body of ['{', '[]', '7', '{"resourceSpans":{}}', '{"resourceSpans":[{"scopeSpans":[null]}]}']) {
      const answer = await post(receiver, 'application/json', body);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body.toString()).message).toMatch(/body/);
    }
    const answer = await post(receiver, 'application/x-protobuf', Buffer.from([0x0a, 0xff, 0xff, 0x01]));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/x-protobuf');
    expect(answer.body.toString()).toMatch(/could not be decoded/);
    expect((await post(receiver, 'application/json', 'no gzip', { 'content-encoding': 'gzip' })).status).toBe(400);
    expect(receiver.spans()).toBe(0);
  });

  it('refuses other content types and encodings, and bodies that are too large, also when they are zipped', async () => {
    const receiver = await start();
    expect((await post(receiver, 'text/plain', '{}')).status).toBe(415);
    expect((await post(receiver, 'application/json', '{}', { 'content-encoding': 'br' })).status).toBe(415);
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    expect((await post(receiver, 'application/json', bomb, { 'content-encoding': 'gzip' })).status).toBe(413);
  });

  it('keeps running after a value that is nested deeper than the call stack', async () => {
    const receiver = await start();
    const deep = `${'{"arrayValue":{"values":['.repeat(20_000)}${']}}'.repeat(20_000)}`;
    const span = `{"traceId":"${'a'.repeat(32)}","spanId":"${'b'.repeat(16)}","name":"x","startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[{"key":"k","value":${deep}}]}`;
    const answer = await post(receiver, 'application/json', `{"resourceSpans":[{"scopeSpans":[{"spans":[${span}]}]}]}`);
    expect([200, 400]).toContain(answer.status);
    expect((await send(`${receiver.url}/traces`)).status).toBe(200);
  });

  it('serves its traces as JSON', async () => {
    const receiver = await start();
    const bytes = ProtobufTraceSerializer.serializeRequest(await recorded()) ?? '';
    await post(receiver, 'application/x-protobuf', bytes);
    const all = JSON.parse((await send(`${receiver.url}/traces?x=1`)).body.toString());
    expect(all).toEqual({ received: 3, dropped: { traces: 0, spans: 0 }, traces: receiver.traces() });
    const [{ traceId }] = all.traces;
    expect(JSON.parse((await send(`${receiver.url}/traces/${traceId}`)).body.toString())).toEqual(all.traces[0]);
    for (const path of ['/traces/none', '/view/none', '/traces/', '/favicon.ico']) {
      expect((await send(receiver.url + path)).status).toBe(404);
    }
    expect((await send(`${receiver.url}/v1/traces`)).status).toBe(405);
    expect((await send(`${receiver.url}/traces`, { method: 'DELETE' })).headers.allow).toBe('GET');
  });

  it('answers requests to this machine only, and allows no other origin', async () => {
    const receiver = await start();
    const { port } = new URL(receiver.url);
    for (const host of ['localhost', `localhost:${port}`, `127.0.0.1:${port}`, '[::1]:80']) {
      const answer = await send(`${receiver.url}/traces`, { headers: { host, origin: 'http://evil.example' } });
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect((await send(`${receiver.url}/traces`, { headers: { host } })).status).toBe(403);
    }
  });

  it('closes at once with open connections, and frees its port', async () => {
    const receiver = await start();
    const port = Number(new URL(receiver.url).port);
    const kept = await openConnection(receiver.url, 'GET /traces HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const half = await openConnection(
      receiver.url,
      'POST /v1/traces HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
    );
    await expect(startTraceReceiver({ port })).rejects.toThrow(`port ${port}: the port is taken`);
    const began = systemClock.now();
    await receiver.close();
    await Promise.all([kept.ended, half.ended]);
    expect(systemClock.now() - began).toBeLessThan(4_000);
    const next = await start({ port });
    expect(next.url).toBe(receiver.url);
  });
});
