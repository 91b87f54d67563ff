/** SDKs and clocks are code of other people. What they throw must not reach the work that is observed. */
import { type Context, context, diag } from '@opentelemetry/api';

/** Calls code of an SDK. What it throws goes to OpenTelemetry's own diagnostics. */
export function guarded(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    reportInternal(what, error);
  }
}

/** Tells OpenTelemetry's own diagnostics what went wrong inside telemetry. */
export function reportInternal(what: string, error: unknown): void {
  try {
    diag.error(`tta-primitives: ${what}`, error);
  } catch {
    // A diagnostics logger that throws cannot be reported to the diagnostics logger.
  }
}

/** The clock's reading in milliseconds; `NaN` where the clock throws or gives no finite number. */
export function timeOf(clock: { now(): number }): number {
  try {
    const ms = clock.now();
    return Number.isFinite(ms) ? ms : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** Runs `work` in an OpenTelemetry context. Where the context manager throws before `work` began, runs it without. */
export function runIn<Out>(active: Context, work: () => Out): Out {
  let begun = false;
  const begin = () => {
    begun = true;
    return work();
  };
  try {
    return context.with(active, begin);
  } catch (error) {
    if (begun) throw error;
    return work();
  }
}
