/** `tta-primitives/sdk`: boots the OpenTelemetry SDK when `register` is called. Loading it alone does nothing. */
export type { PrometheusOptions, RegisterOptions, TracesOptions } from './options.ts';
export { register } from './register.ts';
export type { Telemetry } from './telemetry.ts';
