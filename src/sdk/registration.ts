import { isDeepStrictEqual } from 'node:util';
import { processWide } from '../platform/process-wide.ts';
import { joinOtherVersions } from './globals.ts';
import { DISABLED, type Started } from './handle.ts';
import { checkRegisterOptions, type RegisterOptions } from './options.ts';
import { importSdk, loadSdk, type Sdk } from './packages.ts';
import { endpointFrom, isDisabled, scrapeFrom, settingsFrom } from './settings.ts';
import { startTelemetry } from './telemetry.ts';
import { warn } from './warn.ts';

interface Registration extends Started {
  readonly options: RegisterOptions;
  /** Whether a warning has said that the options of a later call are ignored. */
  warned: boolean;
}

/** One SDK per process, also where this module is loaded several times. */
const registered = processWide<{ current: Registration | undefined }>('registered', () => ({ current: undefined }));

/** As `register`, with the SDK that is in the same bundle. */
export async function registerFromBundle(options: RegisterOptions): Promise<Started> {
  checkRegisterOptions(options);
  // A package that is missing is an error only where the SDK is started.
  const load = await importSdk().then(
    (sdk) => () => sdk,
    (error: unknown) => () => {
      throw error;
    },
  );
  return registerNow(options, load);
}

/** The end of the SDK that is registered, while it ends. */
export function ending(): Promise<void> | undefined {
  return registered.current?.ending();
}

/** The synchronous part of `register`. */
export function registerNow(options: RegisterOptions, load: () => Sdk = loadSdk): Started {
  checkRegisterOptions(options);
  if (registered.current !== undefined) {
    const { prometheus, ...others } = options;
    const opens = typeof prometheus === 'object' && registered.current.listen(endpointFrom(options));
    // The place is new, the limits are those of the exporter, which is not.
    const { token, allowedHosts, ...limits } = scrapeFrom(options);
    warnOfIgnoredOptions(registered.current, opens ? { ...others, ...limits } : options);
    return registered.current;
  }
  if (isDisabled()) return DISABLED;
  const sdk = load();
  joinOtherVersions();
  const started = startTelemetry(sdk, settingsFrom(options), () => {
    registered.current = undefined;
  });
  registered.current = { ...started, options, warned: false };
  return registered.current;
}

function warnOfIgnoredOptions(registration: Registration, options: object): void {
  const before: Readonly<Record<string, unknown>> = { ...registration.options };
  // Only names: the values can contain credentials.
  const ignored = Object.entries(options).filter(([name, value]) => !isDeepStrictEqual(value, before[name]));
  if (ignored.length === 0 || registration.warned) return;
  registration.warned = true;
  const names = ignored.map(([name]) => name).join(', ');
  warn(
    'The SDK is registered already, by an earlier call or by tta-primitives/register: ' +
      `${names} of this call ${ignored.length === 1 ? 'is' : 'are'} ignored`,
  );
}
