/**
 * Starts a real Jaeger with the command line and the environment of compose.yaml, at its own ports, in a network of pods,
 * and asks it as Grafana does (`/api`) and over its newer API, which answers with OTLP (`/api/v3`).
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { collectorText, documents } from './deployment.ts';
import { type OtlpTraces, type StoredSpan, storedSpans, type Value } from './jaeger-answers.ts';
import type { PodNetwork } from './pod-network.ts';
import { eventually } from './prometheus.ts';

/** A span as `/api/traces` answers it. */
export interface ListedSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly { readonly refType: string; readonly traceID: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly type: string; readonly value: Value }[];
  readonly logs: readonly object[];
}

export interface ListedTrace {
  readonly traceID: string;
  readonly spans: readonly ListedSpan[];
}

export interface Jaeger {
  /** Its host: a container of compose.yaml calls it `jaeger`. */
  readonly host: string;
  readonly memoryBytes: () => number;
  /** The answer of a path of the port 16686: its status and its JSON. */
  ask<T>(path: string): Promise<{ readonly status: number; readonly body: T }>;
  /** The traces of a service that have a span of this name, 20,000 at most. */
  search(service: string, operation?: string): Promise<readonly ListedTrace[]>;
  /** The spans of one trace. */
  trace(traceId: string): Promise<readonly StoredSpan[]>;
  /** Sends SIGTERM and waits for the end. */
  stop(): Promise<void>;
}

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** The image has this variable, so that other containers reach it. */
const IMAGE = { JAEGER_LISTEN_HOST: '0.0.0.0' };

/** The service `jaeger` of compose.yaml, with the defaults of its variables. */
export function jaegerService(): Required<Service> {
  const text = collectorText('compose/compose.yaml').replace(/\$\{\w+:-([^}]*)\}/g, '$1');
  const [compose] = documents<{ services: { jaeger: Service } }>(text);
  const { command = [], environment = {} } = compose?.services.jaeger ?? {};
  return { command, environment };
}

export async function startJaeger(program: string, network: PodNetwork): Promise<Jaeger> {
  const host = network.newAddress();
  const { command, environment } = jaegerService();
  const env = { PATH: process.env.PATH, ...IMAGE, ...environment };
  const jaeger = await network.start(host, '', [program, ...command], env);
  const ended = once(jaeger, 'exit');
  let log = '';
  for (const output of [jaeger.stdout, jaeger.stderr])
    output?.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-5_000);
    });
  const health = async () => ((await fetch(`http://${host}:13133/status`)).ok ? true : undefined);
  await eventually('Jaeger is healthy', health).catch((cause) => {
    throw new Error(log, { cause });
  });

  async function ask<T>(path: string) {
    const response = await fetch(`http://${host}:16686${path}`);
    return { status: response.status, body: (await response.json()) as T };
  }
  return {
    host,
    ask,
    memoryBytes() {
      const status = readFileSync(`/proc/${jaeger.pid}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
    },
    async search(service, operation) {
      const query = new URLSearchParams({ service, limit: '5000', ...(operation === undefined ? {} : { operation }) });
      return (await ask<{ data: readonly ListedTrace[] }>(`/api/traces?${query}`)).body.data;
    },
    async trace(traceId) {
      const { status, body } = await ask<{ result: OtlpTraces }>(`/api/v3/traces/${traceId}`);
      return status === 404 ? [] : storedSpans(body.result);
    },
    async stop() {
      jaeger.kill();
      await ended;
    },
  };
}
