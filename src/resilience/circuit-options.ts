import { checkOptions, fail, failRange, type Rules, requireNumber } from '../core/check.ts';
import { count, milliseconds, number, optional } from '../core/rules.ts';
import type { CircuitRules } from './circuit.ts';
import { consecutiveRule, samplingRule, type TripRule } from './trip-rule.ts';

/** When a circuit opens: after a number of failures in a row. */
export interface ConsecutiveFailuresOptions {
  /** The circuit opens after this many failures in a row. @default none: give this one, or the next three together */
  readonly consecutiveFailures: number;
}

/** When a circuit opens: after too large a share of failures. Only a failure opens it, never a success. */
export interface FailureRatioOptions {
  /** The circuit opens when this share of the recent executions failed: above 0, at most 1. @default none */
  readonly failureRatio: number;
  /** How long an execution counts for `failureRatio`, in milliseconds. @default none */
  readonly windowMs: number;
  /** The circuit stays closed while there are fewer executions than this within `windowMs`. @default none */
  readonly minimumThroughput: number;
}

export interface CircuitOpenOptions {
  /** How long an open circuit refuses every execution, in milliseconds. */
  readonly openMs: number;
  /** The longest time that the circuit stays open, in milliseconds: it grows with each failed probe. @default `openMs` */
  readonly maxOpenMs?: number | undefined;
  /** The factor by which the open time grows with each failed probe, up to `maxOpenMs`, which must be given. @default 2 */
  readonly openFactor?: number | undefined;
  /**
   * How many executions may run as probes once `openMs` has passed. The circuit closes when all of them have succeeded,
   * and opens again when one fails. @default 1
   */
  readonly halfOpenProbes?: number | undefined;
}

export type CircuitOptions = (ConsecutiveFailuresOptions | FailureRatioOptions) & CircuitOpenOptions;

const CONSECUTIVE = { consecutiveFailures: optional(count) };
const SAMPLING = {
  failureRatio: optional(number({ min: 0, max: 1 })),
  windowMs: optional(number({ min: 1 })),
  minimumThroughput: optional(count),
};

export const CIRCUIT_RULES: Rules<CircuitOptions> = {
  ...CONSECUTIVE,
  ...SAMPLING,
  openMs: milliseconds,
  maxOpenMs: optional(milliseconds),
  openFactor: optional(number({ min: 1 })),
  halfOpenProbes: optional(count),
};

/** The rules of a circuit with these options. Throws a TypeError or RangeError where an option is wrong. */
export function circuitRules(where: string, options: CircuitOptions): CircuitRules<unknown> {
  checkOptions(where, options, CIRCUIT_RULES);
  const { openMs, maxOpenMs = openMs, openFactor = 2, halfOpenProbes = 1 } = options;
  if (options.openFactor !== undefined && options.maxOpenMs === undefined) {
    fail(where, 'openFactor', 'is of use only together with maxOpenMs, or the open time never grows', openFactor);
  }
  requireNumber(where, 'maxOpenMs', maxOpenMs, { min: openMs });
  const trip = tripRule(
    where,
    options as Partial<ConsecutiveFailuresOptions & FailureRatioOptions>,
  ) as TripRule<unknown>;
  return { trip, openMs, maxOpenMs, openFactor, halfOpenProbes };
}

function tripRule(where: string, options: Partial<ConsecutiveFailuresOptions & FailureRatioOptions>) {
  const given = Object.keys({ ...CONSECUTIVE, ...SAMPLING }).filter(
    (name) => options[name as keyof typeof options] !== undefined,
  );
  const { consecutiveFailures, failureRatio, windowMs, minimumThroughput } = options;
  if (consecutiveFailures !== undefined && given.length === 1) return consecutiveRule(consecutiveFailures);
  if (failureRatio === undefined || windowMs === undefined || minimumThroughput === undefined || given.length !== 3) {
    throw new TypeError(
      `${where}: must say when to open, by consecutiveFailures alone or by ${Object.keys(SAMPLING).join(', ')} together, got ${given.join(', ') || 'neither'}`,
    );
  }
  if (failureRatio === 0) failRange(where, 'failureRatio', 'must be above 0, or every failure would open it', 0);
  return samplingRule({ failureRatio, windowMs, minimumThroughput });
}
