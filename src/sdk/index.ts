/**
 * `tta-primitives/register`: call `register`, or have it called from the environment before the program starts with
 * `node --import tta-primitives/register app.js`. An import alone registers nothing.
 */
import { isPreloaded } from './preload.ts';
import { registerNow } from './register.ts';

export type { PrometheusOptions, RegisterOptions, TracesOptions } from './options.ts';
export { register } from './register.ts';
export type { Telemetry } from './telemetry.ts';

if (isPreloaded(import.meta.url)) registerNow({});
