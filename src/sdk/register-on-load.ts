/**
 * `tta-primitives/register`: loading it boots the OpenTelemetry SDK with the settings of the environment, by
 * `node --import tta-primitives/register app.js`, by `--require`, by an import or by a `require`. It exports nothing:
 * the handle is what `register()` of `tta-primitives/sdk` resolves to. Throws where a package of the SDK is missing. In npm,
 * yarn, pnpm and other programs that start programs, which get it by NODE_OPTIONS, it does nothing.
 */
import { isLauncher } from '../platform/launcher.ts';
import { isInBundle } from './packages.ts';
import { registerFromBundle, registerNow } from './registration.ts';

// A worker thread inherits the `--import` of its process: its spans leave from it, the endpoint is in the main thread.
// What is in a bundle can be loaded only asynchronously. `await` here would forbid `require` and `--require`.
if (isLauncher(process.argv[1])) {
  // The port is for the program that it starts.
} else if (isInBundle()) void registerFromBundle({});
else registerNow({});
