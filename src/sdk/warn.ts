/** Telemetry says what is wrong with it as a process warning: once, on stderr, and open to `process.on('warning')`. */
export function warn(message: string): void {
  process.emitWarning(message, 'TelemetryWarning');
}
