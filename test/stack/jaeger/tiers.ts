/** Gateways and samplers with the shipped configurations in front of a real Jaeger. */
import { join } from 'node:path';
import { type Collector, startCollector } from '../../support/collector.ts';
import { component } from '../../support/component.ts';
import type { Jaeger } from '../../support/jaeger.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** The programs by name; `undefined` with a message when one is not installed. */
export function jaegerPrograms<const Names extends readonly string[]>(...more: Names) {
  const names = ['jaeger', 'otelcol-tta', ...more];
  const found = names.map((name) => [name, component(name)] as const);
  return found.some(([, path]) => path === undefined)
    ? undefined
    : (Object.fromEntries(found) as Record<string, string>);
}

const TOKEN = 'the token';
/** What an application sends to a gateway. */
export const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

export type Settings = Readonly<Record<string, string>>;

export function startSampler(program: string, jaeger: Jaeger, env: Settings = {}): Promise<Collector> {
  return startCollector(program, 'sampler', {
    env: { TTA_COLLECTOR_TRACES: `http://${jaeger.host}:4318`, ...env },
    // As shipped: the sink of other tests reads JSON only.
    override: { exporters: { otlp_http: { encoding: 'proto', compression: 'gzip' } } },
  });
}

export function startGateway(program: string, samplers: readonly Collector[], env: Settings = {}): Promise<Collector> {
  const hostnames = samplers.map(({ grpcPort }) => `127.0.0.1:${grpcPort}`);
  return startCollector(program, 'gateway', {
    env: { TTA_COLLECTOR_TOKEN_FILE: join(tempFolder({ token: TOKEN }), 'token'), ...env },
    override: { exporters: { loadbalancing: { resolver: { dns: null, static: { hostnames } } } } },
  });
}
