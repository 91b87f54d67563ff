/** A server for OTLP over HTTP in JSON that keeps spans in memory. A test can make it fail. */
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

/** What the sink does with a request: `take` stores its spans, `hang` never answers, a number refuses with that status. */
export type Behaviour = 'take' | 'hang' | number;

export interface OtlpSink {
  /** The value for OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string;
  readonly port: number;
  behaviour: Behaviour;
  readonly spans: SinkSpan[];
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
        if (sink.behaviour === 'take') sink.spans.push(...spansOf(body));
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

interface Otlp {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue?: string } }[] };
    scopeSpans: { spans: Omit<SinkSpan, 'resource'>[] }[];
  }[];
}

function spansOf(body: string): SinkSpan[] {
  const { resourceSpans } = JSON.parse(body) as Otlp;
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const attributes = Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value.stringValue]));
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, resource: attributes })));
  });
}
