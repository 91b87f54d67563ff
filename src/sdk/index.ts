/** `tta-primitives/sdk`: `register` boots the OpenTelemetry SDK. Loading this module does nothing. */

export type { Telemetry } from './handle.ts';
export type {
  MetricsPushOptions,
  ModelCallMode,
  ModelCallsOptions,
  PrometheusOptions,
  RegisterOptions,
  TracesOptions,
} from './options.ts';
export { register } from './register.ts';
export type { ReadableSpan, SpanEvent, SpanProcessor } from './span-types.ts';
