/** Telemetry is made by others, and so are clocks: what they throw must not reach the work that they observe. */
import { type Context, context, diag } from '@opentelemetry/api';

/** Calls what belongs to an SDK. A failure goes to OpenTelemetry's own diagnostics. */
export function guarded(what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    reportInternal(what, error);
  }
}

export function reportInternal(what: string, error: unknown): void {
  try {
    diag.error(`tta-primitives: ${what}`, error);
  } catch {
    // Who complains about the complaint would have nobody to hear it.
  }
}

/** What the clock says, in milliseconds; `NaN` where it says nothing that is a time. */
export function timeOf(clock: { now(): number }): number {
  try {
    const ms = clock.now();
    return Number.isFinite(ms) ? ms : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** Runs `work` in an OpenTelemetry context; in the present one where the context manager fails before it began. */
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
