/** The OpenTelemetry SDK. Its packages are optional peers, so they are loaded here and not by `import` statements. */
import { createRequire } from 'node:module';
import type * as Prometheus from '@opentelemetry/exporter-prometheus';
import type * as Resources from '@opentelemetry/resources';
import type * as Metrics from '@opentelemetry/sdk-metrics';
import type * as Traces from '@opentelemetry/sdk-trace-node';
import { missingAmong } from '../platform/optional.ts';
import { notInstalled, SDK_PEERS } from '../platform/peers.ts';

export interface Sdk {
  readonly prometheus: typeof Prometheus;
  readonly resources: typeof Resources;
  readonly metrics: typeof Metrics;
  readonly traces: typeof Traces;
}

const require = createRequire(import.meta.url);

/**
 * @param user the part of the program that needs the SDK: the first words of the error message
 * @throws Error that names every package that is missing, with the line that installs the set
 */
export function loadSdk(user = 'register'): Sdk {
  // Check all packages before the first is loaded: they load each other, and would throw errors of Node.js.
  const missing = missingAmong(SDK_PEERS, (name) => require.resolve(name));
  if (missing.length > 0) throw new Error(notInstalled(user, missing, SDK_PEERS));
  return {
    prometheus: require('@opentelemetry/exporter-prometheus'),
    resources: require('@opentelemetry/resources'),
    metrics: require('@opentelemetry/sdk-metrics'),
    traces: require('@opentelemetry/sdk-trace-node'),
  };
}
