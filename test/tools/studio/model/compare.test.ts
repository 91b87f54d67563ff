import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Comparison, compare } from '../../../../src/tools/studio/model/compare.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { runs } from './random-runs.ts';
import { chat, idOf, primitive } from './spans.ts';

const between = (left: readonly StudioSpan[], right: readonly StudioSpan[]) => compare(treeOf(left), treeOf(right));
const byKey = ({ rows }: Comparison) => new Map(rows.map((row) => [row.key, row]));
/** The same run again: other ids and another time. */
const again = (spans: readonly StudioSpan[]): StudioSpan[] => {
  const renamed = (id: string) => idOf(`x${id}`).slice(0, 4) + id.slice(0, 12);
  return spans.map((span) => ({
    ...span,
    traceId: 'b'.repeat(32),
    spanId: renamed(span.spanId),
    parentSpanId: span.parentSpanId === null ? null : renamed(span.parentSpanId),
    startUs: span.startUs + 5_000_000,
    attributes: { ...span.attributes, 'gen_ai.response.id': `r-${span.spanId}`, 'tta.workflow.id': span.spanId },
  }));
};

const flow = (...names: readonly string[]) => [
  primitive('sequential', 'flow', { id: 'flow', took: 100 }),
  ...names.map((name, i) => primitive('task', name, { id: `${name}${i}`, parent: 'flow', at: i * 10 })),
];
const labelsOf = ({ rows }: Comparison) => rows.map(({ label, change }) => `${label} ${change}`);

describe('the comparison of two runs', () => {
  it('finds nothing between a run and the same run again', () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const { rows, ...counts } = between(spans, again(spans));
        expect(rows.flatMap(({ differences }) => differences)).toEqual([]);
        expect(counts).toEqual({ added: 0, missing: 0, changed: 0 });
        expect(rows.some(({ hasChange }) => hasChange)).toBe(false);
      }),
    );
  });

  it('is the same the other way round: what is added there is missing here', () => {
    const turned = { added: 'missing', missing: 'added', same: 'same', changed: 'changed' } as const;
    fc.assert(
      fc.property(runs, runs, (left, right) => {
        const [there, back] = [between(left, right), byKey(between(right, left))];
        expect(back.size).toBe(there.rows.length);
        for (const row of there.rows) {
          const other = back.get(row.key);
          expect(other?.change).toBe(turned[row.change]);
          expect([other?.left, other?.right]).toEqual([row.right, row.left]);
          expect(other?.differences.map(({ key }) => key)).toEqual(row.differences.map(({ key }) => key));
        }
      }),
    );
  });

  it('has every span of both runs once', () => {
    fc.assert(
      fc.property(runs, runs, (left, right) => {
        const { rows } = between(left, right);
        for (const [side, spans] of [
          ['left', left],
          ['right', right],
        ] as const) {
          const ids = rows.flatMap(
            (row) => row[side]?.nodes.filter((node) => !node.isMissing).map((node) => node.span.spanId) ?? [],
          );
          expect(ids.sort()).toEqual(spans.map(({ spanId }) => spanId).sort());
        }
      }),
    );
  });

  it('says which steps were added and are missing, where they stood', () => {
    expect(labelsOf(between(flow('a', 'b', 'c'), flow('a', 'x', 'c', 'y')))).toEqual([
      'flow same',
      'a same',
      'x added',
      'b missing',
      'c same',
      'y added',
    ]);
  });

  it('has no difference in what all spans of a step say alike, however many they are', () => {
    const tries = (...outcomes: readonly string[]) => [
      primitive('retry', 'again', { id: 'again', took: 100 }),
      ...outcomes.map((outcome, i) =>
        primitive('task', 'ask', { id: `t${i}`, parent: 'again', at: i, attributes: { 'tta.outcome': outcome } }),
      ),
    ];
    const [, row] = between(tries('success'), tries('failure', 'failure', 'success')).rows;
    expect(row).toMatchObject({ change: 'changed' });
    expect(row?.differences.map(({ key }) => key)).toEqual(['outcome']);
  });

  it('counts repeated steps, and compares their values by number', () => {
    const parts = (routes: readonly string[]) => [
      primitive('map', 'parts', { id: 'map', took: 100 }),
      ...routes.map((route, i) =>
        primitive('router', 'model', { id: `r${i}`, parent: 'map', at: i, attributes: { 'tta.router.route': route } }),
      ),
    ];
    const [, row] = between(parts(['cheap', 'cheap', 'good']), parts(['cheap', 'good', 'good', 'good'])).rows;
    expect(row).toMatchObject({ label: 'model', change: 'changed' });
    expect([row?.left?.nodes.length, row?.right?.nodes.length]).toEqual([3, 4]);
    expect(row?.differences).toContainEqual({
      key: 'tta.router.route',
      left: [
        { value: 'cheap', count: 2 },
        { value: 'good', count: 1 },
      ],
      right: [
        { value: 'good', count: 3 },
        { value: 'cheap', count: 1 },
      ],
    });
  });

  it('does not call more of the same a difference in what they are', () => {
    const parts = (n: number) => [
      primitive('map', 'parts', { id: 'map', took: 100 }),
      ...Array.from({ length: n }, (_, i) => primitive('task', 'part', { id: `p${i}`, parent: 'map', at: i })),
    ];
    const [, row] = between(parts(8), parts(12)).rows;
    expect(row).toMatchObject({ label: 'part', differences: [] });
    expect([row?.left?.nodes.length, row?.right?.nodes.length]).toEqual([8, 12]);
  });

  it('tells time and dollars apart from what differs', () => {
    const run = (took: number, dollars: number | undefined, id: string) => [
      chat('m', {
        id: 'a',
        took,
        attributes: {
          'gen_ai.response.id': id,
          'server.port': took,
          'gen_ai.usage.input_tokens': took,
          ...(dollars === undefined ? {} : { 'tta.llm.cost_usd': dollars }),
        },
      }),
    ];
    const [row] = between(run(10, 0.001, 'x'), run(30, undefined, 'y')).rows;
    expect(row).toMatchObject({ change: 'same', differences: [], left: { durationNs: 10e6, nanodollars: 1_000_000 } });
    expect(row?.right).toMatchObject({ durationNs: 30e6, nanodollars: null, inputTokens: 30 });
  });

  it('says what failed in one of them, and marks the way to it', () => {
    const failed = [
      ...flow('a').slice(0, 1),
      primitive('task', 'a', { id: 'a0', parent: 'flow', failed: 'Error: no' }),
    ];
    const { rows, changed } = between(flow('a'), failed);
    expect(changed).toBe(1);
    expect(rows.map(({ hasChange }) => hasChange)).toEqual([true, true]);
    expect(rows[1]?.differences.map(({ key }) => key)).toEqual(['error', 'error.type', 'outcome']);
  });

  it('of runs 10,000 deep, or with nothing in them, is one too', () => {
    const deep = Array.from({ length: 10_000 }, (_, i) =>
      primitive('task', 't', { id: `${i}`, parent: i === 0 ? undefined : `${i - 1}`, at: i / 1_000 }),
    );
    expect(between(deep, deep.slice(0, 9_999))).toMatchObject({ missing: 1, added: 0, changed: 0 });
    expect(between([], deep).added).toBe(10_000);
    expect(between([], []).rows).toEqual([]);
  });
});
