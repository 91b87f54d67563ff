/** `tta-primitives/sdk`: `register` boots the OpenTelemetry SDK. Loading this module does nothing. */
export type { PrometheusOptions, RegisterOptions, TracesOptions } from './options.ts';
export { register } from './register.ts';
export type { Telemetry } from './telemetry.ts';
