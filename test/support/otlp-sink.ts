/** A server for OTLP over HTTP in JSON that keeps spans and metrics in memory. A test can make it fail. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

export interface SinkSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** The attributes of the resource that are texts. */
  readonly resource: Readonly<Record<string, string | undefined>>;
}

export interface SinkPoint {
  readonly labels: Readonly<Record<string, string | undefined>>;
  readonly startMs: number;
  readonly atMs: number;
  /** Of a histogram its count. */
  readonly value: number;
}

export interface SinkMetrics {
  readonly resource: Readonly<Record<string, string | undefined>>;
  /** The points of a metric, in their order. */
  points(metric: string): readonly SinkPoint[];
  /** The last values of a metric's series with these labels, added up. */
  value(metric: string, labels?: Readonly<Record<string, string>>): number;
}

/** What the sink does with a request: `take` stores its spans, `hang` never answers, a number refuses with that status. */
export type Behaviour = 'take' | 'hang' | number;

export interface OtlpSink {
  /** The value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly port: number;
  behaviour: Behaviour;
  readonly spans: SinkSpan[];
  /** One for each request with metrics, in the order of their arrival. */
  readonly metrics: SinkMetrics[];
  /** The headers of all requests, in the order of their arrival. */
  readonly requests: IncomingHttpHeaders[];
  /** Resolves when `count` requests have arrived. */
  requested(count: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startSink(behaviour: Behaviour = 'take', port = 0): Promise<OtlpSink> {
  const waiting = new Map<() => void, number>();
  const server: Server = createServer((request, response) => {
    sink.requests.push(request.headers);
    void buffer(request).then(
      (sent) => {
        const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent).toString();
        for (const [resolve, count] of waiting) if (sink.requests.length >= count) resolve();
        if (sink.behaviour === 'hang') return;
        if (sink.behaviour === 'take' && request.url === '/v1/metrics') sink.metrics.push(metricsOf(body));
        else if (sink.behaviour === 'take') sink.spans.push(...spansOf(body));
        response.writeHead(sink.behaviour === 'take' ? 200 : sink.behaviour, { 'content-type': 'application/json' });
        response.end('{}');
      },
      () => {
        // The sender was killed in the middle of its request: there is nothing to answer.
      },
    );
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const sink: OtlpSink = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    behaviour,
    spans: [],
    metrics: [],
    requests: [],
    requested: (count) =>
      new Promise((resolve) => {
        if (sink.requests.length >= count) resolve();
        else waiting.set(resolve, count);
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return sink;
}

interface KeyValue {
  key: string;
  value: { stringValue?: string };
}
interface Otlp {
  resourceSpans: {
    resource: { attributes: KeyValue[] };
    scopeSpans: { spans: Omit<SinkSpan, 'resource'>[] }[];
  }[];
}
interface Point {
  attributes: KeyValue[];
  startTimeUnixNano: string;
  timeUnixNano: string;
  asInt?: string;
  asDouble?: number;
  count?: string;
}
interface OtlpMetrics {
  resourceMetrics: {
    resource: { attributes: KeyValue[] };
    scopeMetrics: { metrics: ({ name: string } & Record<'sum' | 'gauge' | 'histogram', { dataPoints: Point[] }>)[] }[];
  }[];
}

const textsOf = (attributes: KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));

function spansOf(body: string): SinkSpan[] {
  const { resourceSpans } = JSON.parse(body) as Otlp;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const attributes = textsOf(resource.attributes);
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource: attributes })));
  });
}

function metricsOf(body: string): SinkMetrics {
  const [group] = (JSON.parse(body) as OtlpMetrics).resourceMetrics;
  const all = group?.scopeMetrics.flatMap(({ metrics }) => metrics) ?? [];
  const points = (metric: string) =>
    all
      .filter(({ name }) => name === metric)
      .flatMap(({ sum, gauge, histogram }) => (sum ?? gauge ?? histogram).dataPoints)
      .map((point) => ({
        labels: textsOf(point.attributes),
        startMs: Number(point.startTimeUnixNano.slice(0, -6)),
        atMs: Number(point.timeUnixNano.slice(0, -6)),
        value: Number(point.asInt ?? point.asDouble ?? point.count),
      }));
  return {
    resource: textsOf(group?.resource.attributes ?? []),
    points,
    value(metric, labels = {}) {
      const last = new Map(points(metric).map((point) => [JSON.stringify(point.labels), point]));
      const wanted = [...last.values()].filter((point) =>
        Object.entries(labels).every(([key, value]) => point.labels[key] === value),
      );
      return wanted.reduce((sum, { value }) => sum + value, 0);
    },
  };
}
