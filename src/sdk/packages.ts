/**
 * The OpenTelemetry SDK. Its packages are optional peers of this one, so they are loaded here and not by `import`
 * statements: whoever lacks one reads which, and the line that installs it, in place of Node's module-not-found.
 */
import { createRequire } from 'node:module';
import type * as Prometheus from '@opentelemetry/exporter-prometheus';
import type * as Otlp from '@opentelemetry/exporter-trace-otlp-http';
import type * as Resources from '@opentelemetry/resources';
import type * as Metrics from '@opentelemetry/sdk-metrics';
import type * as Traces from '@opentelemetry/sdk-trace-node';

/** What works together. The 2.x SDK needs an API below 1.10; two versions of sdk-metrics must not stand side by side. */
export const SDK_VERSIONS = {
  '@opentelemetry/api': '1.9.1',
  '@opentelemetry/exporter-prometheus': '0.223.0',
  '@opentelemetry/exporter-trace-otlp-http': '0.223.0',
  '@opentelemetry/resources': '2.12.0',
  '@opentelemetry/sdk-metrics': '2.12.0',
  '@opentelemetry/sdk-trace-node': '2.12.0',
} as const;

export interface Sdk {
  readonly prometheus: typeof Prometheus;
  readonly otlp: typeof Otlp;
  readonly resources: typeof Resources;
  readonly metrics: typeof Metrics;
  readonly traces: typeof Traces;
}

const require = createRequire(import.meta.url);

/** Throws an error that names every package that is missing. `entry` is who needs them. */
export function loadSdk(entry = 'register'): Sdk {
  const missing = Object.keys(SDK_VERSIONS).filter((name) => !isInstalled(name));
  if (missing.length > 0) {
    const line = Object.entries(SDK_VERSIONS).map(([name, version]) => `${name}@${version}`);
    throw new Error(
      `${entry} needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not installed. ` +
        `Install the set that works together: npm install ${line.join(' ')}`,
    );
  }
  return {
    prometheus: require('@opentelemetry/exporter-prometheus'),
    otlp: require('@opentelemetry/exporter-trace-otlp-http'),
    resources: require('@opentelemetry/resources'),
    metrics: require('@opentelemetry/sdk-metrics'),
    traces: require('@opentelemetry/sdk-trace-node'),
  };
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}
