/** The time that the page asks for, in steps. */
import { QueryError, wholeNumber } from '../server/query.ts';
import { RESOLUTIONS } from './frames.ts';

export interface SpanOfTime {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly steps: number;
  /** Each value is of this many steps up to its own. */
  readonly stepsPerValue: number;
  /** The length of the frames that are read. */
  readonly lengthMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Steps that people can read off an axis. All from a minute on are multiples of it, and all from a quarter of an hour on of that. */
const STEPS = [
  ...[5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 168, 336].map((n) => n * HOUR),
];
const MAX_POINTS = 500;
const DEFAULT_POINTS = 240;
/** Beyond it a date is none. */
const MAX_TIME_MS = 8.64e15;
const DEFAULT_MS = 15 * MINUTE;
const SHORTEST_MS = MINUTE;
/** A value is of at least this much time: four readings, as a rate is on the dashboards. */
const LEAST_PER_VALUE_MS = 20 * SECOND;

/** @throws QueryError when a parameter is no number, or `from` is not earlier than `to` */
export function readSpanOfTime(parameters: URLSearchParams, nowMs: number, oldestMs: number | null): SpanOfTime {
  const time = (name: string, otherwise: number) =>
    wholeNumber(parameters, name, { min: 0, max: MAX_TIME_MS, otherwise: Math.round(otherwise) });
  const points = wholeNumber(parameters, 'points', { min: 2, max: MAX_POINTS, otherwise: DEFAULT_POINTS });
  const to = time('to', nowMs);
  const isAll = parameters.get('window') === 'all';
  const window = isAll ? nowMs - (oldestMs ?? nowMs - DEFAULT_MS) : time('window', DEFAULT_MS);
  const from = time('from', Math.max(0, to - window));
  if (from >= to) throw new QueryError('from must be earlier than to');
  // Of the future there is nothing to show.
  const toMs = Math.max(Math.min(to, nowMs), SHORTEST_MS);
  const fromMs = Math.min(from, toMs - SHORTEST_MS);
  const { lengthMs } = RESOLUTIONS.find(({ keptMs }) => nowMs - fromMs <= keptMs) ?? RESOLUTIONS[0];
  const least = Math.max(lengthMs, (toMs - fromMs) / points);
  const stepMs = STEPS.find((step) => step >= least) ?? Math.ceil(least / (24 * HOUR)) * 24 * HOUR;
  const start = Math.floor(fromMs / stepMs) * stepMs;
  const steps = Math.max(1, Math.ceil((toMs - start) / stepMs));
  return {
    fromMs: start,
    toMs: start + steps * stepMs,
    stepMs,
    steps,
    stepsPerValue: Math.max(1, Math.ceil(LEAST_PER_VALUE_MS / stepMs)),
    // The longest frames of which steps are made: there are fewer to read.
    lengthMs: RESOLUTIONS.findLast(({ lengthMs: each }) => each <= stepMs)?.lengthMs ?? lengthMs,
  };
}
