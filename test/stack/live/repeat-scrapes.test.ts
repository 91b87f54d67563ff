import { describe, expect, it } from 'vitest';
import { repeatScrapes } from './repeat-scrapes.ts';

/** The values of a series in a run of 40 s that is there three times, with their seconds. */
function repeated(name: string, values: readonly number[]): (readonly [number, string])[] {
  const recorded = values.map((value, i) => [1_000 + 10 * i, String(value)] as const);
  const runs = [
    ...repeatScrapes([{ metric: { __name__: name }, values: recorded }], { from: 1_000, to: 1_040, times: 3 }),
  ];
  return runs.flatMap((series) => series.flatMap((each) => each.values));
}
const numbers = (name: string, values: readonly number[]) => repeated(name, values).map(([, value]) => Number(value));

describe('a run that is repeated', () => {
  it('ends with the recorded samples, and the runs before follow one another', () => {
    expect(repeated('up', [1, 1, 0, 1]).map(([at]) => at)).toEqual([
      920, 930, 940, 950, 960, 970, 980, 990, 1_000, 1_010, 1_020, 1_030,
    ]);
  });

  it('has counters that go on rising, also over a restart', () => {
    expect(numbers('tta_workflow_executions_total', [5, 7, 1, 2])).toEqual([5, 7, 8, 9, 9, 11, 12, 13, 13, 15, 16, 17]);
  });

  it('has counters of dollars that never fall by a last digit', () => {
    const recorded = [0.1, 0.3, 0.7].map((value, i) => [1_000 + 10 * i, String(value)] as const);
    const series = [{ metric: { __name__: 'dollars_total' }, values: recorded }];
    const runs = [...repeatScrapes(series, { from: 1_000, to: 1_030, times: 200 })];
    const values = runs.flatMap((run) => run.flatMap((each) => each.values.map(([, value]) => Number(value))));
    expect(values.filter((value, i) => i > 0 && value < (values[i - 1] as number))).toEqual([]);
    expect(values.at(-1)).toBeCloseTo(0.1 + 200 * 0.6);
  });

  it('has other values as they were', () => {
    expect(numbers('tta_primitive_active', [3, 0, 9, 1])).toEqual([3, 0, 9, 1, 3, 0, 9, 1, 3, 0, 9, 1]);
    expect(repeated('a_ratio', [NaN]).map(([, value]) => value)).toEqual(['NaN', 'NaN', 'NaN']);
  });

  it('has the same process all the time, and times that go with the run', () => {
    expect(numbers('process_start_time_seconds', [500, 1_010])).toEqual([500, 500, 500, 500, 500, 500]);
    expect(numbers('reload_timestamp_seconds', [990])).toEqual([910, 950, 990]);
  });
});
