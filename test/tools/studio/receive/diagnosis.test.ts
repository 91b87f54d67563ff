import { describe, expect, it, onTestFinished } from 'vitest';
import { createRequestLog } from '../../../../src/tools/studio/receive/request-log.ts';
import { startStudio } from '../../../../src/tools/studio/studio.ts';
import { send } from '../../../support/http.ts';
import { type SpanReceiver, startSpanReceiver } from '../../../support/span-receiver.ts';
import { attribute, requestOf, span } from './otlp-json.ts';

async function start(): Promise<SpanReceiver> {
  const receiver = await startSpanReceiver();
  onTestFinished(receiver.close);
  return receiver;
}

const post = (url: string, type: string, body: string | Uint8Array = '{}', headers: Record<string, string> = {}) =>
  send(url, { method: 'POST', headers: { 'content-type': type, ...headers } }, body);

describe('the receiver remembers', () => {
  it('what came, newest first, and that nothing was wrong with it', async () => {
    const receiver = await start();
    await post(`${receiver.url}/v1/traces`, 'application/json', requestOf([span(1), span(2)]));
    await post(`${receiver.url}/v1/traces?x=secret`, 'text/plain');
    const [second, first] = receiver.state().requests;
    const one = { method: 'POST', path: '/v1/traces', contentType: 'application/json', status: 200 };
    expect(first).toMatchObject({ ...one, spans: 2, problem: '' });
    expect(second).toMatchObject({ path: '/v1/traces', contentType: 'text/plain', status: 415, spans: 0 });
    expect(second?.atMs).toBeGreaterThanOrEqual(first?.atMs ?? Number.NaN);
    expect(first?.atMs).toBeGreaterThan(Date.UTC(2020));
    expect(JSON.stringify(receiver.state())).not.toContain('secret');
  });

  it.each([
    ['application/grpc', 415, 'OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf'],
    ['application/protobuf', 415, 'must be application/json or application/x-protobuf, got application/protobuf'],
    ['application/vnd.apache.thrift.binary', 415, 'Thrift is of Jaeger'],
    ['', 415, 'got none'],
  ])('why the content type "%s" was refused', async (type, status, words) => {
    const receiver = await start();
    const answer = await post(`${receiver.url}/v1/traces`, type);
    expect(answer.status).toBe(status);
    expect(receiver.state().requests).toMatchObject([{ status, problem: expect.stringContaining(words) }]);
    expect(answer.body.toString()).toContain(words);
  });

  it.each([
    ['/v1/trace', 'OTEL_EXPORTER_OTLP_ENDPOINT=http://'],
    ['/', 'to a URL in code'],
    ['/v1/traces/v1/traces', '/v1/traces does not exist. Send spans to http://'],
    ['/v1/metrics', 'OTEL_METRICS_EXPORTER=none'],
    ['/v1/logs', 'OTEL_LOGS_EXPORTER=none'],
    ['/api/traces', 'Jaeger'],
    ['/api/v2/spans', 'Zipkin'],
    ['/v0.4/traces', 'Datadog'],
    ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'not gRPC'],
  ])('what to do about the path %s', async (path, words) => {
    const receiver = await start();
    const answer = await post(receiver.url + path, 'application/json');
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).toContain(words);
    expect(receiver.state().requests).toMatchObject([{ path, status: 404, problem: expect.stringContaining(words) }]);
  });

  it('that a body was no spans, too large, or cut off, and that a method was wrong', async () => {
    const receiver = await start();
    const url = `${receiver.url}/v1/traces`;
    await send(url);
    await post(url, 'application/json', '{"resourceSpans": 7}');
    await post(url, 'application/x-protobuf', 'no protobuf');
    await post(url, 'application/json', requestOf([{}]));
    expect(receiver.state().requests.map(({ status, problem }) => [status, problem])).toEqual([
      [200, '1 span without valid ids and times'],
      [400, expect.stringContaining('could not be decoded')],
      [400, expect.stringContaining('resourceSpans must be a list')],
      [405, '/v1/traces takes POST, got GET'],
    ]);
  });

  it('that the sender speaks TLS or gRPC', async () => {
    const receiver = await start();
    const { port } = new URL(receiver.url);
    await expect(fetch(`https://127.0.0.1:${port}/v1/traces`)).rejects.toThrow();
    expect(receiver.state().requests).toMatchObject([
      { method: 'TLS', status: 0, problem: expect.stringContaining('http://, not with https://') },
    ]);
  });

  it('hostile requests as one short line of text', async () => {
    const receiver = await start();
    const type = `application/json\u202e\u001b[31m${'x'.repeat(5_000)}`;
    await post(`${receiver.url}/v1/${'%00<script>'.repeat(500)}`, encodeURI(type));
    const [request] = receiver.state().requests;
    expect(request?.path.length).toBeLessThanOrEqual(200);
    expect(request?.contentType.length).toBeLessThanOrEqual(200);
    expect(JSON.stringify(request)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('Studio remembers', () => {
  it('requests that it refused because of their host, their origin or a path of another protocol', async () => {
    const studio = await startStudio({ port: 0 });
    onTestFinished(studio.close);
    const about = async () => JSON.parse((await send(`${studio.url}/api/about`)).body.toString()).receiver.requests;
    const url = `${studio.url}/v1/traces`;
    expect((await post(url, 'application/json', '{}', { host: 'host.docker.internal:4318' })).status).toBe(403);
    expect((await post(url, 'application/json', '{}', { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(`${studio.url}/api/v2/spans`, 'application/json')).status).toBe(404);
    expect((await post(`${studio.url}/`, 'application/json')).status).toBe(404);
    expect(await about()).toMatchObject([
      { path: '/', status: 404 },
      { path: '/api/v2/spans', status: 404, problem: expect.stringContaining('Zipkin') },
      { status: 403, problem: expect.stringContaining('evil.example') },
      { status: 403, problem: expect.stringContaining('host.docker.internal') },
    ]);
  });

  it('nothing of what its own page asks for', async () => {
    const studio = await startStudio({ port: 0 });
    onTestFinished(studio.close);
    for (const path of ['/', '/runs/none', '/api/runs', '/api/nothing', '/favicon.ico']) await send(studio.url + path);
    const about = JSON.parse((await send(`${studio.url}/api/about`)).body.toString());
    expect(about.receiver.requests).toEqual([]);
  });
});

describe('the list of requests', () => {
  it('has ten kinds at the most, and the newest of each: one that comes often hides no other', () => {
    let now = 0;
    const log = createRequestLog(() => now);
    const kind = (n: number) => ({
      method: 'POST',
      path: `/${n}`,
      contentType: '',
      status: 404,
      spans: 0,
      problem: 'it does not exist',
    });
    for (now = 1; now <= 100; now += 1) log.note(kind(now === 50 ? 1 : 0));
    expect(log.newest().map(({ path, atMs }) => [path, atMs])).toEqual([
      ['/0', 100],
      ['/1', 50],
    ]);
    for (now = 101; now <= 200; now += 1) log.note(kind(now));
    expect(log.newest().map(({ atMs }) => atMs)).toEqual([200, 199, 198, 197, 196, 195, 194, 193, 192, 191]);
  });
});

describe('spans that say that only a share of the traces is sent', () => {
  it.each([
    ['the threshold of a sampler', { traceState: 'vendor=1,ot=rv:abc;th:8' }, {}, true],
    ['the threshold of all', { traceState: 'ot=th:0' }, {}, false],
    ['the trace state of another', { traceState: 'thing=th:8,other=ot' }, {}, false],
    ['the ratio of our SDK', {}, { 'tta.sampling.ratio': { doubleValue: 0.25 } }, true],
    ['a ratio of one', {}, { 'tta.sampling.ratio': { intValue: 1 } }, false],
    ['the rate of Honeycomb', { attributes: [attribute('SampleRate', { intValue: 10 })] }, {}, true],
    ['nothing about it', {}, {}, false],
  ])('are known by %s', async (_, more, resource, sampled) => {
    const receiver = await start();
    const attributes = Object.entries(resource).map(([key, value]) => attribute(key, value));
    await post(`${receiver.url}/v1/traces`, 'application/json', requestOf([span(1, more), span(2)], { attributes }));
    expect(receiver.spans).toHaveLength(2);
    expect(receiver.state().sampled).toBe(sampled);
  });
});
