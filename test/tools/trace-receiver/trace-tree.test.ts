import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TraceSpan } from '../../../src/tools/trace-receiver/trace.ts';
import { toTreeRows } from '../../../src/tools/trace-receiver/trace-tree.ts';

function span(spanId: string, parentSpanId: string | null): TraceSpan {
  return {
    spanId,
    parentSpanId,
    name: spanId,
    startMs: 0,
    durationMs: 1,
    status: 'unset',
    statusMessage: '',
    attributes: {},
  };
}

const shape = (spans: TraceSpan[]) => toTreeRows(spans).map(({ span, depth }) => `${'.'.repeat(depth)}${span.spanId}`);

describe('the tree of a trace', () => {
  it('puts children under their parent, siblings in their order', () => {
    const spans = [span('c1', 'p'), span('p', 'r'), span('r', null), span('c2', 'p'), span('q', 'r')];
    expect(shape(spans)).toEqual(['r', '.p', '..c1', '..c2', '.q']);
  });

  it('shows spans without their parent as roots and marks them', () => {
    const rows = toTreeRows([span('a', 'gone'), span('b', 'a'), span('r', null)]);
    expect(rows.map(({ span, depth, orphan }) => [span.spanId, depth, orphan])).toEqual([
      ['a', 0, true],
      ['b', 1, false],
      ['r', 0, false],
    ]);
  });

  it('shows spans that are each other’s parents, once', () => {
    expect(shape([span('a', 'b'), span('b', 'a'), span('s', 's')]).sort()).toEqual(['.b', 'a', 's']);
  });

  it('can be deeper than the call stack', () => {
    const spans = Array.from({ length: 50_000 }, (_, i) => span(String(i), i === 0 ? null : String(i - 1)));
    expect(toTreeRows(spans).at(-1)?.depth).toBe(49_999);
  });

  it('shows every span once with any parents', () => {
    const id = fc.nat({ max: 12 }).map(String);
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(id, fc.option(id)), { selector: ([own]) => own }), (pairs) => {
        const rows = toTreeRows(pairs.map(([own, parent]) => span(own, parent)));
        expect(rows.map((row) => row.span.spanId).sort()).toEqual(pairs.map(([own]) => own).sort());
      }),
    );
  });
});
