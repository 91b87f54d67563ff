/** Where a signal is sent by OTLP, and how: from the options, else from the environment, else the defaults. */
import { readFileSync } from 'node:fs';
import { readProperty } from '../platform/read-property.ts';
import {
  headersFrom,
  numberFrom,
  oneOf,
  otlpVariable,
  type Signal,
  signalVariable,
  textFrom,
  urlFrom,
} from './environment.ts';
import { warn } from './warn.ts';

const LOCAL_COLLECTOR = 'http://localhost:4318';
/** The share of the flush timeout that one export may take: no answer must not keep the process alive for longer. */
export const LONGEST_EXPORT_SHARE = 0.9;

export interface CollectorSettings {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly tls: Partial<Readonly<Record<'ca' | 'cert' | 'key', Buffer>>>;
}

interface GivenCollector {
  readonly endpoint?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export function collectorFrom(signal: Signal, given: GivenCollector = {}): CollectorSettings {
  return {
    url: urlOf(signal, given.endpoint),
    headers: {
      ...headersFrom('OTEL_EXPORTER_OTLP_HEADERS'),
      ...headersFrom(signalVariable(signal, 'HEADERS')),
      ...given.headers,
    },
    compression: oneOf(otlpVariable(signal, 'COMPRESSION'), ['gzip', 'none'], 'none'),
    tls: {
      ...fileFrom('ca', otlpVariable(signal, 'CERTIFICATE')),
      ...fileFrom('cert', otlpVariable(signal, 'CLIENT_CERTIFICATE')),
      ...fileFrom('key', otlpVariable(signal, 'CLIENT_KEY')),
    },
  };
}

/** How long one request may take, in milliseconds. */
export function timeoutFrom(signal: Signal, otherwise: number): number {
  return numberFrom(otlpVariable(signal, 'TIMEOUT'), { min: 1, max: 3_600_000, otherwise });
}

function fileFrom(option: 'ca' | 'cert' | 'key', variable: string): CollectorSettings['tls'] {
  const path = textFrom(variable);
  if (path === undefined) return {};
  try {
    return { [option]: readFileSync(path) };
  } catch (error) {
    warn(`${variable} is not a file that can be read (${String(readProperty(error, 'code'))}); it is ignored`);
    return {};
  }
}

function urlOf(signal: Signal, endpoint: string | undefined): URL {
  if (endpoint !== undefined) return withPath(signal, new URL(endpoint));
  const whole = urlFrom(signalVariable(signal, 'ENDPOINT'), 'OTEL_EXPORTER_OTLP_ENDPOINT or its default');
  if (whole !== undefined) return whole;
  const base = urlFrom('OTEL_EXPORTER_OTLP_ENDPOINT', LOCAL_COLLECTOR) ?? new URL(LOCAL_COLLECTOR);
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/v1/${signal}`;
  return base;
}

function withPath(signal: Signal, url: URL): URL {
  const path = url.pathname.replace(/\/+$/, '');
  if (!path.endsWith(`/v1/${signal}`)) url.pathname = `${path}/v1/${signal}`;
  return url;
}
