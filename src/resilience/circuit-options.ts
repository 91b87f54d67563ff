import { fail, knownOptions, requireNumber } from '../core/check.ts';
import type { CircuitRules } from './circuit.ts';
import { consecutiveRule, samplingRule, type TripRule } from './trip-rule.ts';

/** Opens after so many failures in a row. */
export interface ConsecutiveOptions {
  /** It opens after this many failures in a row. @default none: give this one, or the next three together */
  readonly consecutiveFailures: number;
}

/** Opens when too large a share of recent executions failed. Asked at every failure, never at a success. */
export interface SamplingOptions {
  /** It opens when this share of the recent executions failed: above 0, at most 1. @default none */
  readonly failureRatio: number;
  /** How far back executions count for `failureRatio`, in milliseconds. @default none */
  readonly windowMs: number;
  /** It stays closed while there were fewer executions than this within `windowMs`. @default none */
  readonly minimumThroughput: number;
}

export interface OpenOptions {
  /** How long it refuses everything once it has opened, in milliseconds. */
  readonly openMs: number;
  /** Each time that a probe fails it stays open longer than before, up to this, in milliseconds. @default `openMs` */
  readonly maxOpenMs?: number | undefined;
  /** How many times as long it stays open each time, up to `maxOpenMs`. @default 2 */
  readonly openFactor?: number | undefined;
  /**
   * How many executions are let in as probes once `openMs` has passed. It closes when as many have succeeded, and opens
   * again with the first that fails. @default 1
   */
  readonly halfOpenProbes?: number | undefined;
}

export type CircuitOptions = (ConsecutiveOptions | SamplingOptions) & OpenOptions;

const CONSECUTIVE = ['consecutiveFailures'] as const;
const SAMPLING = ['failureRatio', 'windowMs', 'minimumThroughput'] as const;
const RULES: readonly string[] = [...CONSECUTIVE, ...SAMPLING];
export const CIRCUIT_OPTIONS: readonly string[] = [...RULES, 'openMs', 'maxOpenMs', 'openFactor', 'halfOpenProbes'];

/** The rules that the options stand for. Throws a TypeError or RangeError where they are wrong. */
export function circuitRules(where: string, options: CircuitOptions): CircuitRules<unknown> {
  knownOptions(where, options, CIRCUIT_OPTIONS);
  const { openMs, maxOpenMs = openMs, openFactor = 2, halfOpenProbes = 1 } = options;
  requireNumber(where, 'openMs', openMs, { min: 0 });
  requireNumber(where, 'maxOpenMs', maxOpenMs, { min: openMs });
  requireNumber(where, 'openFactor', openFactor, { min: 1 });
  requireNumber(where, 'halfOpenProbes', halfOpenProbes, { min: 1, integer: true });
  const trip = tripRule(where, options as Partial<ConsecutiveOptions & SamplingOptions>) as TripRule<unknown>;
  return { trip, openMs, maxOpenMs, openFactor, halfOpenProbes };
}

function tripRule(where: string, options: Partial<ConsecutiveOptions & SamplingOptions>) {
  const given = RULES.filter((name) => options[name as keyof typeof options] !== undefined);
  const { consecutiveFailures, failureRatio, windowMs, minimumThroughput } = options;
  if (consecutiveFailures !== undefined && given.length === 1) {
    requireNumber(where, 'consecutiveFailures', consecutiveFailures, { min: 1, integer: true });
    return consecutiveRule(consecutiveFailures);
  }
  if (failureRatio === undefined || windowMs === undefined || minimumThroughput === undefined || given.length !== 3) {
    throw new TypeError(
      `${where}: must say when to open, by consecutiveFailures alone or by ${SAMPLING.join(', ')} together, got ${given.join(', ') || 'neither'}`,
    );
  }
  requireNumber(where, 'failureRatio', failureRatio, { min: 0, max: 1 });
  if (failureRatio === 0) fail(where, 'failureRatio', 'must be above 0, or every failure would open it', 0);
  requireNumber(where, 'windowMs', windowMs, { min: 1 });
  requireNumber(where, 'minimumThroughput', minimumThroughput, { min: 1, integer: true });
  return samplingRule({ failureRatio, windowMs, minimumThroughput });
}
