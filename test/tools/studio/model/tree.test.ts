import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { nodesInOrder, totalsOf } from '../../../../src/tools/studio/model/totals.ts';
import { type RunTree, treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { runs } from './random-runs.ts';
import { idOf, primitive, span } from './spans.ts';

/** The tree as lines of ids, indented. */
const drawn = (tree: RunTree) =>
  [...nodesInOrder(tree)].map((node) => `${' '.repeat(node.depth)}${node.span.spanId}${node.isMissing ? '?' : ''}`);

/** Spans with any parents, themselves included. */
const tangled = fc
  .array(fc.record({ parent: fc.nat({ max: 12 }), at: fc.nat({ max: 5 }) }), { maxLength: 10 })
  .map((all) => all.map(({ parent, at }, i) => span({ id: `n${i}`, parent: `n${parent}`, at })));

describe('the tree of a run', () => {
  it('is the same in whatever order its spans come', () => {
    fc.assert(
      fc.property(
        runs.chain((spans) =>
          fc.tuple(fc.constant(spans), fc.shuffledSubarray([...spans], { minLength: spans.length })),
        ),
        ([spans, shuffled]) => {
          expect(drawn(treeOf(shuffled))).toEqual(drawn(treeOf(spans)));
        },
      ),
    );
  });

  it('has every span once, also where spans are in rings', () => {
    fc.assert(
      fc.property(tangled, (spans) => {
        const nodes = [...nodesInOrder(treeOf(spans))].filter(({ isMissing }) => !isMissing);
        expect(nodes.map(({ span }) => span.spanId).sort()).toEqual(spans.map(({ spanId }) => spanId).sort());
      }),
    );
  });

  it('is the same for a ring in whatever order its spans come', () => {
    fc.assert(
      fc.property(
        tangled.chain((spans) =>
          fc.tuple(fc.constant(spans), fc.shuffledSubarray([...spans], { minLength: spans.length })),
        ),
        ([spans, shuffled]) => {
          expect(drawn(treeOf(shuffled))).toEqual(drawn(treeOf(spans)));
        },
      ),
    );
  });

  it('takes a span that comes twice once', () => {
    const one = span({ id: 'a' });
    expect(drawn(treeOf([one, { ...one }]))).toHaveLength(1);
  });

  it('puts a node in the place of a parent that has not come, with the same key', () => {
    const children = ['a', 'b'].map((id, i) => span({ id, parent: 'map', at: i * 10, took: 20 }));
    const [standIn] = treeOf(children).roots;
    expect(standIn).toMatchObject({ isMissing: true, span: { spanId: idOf('map'), durationNs: 30e6 } });
    expect(treeOf([...children, span({ id: 'map' })]).roots[0]).toMatchObject({
      isMissing: false,
      span: { spanId: idOf('map') },
    });
  });

  it('numbers the tries of a retry in their order', () => {
    const tries = [3, 1, 2].map((n) => primitive('task', 'ask', { id: `t${n}`, parent: 'r', at: n * 10 }));
    const [retry] = treeOf([...tries, primitive('retry', 'again', { id: 'r' })]).roots;
    expect(retry?.children.map(({ span, attempt }) => [span.spanId, attempt])).toEqual(
      [1, 2, 3].map((n) => [idOf(`t${n}`), n]),
    );
  });

  it('may be 10,000 deep', () => {
    const spans = Array.from({ length: 10_000 }, (_, i) =>
      span({ id: `${i}`, parent: i === 0 ? undefined : `${i - 1}`, at: i / 1_000, took: 20 }),
    );
    const tree = treeOf(spans);
    expect(tree.nodes.get(idOf('9999'))?.depth).toBe(9_999);
    expect(totalsOf(tree).get(tree.roots[0] as never)?.spans).toBe(10_000);
  });

  it('of nothing is empty', () => {
    const none: StudioSpan[] = [];
    expect(treeOf(none)).toMatchObject({ roots: [], startUs: 0, endUs: 0 });
  });
});
