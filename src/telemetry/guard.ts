/** SDKs and clocks are foreign code. An error that they throw must not reach the observed work. */
import { type Context, context, diag } from '@opentelemetry/api';
import { dateOf, type ReadableClock } from '../platform/clock.ts';

/** Calls code of an SDK. An error that it throws is reported to OpenTelemetry's own diagnostics. */
export function guarded(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    reportInternal(what, error);
  }
}

/** Reports an error inside telemetry to OpenTelemetry's own diagnostics. */
export function reportInternal(what: string, error: unknown): void {
  try {
    diag.error(`tta-primitives: ${what}`, error);
  } catch {
    // A diagnostics logger that throws cannot be reported to the diagnostics logger.
  }
}

/** The time of the clock in milliseconds; `NaN` when the clock throws or gives no finite number. */
export function timeOf(clock: { now(): number }): number {
  try {
    return finite(clock.now());
  } catch {
    return Number.NaN;
  }
}

/** The date of the clock in milliseconds since the epoch; `NaN` when the clock throws or gives no finite number. */
export function safeDateOf(clock: ReadableClock): number {
  try {
    return finite(dateOf(clock));
  } catch {
    return Number.NaN;
  }
}

function finite(ms: number): number {
  return Number.isFinite(ms) ? ms : Number.NaN;
}

/** Runs `work` in an OpenTelemetry context. If the context manager throws before `work` begins, runs it without one. */
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
