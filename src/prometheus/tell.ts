/** Reports each kind of problem once. */
import { diag } from '@opentelemetry/api';

export type Warn = (message: string) => void;
/** @param kind one of few words: the first message of a kind is reported */
export type Tell = (kind: string, message: string) => void;

/** @param warn by default OpenTelemetry's own diagnostics */
export function tellOnce(warn: Warn = (message) => diag.warn(`tta-primitives: ${message}`)): Tell {
  const told = new Set<string>();
  return (kind, message) => {
    if (told.has(kind)) return;
    told.add(kind);
    try {
      warn(message);
    } catch {
      // The logger is foreign code, and there is no other one to tell.
    }
  };
}
