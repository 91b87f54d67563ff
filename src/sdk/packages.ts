/**
 * The OpenTelemetry SDK. Its packages are optional peers, so they are loaded here and not by `import` statements: from
 * `node_modules` at once, or out of a bundle, which the bundler made of the specifiers below.
 */
import { existsSync } from 'node:fs';
// In a bundle of ES modules `createRequire` is the name that everybody's banner declares.
import * as modules from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Prometheus from '@opentelemetry/exporter-prometheus';
import type * as Resources from '@opentelemetry/resources';
import type * as Metrics from '@opentelemetry/sdk-metrics';
import { findSdk, requireFitting } from '../platform/installed-sdk.ts';
import { isMissing } from '../platform/optional.ts';
import { namesOf, notInstalled, SDK_2, SDK_3 } from '../platform/peers.ts';
import { asTraceNode, type TracePackage } from './trace-packages.ts';

export interface Sdk {
  readonly prometheus: Pick<typeof Prometheus, 'PrometheusExporter' | 'PrometheusSerializer'>;
  readonly resources: Pick<typeof Resources, 'resourceFromAttributes' | 'defaultResource'>;
  readonly metrics: Pick<typeof Metrics, 'MeterProvider'>;
  readonly traces: TracePackage;
}

/** Gives `undefined` where this file is part of a bundle, so that there is no place to look from. */
function requireFromHere(): NodeJS.Require | undefined {
  // A bundle of CommonJS has no URL, and some bundlers write the URL of the file that they read.
  const url = import.meta.url as string | undefined;
  if (url === undefined || !/\/sdk\/packages\.[jt]s$/.test(url)) return undefined;
  return existsSync(fileURLToPath(url)) ? modules.createRequire(url) : undefined;
}

/** Whether this file is part of a bundle. */
export function isInBundle(): boolean {
  return requireFromHere() === undefined;
}

/**
 * Loads the SDK from `node_modules`, now.
 *
 * @param user the part of the program that needs the SDK: the first words of the error message
 * @throws Error that names every package that is missing or has a version that does not fit, with the line to install
 */
export function loadSdk(user = 'register'): Sdk {
  const require = requireFromHere();
  // Check all packages before the first is loaded: they load each other, and would throw errors of Node.js.
  const { set, missing } = require === undefined ? { set: SDK_2, missing: namesOf(SDK_2) } : findSdk(require.resolve);
  if (require === undefined || missing.length > 0) throw new Error(notInstalled(user, missing, set));
  requireFitting(user, set, require.resolve);
  return {
    prometheus: require('@opentelemetry/exporter-prometheus'),
    resources: require('@opentelemetry/resources'),
    metrics: require('@opentelemetry/sdk-metrics'),
    traces:
      set === SDK_3
        ? asTraceNode(
            require('@opentelemetry/sdk-trace'),
            require('@opentelemetry/core'),
            require('@opentelemetry/context-async-hooks'),
          )
        : require('@opentelemetry/sdk-trace-node'),
  };
}

/** Loads the SDK that is in the same bundle. Throws as `loadSdk` does. */
export async function importSdk(user = 'register'): Promise<Sdk> {
  try {
    const [prometheus, resources, metrics] = await Promise.all([
      import('@opentelemetry/exporter-prometheus').then(exportsOf),
      import('@opentelemetry/resources').then(exportsOf),
      import('@opentelemetry/sdk-metrics').then(exportsOf),
    ]);
    return { prometheus, resources, metrics, traces: await importTraces() };
  } catch (error) {
    const missing = [...namesOf(SDK_2), ...namesOf(SDK_3)].filter((name) => isMissing(name, error));
    if (missing.length === 0) throw error;
    throw new Error(notInstalled(user, missing, SDK_2), { cause: error });
  }
}

async function importTraces(): Promise<TracePackage> {
  // In a `try` block: bundlers then accept that the package is missing.
  try {
    return exportsOf(await import('@opentelemetry/sdk-trace-node'));
  } catch (error) {
    try {
      const parts = [
        import('@opentelemetry/sdk-trace').then(exportsOf),
        import('@opentelemetry/core').then(exportsOf),
        import('@opentelemetry/context-async-hooks').then(exportsOf),
      ] as const;
      return asTraceNode(...(await Promise.all(parts)));
    } catch {
      throw error;
    }
  }
}

/** The exports of a package of CommonJS: where a bundler splits the bundle, they stand in `default` only. */
function exportsOf<T extends object>(imported: T): T {
  if (imported === undefined) {
    throw new Error(
      'the packages of the SDK stand below the line that calls register, in the same file of the bundle. Let the ' +
        'bundler write several files, or call register in a function and not at the top level',
    );
  }
  return 'default' in imported ? (imported.default as T) : imported;
}
