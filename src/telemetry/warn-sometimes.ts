import { diag } from '@opentelemetry/api';
import { systemClock } from '../platform/clock.ts';

const EVERY_MS = 60_000;
/** Kinds are words of ours. An engine that makes them of data must not fill the memory. */
const MAX_KINDS = 50;

/**
 * Warns through OpenTelemetry's diagnostics, at most once a minute for each kind: an engine that is away can fail a
 * thousand times a second, and a metric counts them all.
 */
export function warnSometimes(): (kind: string, message: () => string) => void {
  const lastAt = new Map<string, number>();
  return (kind, message) => {
    const now = systemClock.now();
    const last = lastAt.get(kind);
    if (last === undefined ? lastAt.size >= MAX_KINDS : now - last < EVERY_MS) return;
    lastAt.set(kind, now);
    try {
      diag.warn(`tta-primitives: ${message()}`);
    } catch {
      // The logger is foreign code, and there is no other one to tell.
    }
  };
}
