import { describe, expect, it } from 'vitest';
import { parseExposition, select, sum, sumOf } from '../../src/prometheus/parse.ts';

const EXPOSITION = parseExposition(
  [
    '# HELP jobs_total what was done',
    '# TYPE jobs_total counter',
    'jobs_total{kind="a",status="done"} 2',
    'jobs_total{kind="a",status="failed"} 0.5',
    'jobs_total{kind="b \\"x\\"\\n",status="done"} 4 1700000000000',
    'jobs_totally_other 8',
    'up +Inf',
    '',
  ].join('\n'),
);

describe('the text of an endpoint', () => {
  it('has samples with labels, and the types of the metrics', () => {
    expect(EXPOSITION.types).toEqual(new Map([['jobs_total', 'counter']]));
    expect(EXPOSITION.samples).toHaveLength(5);
    expect(EXPOSITION.samples[2]).toEqual({
      name: 'jobs_total',
      labels: { kind: 'b "x"\n', status: 'done' },
      value: 4,
    });
    expect(EXPOSITION.samples[4]).toEqual({ name: 'up', labels: {}, value: Number.POSITIVE_INFINITY });
  });

  it.each(['jobs_total{kind=a} 1', 'jobs_total{kind="a"', 'jobs_total{a="1",a="2"} 3', 'jobs_total'])(
    'is refused when a line is %s, and the error names the line',
    (line) => expect(() => parseExposition(`up 1\n${line}`)).toThrow(/^line 2 is not a sample/),
  );
});

describe('samples', () => {
  it('are selected by their name and by some of their labels', () => {
    expect(select(EXPOSITION, 'jobs_total', { kind: 'a' }).map(({ value }) => value)).toEqual([2, 0.5]);
    expect(select(EXPOSITION, 'jobs_total', { kind: 'c' })).toEqual([]);
  });

  it('have a sum, which is 0 without samples', () => {
    expect(sumOf(EXPOSITION, 'jobs_total')).toBe(6.5);
    expect(sumOf(EXPOSITION, 'jobs_total', { status: 'done' })).toBe(6);
    expect(sumOf(EXPOSITION, 'jobs_total', { status: 'lost' })).toBe(0);
    expect(sum(EXPOSITION.samples.slice(0, 2))).toBe(2.5);
  });
});
