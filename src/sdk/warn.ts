import { redact } from '../platform/redact.ts';

/** Reports a problem of telemetry as a process warning: on stderr, and to `process.on('warning')`. */
export function warn(message: string): void {
  process.emitWarning(redact(message), 'TelemetryWarning');
}
