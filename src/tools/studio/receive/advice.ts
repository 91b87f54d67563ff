/** What was wrong with a request that brought no spans, and what its sender does about it. */
import type { OtherRequest } from '../../../platform/other-protocol.ts';

export const TRACES_PATH = '/v1/traces';
export const JSON_TYPE = 'application/json';
export const PROTOBUF_TYPE = 'application/x-protobuf';

const GRPC =
  'Studio takes OTLP over HTTP, not gRPC: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, use the exporter for HTTP in code, or otlphttp in a Collector';
/** How a program that sends another signal stops to send it. */
const OFF: Readonly<Record<string, string>> = {
  metrics: 'OTEL_METRICS_EXPORTER=none',
  logs: 'OTEL_LOGS_EXPORTER=none',
  profiles: 'remove their exporter',
};
/** Where senders of other protocols send. */
const OTHERS: readonly (readonly [path: RegExp, protocol: string])[] = [
  [/^\/api\/v[12]\/spans$/, 'Zipkin'],
  [/^\/api\/traces$/, 'Jaeger'],
  [/^\/v0\.\d\/traces$/, 'Datadog'],
  [/^\/intake\/v2\//, 'Elastic APM'],
  [/^\/api\/\d+\/(?:envelope|store)\/?$/, 'Sentry'],
];

/** Whether a request that sends something to this path is of a protocol that Studio does not take. */
export function isOfOtherProtocol(path: string): boolean {
  return OTHERS.some(([pattern]) => pattern.test(path));
}

/** @param base the address of Studio, as the sender has it */
export function pathAdvice(path: string, base: string): string {
  const signal = /\/v1(?:development)?\/(metrics|logs|profiles)\/?$/.exec(path)?.[1];
  if (signal !== undefined) {
    return `Studio takes traces only. Send ${signal} elsewhere, or switch them off: ${OFF[signal]}`;
  }
  if (/^\/opentelemetry\.proto\./.test(path)) return GRPC;
  const other = OTHERS.find(([pattern]) => pattern.test(path))?.[1];
  if (other !== undefined) {
    return `${path} is where ${other} takes spans. Studio takes OTLP over HTTP: use an OTLP exporter, with the endpoint ${base}`;
  }
  const full = `${base}${TRACES_PATH}`;
  const how = `exporters add ${TRACES_PATH} to OTEL_EXPORTER_OTLP_ENDPOINT=${base}, and nothing to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=${full} or to a URL in code`;
  return `${path} does not exist. Send spans to ${full}: ${how}`;
}

export function methodAdvice(method: string): string {
  return `${TRACES_PATH} takes POST, got ${method}`;
}

/** Why a content type is not taken; `undefined` when it is. */
export function typeAdvice(type: string): string | undefined {
  if (type === JSON_TYPE || type === PROTOBUF_TYPE) return undefined;
  if (/^application\/(?:grpc|connect)/.test(type)) return GRPC;
  const got = `The content type must be ${JSON_TYPE} or ${PROTOBUF_TYPE}, got ${type || 'none'}`;
  return /thrift/.test(type) ? `${got}. Thrift is of Jaeger: use an OTLP exporter` : got;
}

export function otherProtocolAdvice({ protocol, contentType }: OtherRequest): string {
  if (protocol === 'TLS') return 'Studio speaks HTTP without TLS: the endpoint begins with http://, not with https://';
  if (protocol === 'unknown') return `This is not HTTP. Studio takes OTLP over HTTP at ${TRACES_PATH}`;
  return contentType === '' || contentType.startsWith('application/grpc')
    ? GRPC
    : 'Studio speaks HTTP/1.1, not HTTP/2: use an exporter for OTLP over HTTP/1.1';
}
