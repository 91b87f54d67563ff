import { readProperty } from '../platform/read-property.ts';
import type { CircuitResult } from './circuit.ts';

/** What an error says. */
export interface Judgement {
  readonly retry: boolean;
  /** `success`: the dependency has answered. `unknown`: the error says nothing about the dependency. */
  readonly circuit: CircuitResult;
}

/**
 * The key of what was judged of an error in the process in which it happened. Its response and its body, which tell the
 * most, have stayed there.
 */
export const JUDGEMENT: unique symbol = Symbol.for('tta-primitives.judgement') as never;

const RESULTS: ReadonlySet<unknown> = new Set<CircuitResult>(['success', 'failure', 'unknown']);

/** What was judged elsewhere; `undefined` for an error of this process. */
export function judgementOf(error: unknown): Judgement | undefined {
  const judgement = readProperty(error, JUDGEMENT);
  const retry = readProperty(judgement, 'retry');
  const circuit = readProperty(judgement, 'circuit');
  return typeof retry === 'boolean' && RESULTS.has(circuit) ? { retry, circuit: circuit as CircuitResult } : undefined;
}
