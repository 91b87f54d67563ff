import type { Telemetry } from './handle.ts';
import type { RegisterOptions } from './options.ts';
import { isInBundle } from './packages.ts';
import { ending, registerFromBundle, registerNow } from './registration.ts';

/**
 * Boots the OpenTelemetry SDK: traces to a collector over OTLP, metrics at a Prometheus endpoint. The global providers
 * are set when the call returns. The promise resolves when the endpoint listens, or has failed to listen (see
 * `metricsError`). A later call resolves to the same handle; its `prometheus` opens the endpoint
 * where there was to be none, as in a worker thread under `--import`.
 *
 * @throws TypeError or RangeError for an option that is wrong, Error where a package of the SDK is not installed.
 *   Other problems, such as a taken port or a collector that does not answer, are process warnings: workflows run on.
 *
 * @example
 * const sdk = await register({ serviceName: 'my-app' });
 * console.log(sdk.metricsUrl);
 * await sdk.shutdown();
 */
export async function register(options: RegisterOptions = {}): Promise<Telemetry> {
  const end = ending();
  if (end !== undefined) await end;
  const { telemetry, ready } = isInBundle() ? await registerFromBundle(options) : registerNow(options);
  await ready();
  return telemetry;
}
