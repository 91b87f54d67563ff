import { describe, expect, test } from 'vitest';
import type { RunSummary } from '../../../../src/tools/studio/model/run.ts';
import { summarise } from '../../../../src/tools/studio/model/summarise.ts';
import { mergeRuns } from '../../../../src/tools/studio/page/src/runs/merge.ts';
import { span } from '../../../support/studio-spans.ts';

const run = (traceId: string, arrival: number, more: Partial<RunSummary> = {}): RunSummary => ({
  ...summarise(undefined, [span({ traceId })], { arrival, change: arrival, receivedMs: 0 }),
  ...more,
});
const ids = (runs: readonly RunSummary[]) => runs.map(({ traceId }) => traceId).join('');
const shown = [run('c', 3), run('b', 2), run('a', 1)];
const changes = { touched: [] as readonly string[] | null, sort: 'newest' as const, isWhole: true };

describe('a list of runs that is brought up to date', () => {
  test('has new runs before the others', () => {
    expect(ids(mergeRuns(shown, { ...changes, matching: [run('d', 4), run('e', 5)] }))).toBe('edcba');
  });

  test('has a changed run in its place', () => {
    const merged = mergeRuns(shown, { ...changes, matching: [run('b', 2, { spans: 9 })] });
    expect(ids(merged)).toBe('cba');
    expect(merged[1]?.spans).toBe(9);
  });

  test('lets a run go that has changed and does not match the filter any more', () => {
    expect(ids(mergeRuns(shown, { ...changes, matching: [], touched: ['b', 'x'] }))).toBe('ca');
  });

  test('keeps all where it is not known which have changed', () => {
    expect(ids(mergeRuns(shown, { ...changes, matching: [], touched: null }))).toBe('cba');
  });

  test('is in its order, also when that changes', () => {
    const slow = shown.map((each, i) => ({ ...each, durationUs: 100 - i }));
    const merged = mergeRuns(slow, { ...changes, sort: 'duration', matching: [run('a', 1, { durationUs: 500 })] });
    expect(ids(merged)).toBe('acb');
  });

  test('does not have what comes after its end while there is more', () => {
    const old = run('z', 0);
    expect(ids(mergeRuns(shown, { ...changes, matching: [old], isWhole: false }))).toBe('cba');
    expect(ids(mergeRuns(shown, { ...changes, matching: [old] }))).toBe('cbaz');
  });

  test('has unknown dollars after known ones', () => {
    const some = [run('p', 1, { nanodollars: 0 }), run('u', 2, { nanodollars: null })];
    expect(ids(mergeRuns([], { ...changes, sort: 'dollars', matching: some }))).toBe('pu');
  });
});
