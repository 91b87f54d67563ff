/** `tta-primitives/testing`: a clock that a test moves, fakes that follow a script, spans and metrics in memory. */

export type { Exposition, Sample } from '../prometheus/parse.ts';
export type { ReadableSpan, Sampler, SpanEvent } from '../sdk/span-types.ts';
export { type ScriptedModelOptions, type ScriptedTask, type ScriptStep, scriptedModel, scriptedTask } from './fakes.ts';
export { spanTree } from './span-tree.ts';
export { startTestTelemetry, type TestTelemetry, type TestTelemetryOptions } from './telemetry.ts';
export { createVirtualClock, settled, type VirtualClock } from './virtual-clock.ts';
