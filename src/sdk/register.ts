import { isDeepStrictEqual } from 'node:util';
import { checkOptions, type RegisterOptions } from './options.ts';
import { settingsFrom } from './settings.ts';
import { DISABLED, type Started, startTelemetry, type Telemetry } from './telemetry.ts';
import { warn } from './warn.ts';

interface Registration extends Started {
  readonly options: RegisterOptions;
  /** Whether somebody has heard already that his options came too late. */
  told: boolean;
}

let current: Registration | undefined;

/**
 * Boots the OpenTelemetry SDK: traces to a collector over OTLP, metrics at a Prometheus endpoint. The global providers
 * are in place when this returns; the promise resolves once the endpoint listens, or it is known that it does not (see
 * `metricsError`). Registered already, it resolves to the same handle.
 *
 * @throws TypeError or RangeError for an option that is wrong, Error where a package of the SDK is not installed.
 *   Everything else, a taken port or a collector that is away, is told as a process warning: workflows run on.
 *
 * @example
 * const sdk = await register({ serviceName: 'my-app' });
 * console.log(sdk.metricsUrl);
 * await sdk.shutdown();
 */
export async function register(options: RegisterOptions = {}): Promise<Telemetry> {
  const ending = current?.ending();
  if (ending !== undefined) await ending;
  const { telemetry, ready } = registerNow(options);
  await ready;
  return telemetry;
}

/** The part of `register` that does not wait. */
export function registerNow(options: RegisterOptions): Started {
  checkOptions(options);
  if (current !== undefined) {
    tellIgnored(current, options);
    return current;
  }
  const settings = settingsFrom(options);
  if (settings === undefined) return DISABLED;
  const started = startTelemetry(settings, () => {
    current = undefined;
  });
  current = { ...started, options, told: false };
  return current;
}

function tellIgnored(registration: Registration, options: RegisterOptions): void {
  const before: Readonly<Record<string, unknown>> = { ...registration.options };
  // Only names: the values can hold credentials.
  const ignored = Object.entries(options).filter(([name, value]) => !isDeepStrictEqual(value, before[name]));
  if (ignored.length === 0 || registration.told) return;
  registration.told = true;
  const names = ignored.map(([name]) => name).join(', ');
  warn(
    'The SDK is registered already, by an earlier call or by tta-primitives/register: ' +
      `${names} of this call ${ignored.length === 1 ? 'is' : 'are'} ignored`,
  );
}
