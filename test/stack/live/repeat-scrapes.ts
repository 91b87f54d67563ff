/** Makes days of scrapes from those of a run: the run again and again, the last one at its own time. */
import type { RangeSeries } from '../../support/prometheus-api.ts';

export interface Repetition {
  /** The begin and the end of the run, in seconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** How often the run is there. */
  readonly times: number;
}

/** The series of each repetition, the oldest first. */
export function* repeatScrapes(
  recorded: readonly RangeSeries[],
  { from, to, times }: Repetition,
): Generator<readonly RangeSeries[]> {
  const series = recorded.map(({ metric, values }) => {
    const name = metric.__name__ ?? '';
    const points = values
      .filter(([at]) => at >= from && at < to)
      .map(([at, value]) => [at, Number(value.replace('Inf', 'Infinity'))] as const);
    return { metric, change: changeOf(name), points: isCounter(name) ? rising(points) : points };
  });
  for (let repetition = 0; repetition < times; repetition += 1) {
    const shift = (times - 1 - repetition) * (to - from);
    yield series.map(({ metric, change, points }) => ({
      metric,
      values: points.map(([at, value]) => [
        at - shift,
        String(change(value, { points, shift, repetition })).replace('Infinity', 'Inf'),
      ]),
    }));
  }
}

type Points = readonly (readonly [seconds: number, value: number])[];
type Change = (value: number, of: { points: Points; shift: number; repetition: number }) => number;

const isCounter = (name: string) => /_(?:total|bucket|count|sum)$/.test(name);

/** How a value of a repetition differs from the recorded one. */
function changeOf(name: string): Change {
  // Every repetition adds what was counted in the run.
  if (isCounter(name))
    return (value, { points, repetition }) => value + repetition * ((points.at(-1)?.[1] ?? 0) - (points[0]?.[1] ?? 0));
  // The same process for all the days.
  if (name === 'process_start_time_seconds') return (_, { points }) => points[0]?.[1] ?? 0;
  if (/_time(?:stamp)?_seconds$/.test(name)) return (value, { shift }) => value - shift;
  return (value) => value;
}

/** Without the restarts of the process: a counter that goes on where it was. */
function rising(points: Points): Points {
  let lost = 0;
  return points.map(([at, value], i) => {
    const before = points[i - 1]?.[1] ?? 0;
    if (value < before) lost += before;
    return [at, value + lost] as const;
  });
}
