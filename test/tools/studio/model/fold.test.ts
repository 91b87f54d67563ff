import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FoldView, rowsOf } from '../../../../src/tools/studio/model/fold.ts';
import { treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { runs } from './random-runs.ts';
import { chat, idOf, primitive, span } from './spans.ts';

const map = (count: number) => [
  primitive('map', 'parts', { id: 'map', took: 1_000 }),
  ...Array.from({ length: count }, (_, i) =>
    primitive('task', 'part', {
      id: `p${i}`,
      parent: 'map',
      at: i,
      took: i + 1,
      ...(i === 1 ? { failed: 'Error: no luck' } : {}),
    }),
  ),
];
const keysOf = (rows: ReturnType<typeof rowsOf>) => rows.rows.map(({ key }) => key);

describe('the rows of a waterfall', () => {
  it('show four equal siblings, and fold five', () => {
    expect(rowsOf(treeOf(map(4))).rows).toHaveLength(5);
    const { rows } = rowsOf(treeOf(map(5)));
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({ kind: 'fold', type: 'task', label: 'part', level: 1, isExpanded: false, shown: 0 });
  });

  it('a fold tells the distribution, the slowest and the failed ones', () => {
    const fold = rowsOf(treeOf(map(500))).rows[1];
    if (fold?.kind !== 'fold') throw new Error('no fold');
    expect(fold.members).toHaveLength(500);
    expect(fold.durations).toMatchObject({ min: 1e6, median: 250e6, p95: 475e6, max: 500e6 });
    expect(fold.durations.counts.reduce((sum, each) => sum + each)).toBe(500);
    expect(fold.slowest.span.spanId).toBe(idOf('p499'));
    expect(fold.failed.map((node) => node.span.spanId)).toEqual([idOf('p1')]);
  });

  it('a search finds a span by its id, but no short text in an id by chance', () => {
    const tree = treeOf([primitive('task', 'part', { id: 'ffffffff' })]);
    expect(idOf('ffffffff')).toBe('6666666666666666');
    expect(rowsOf(tree, { search: '666' }).matches).toEqual([]);
    expect(rowsOf(tree, { search: idOf('ffffffff') }).matches).toHaveLength(1);
  });

  it('a search opens a fold for what it finds, and a link for its span', () => {
    const tree = treeOf(map(500));
    const found = rowsOf(tree, { search: 'NO LUCK' });
    expect(keysOf(found).slice(2)).toEqual([idOf('p1')]);
    expect(found.matches).toHaveLength(1);
    expect(found.rows[2]).toMatchObject({ isMatch: true, level: 2, position: 2, siblings: 500 });
    expect(keysOf(rowsOf(tree, { reveal: idOf('p77') })).slice(2)).toEqual([idOf('p77')]);
  });

  it('keys stay while the run grows', () => {
    const spans = map(9);
    const before = keysOf(rowsOf(treeOf(spans.slice(0, 7))));
    expect(keysOf(rowsOf(treeOf(spans)))).toEqual(before);
  });

  it("an agent's model calls and tools stay in their order", () => {
    const spans = [
      span({ id: 'agent', took: 100, attributes: { 'gen_ai.operation.name': 'invoke_agent' } }),
      ...Array.from({ length: 6 }, (_, i) => [
        chat('m', { id: `c${i}`, parent: 'agent', at: i * 10, took: 5 }),
        span({
          id: `t${i}`,
          parent: 'agent',
          at: i * 10 + 5,
          took: 5,
          attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'look' },
        }),
      ]).flat(),
    ];
    expect(rowsOf(treeOf(spans)).rows).toHaveLength(13);
  });

  it('what the reader opened stays open, and what he closed closed', () => {
    const tree = treeOf(map(5));
    const fold = rowsOf(tree).rows[1]?.key ?? '';
    expect(rowsOf(tree, { toggled: new Map([[fold, true]]) }).rows).toHaveLength(7);
    expect(rowsOf(tree, { toggled: new Map([[idOf('map'), false]]) }).rows).toHaveLength(1);
  });

  it('stand in their tree, each with its place among its siblings, whatever is open', () => {
    const views: fc.Arbitrary<FoldView> = fc.record({
      search: fc.constantFrom('', 'a', 'task b', 'no'),
      reveal: fc.constantFrom(null, idOf('n5'), 'nothing'),
    });
    fc.assert(
      fc.property(runs, views, fc.boolean(), (spans, view, opens) => {
        const tree = treeOf(spans);
        const folds = rowsOf(tree).rows.filter(({ kind }) => kind === 'fold');
        const toggled = new Map(folds.map(({ key }) => [key, opens]));
        const { rows, matches } = rowsOf(tree, { ...view, toggled });
        const byKey = new Map(rows.map((row, i) => [row.key, { row, i }]));
        expect(byKey.size).toBe(rows.length);
        for (const [i, row] of rows.entries()) {
          const parent = row.parentKey === null ? undefined : byKey.get(row.parentKey);
          expect(row.level).toBe(parent === undefined ? 0 : parent.row.level + 1);
          expect(parent?.i ?? -1).toBeLessThan(i);
          expect(row.position).toBeGreaterThanOrEqual(1);
          expect(row.position).toBeLessThanOrEqual(row.siblings);
        }
        for (const { span } of matches) expect(byKey.has(span.spanId)).toBe(true);
        if (spans.some(({ spanId }) => spanId === view.reveal)) expect(byKey.has(view.reveal as string)).toBe(true);
      }),
    );
  });

  it('show every span once where all is open', () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const tree = treeOf(spans);
        const toggled = new Map<string, boolean>();
        for (let size = -1; size < toggled.size; ) {
          size = toggled.size;
          for (const { kind, key } of rowsOf(tree, { toggled }).rows) if (kind === 'fold') toggled.set(key, true);
        }
        const shown = rowsOf(tree, { toggled }).rows.filter((row) => row.kind === 'span' && !row.node.isMissing);
        expect(shown.map(({ key }) => key).sort()).toEqual(spans.map(({ spanId }) => spanId).sort());
      }),
    );
  });
});
