/** Reports each problem once, and only so many of each kind. */
import { diag } from '@opentelemetry/api';

export type Warn = (message: string) => void;
/** @param kind one of few words @param most how many messages of this kind are reported; by default the first one */
export type Tell = (kind: string, message: string, most?: number) => void;

/** Enough to name what an author has to correct, and no flood where names are made of data. */
export const A_FEW = 10;

/** @param warn by default OpenTelemetry's own diagnostics */
export function tellOnce(warn: Warn = (message) => diag.warn(`tta-primitives: ${message}`)): Tell {
  const told = new Map<string, Set<string>>();
  return (kind, message, most = 1) => {
    const ofKind = told.get(kind) ?? new Set();
    if (ofKind.size >= most || ofKind.has(message)) return;
    told.set(kind, ofKind.add(message));
    try {
      warn(message);
    } catch {
      // The logger is foreign code, and there is no other one to tell.
    }
  };
}
