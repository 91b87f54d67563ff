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
    yield series.map(({ metric, change, points }) => {
      const changed = change({ points, shift, repetition });
      const values = points.map(
        ([at, value]) => [at - shift, String(changed(value)).replace('Infinity', 'Inf')] as const,
      );
      return { metric, values };
    });
  }
}

type Points = readonly (readonly [seconds: number, value: number])[];
type Change = (of: { points: Points; shift: number; repetition: number }) => (value: number) => number;

const isCounter = (name: string) => /_(?:total|bucket|count|sum)$/.test(name);

/** How a value of a repetition differs from the recorded one. */
function changeOf(name: string): Change {
  if (isCounter(name)) return counting;
  // The same process for all the days.
  if (name === 'process_start_time_seconds')
    return ({ points }) =>
      () =>
        points[0]?.[1] ?? 0;
  if (/_time(?:stamp)?_seconds$/.test(name))
    return ({ shift }) =>
      (value) =>
        value - shift;
  return () => (value) => value;
}

/**
 * Every repetition adds what was counted in the run. It begins with the very number that the one before ended with: one
 * that is smaller in its last digit would be a restart of the process.
 */
const counting: Change = ({ points, repetition }) => {
  const first = points[0]?.[1] ?? 0;
  const counted = (points.at(-1)?.[1] ?? 0) - first;
  let start = first;
  for (let done = 0; done < repetition; done += 1) start += counted;
  return (value) => start + (value - first);
};

/** Without the restarts of the process: a counter that goes on where it was. */
function rising(points: Points): Points {
  let lost = 0;
  return points.map(([at, value], i) => {
    const before = points[i - 1]?.[1] ?? 0;
    if (value < before) lost += before;
    return [at, value + lost] as const;
  });
}
