import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { breakdownOf } from '../../../../src/tools/studio/model/breakdown.ts';
import { criticalPathOf } from '../../../../src/tools/studio/model/critical-path.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { totalsOf } from '../../../../src/tools/studio/model/totals.ts';
import { treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { runs } from './random-runs.ts';
import { chat, primitive, retryEvent, span } from './spans.ts';

const timeOf = (spans: readonly StudioSpan[]) =>
  breakdownOf(treeOf(spans)).time.map(({ label, kind, us }) => `${label} ${kind} ${us / 1_000}`);

/** A call that costs so many dollars. */
const paid = (
  id: string,
  parent: string,
  at: number,
  dollars: number,
  more: Partial<StudioSpan> & { failed?: string } = {},
) => chat('m', { id, parent, at, took: 5, ...more, attributes: { 'tta.llm.cost_usd': dollars, ...more.attributes } });
const outcome = (word: string) => ({ failed: 'Error: no', attributes: { 'tta.outcome': word } });
const usesOf = (spans: readonly StudioSpan[]) =>
  Object.fromEntries(
    breakdownOf(treeOf(spans)).byUse.map(({ name, nanodollars }) => [name, (nanodollars ?? Number.NaN) / 1e9]),
  );

describe('where the time went', () => {
  it('is told by what the run waited for at each moment, waits apart', () => {
    const spans = [
      primitive('retry', 'again', { id: 'r', took: 100, events: [retryEvent(1, 20, 30, 'Error: no')] }),
      primitive('rate_limit', 'slowly', {
        id: 'limit',
        parent: 'r',
        at: 50,
        took: 50,
        attributes: { 'tta.rate_limit.wait_seconds': 0.015 },
      }),
      chat('m', { id: 'one', parent: 'r', took: 20 }),
      chat('m', { id: 'two', parent: 'limit', at: 65, took: 35 }),
    ];
    expect(timeOf(spans)).toEqual(['m work 55', 'again backoff 30', 'slowly rate_limit 15']);
  });

  it('counts of parallel work what ended last', () => {
    const spans = [
      primitive('parallel', 'both', { id: 'p', took: 100 }),
      primitive('task', 'short', { id: 'a', parent: 'p', took: 40 }),
      primitive('task', 'long', { id: 'b', parent: 'p', took: 90 }),
    ];
    expect(timeOf(spans)).toEqual(['long work 90', 'both work 10']);
  });

  it('tells apart what went on after the end', () => {
    const breakdown = breakdownOf(
      treeOf([
        primitive('cache', 'memo', { id: 'memo', took: 2 }),
        primitive('task', 'refresh', { id: 'refresh', parent: 'memo', at: 1, took: 50 }),
      ]),
    );
    expect(breakdown).toMatchObject({ totalUs: 2_000, afterUs: 49_000 });
    expect(breakdown.time.reduce((sum, { us }) => sum + us, 0)).toBe(2_000);
  });

  it('is the whole time of the roots, once, whatever the run is like', () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const tree = treeOf(spans);
        const segments = [...criticalPathOf(tree)].reverse();
        for (const [i, { startUs, endUs }] of segments.entries()) {
          expect(endUs).toBeGreaterThan(startUs);
          expect(startUs).toBeGreaterThanOrEqual(segments[i - 1]?.endUs ?? tree.startUs);
        }
        const sum = breakdownOf(tree).time.reduce((total, { us }) => total + us, 0);
        expect(sum).toBeLessThanOrEqual(tree.endUs - tree.startUs);
        if (tree.roots.length === 1 && tree.roots[0]?.span.startUs === tree.startUs) {
          expect(sum).toBeGreaterThanOrEqual((tree.roots[0]?.span.durationNs ?? 0) / 1_000);
        }
      }),
    );
  });
});

describe('where the dollars went', () => {
  it.each<[string, StudioSpan[], Record<string, number>]>([
    ['answered', [primitive('task', 't', { id: 't' }), paid('a', 't', 1, 1)], { answered: 1 }],
    [
      'retried where a try had answered, failed where it had not',
      [
        primitive('retry', 'r', { id: 'r', took: 50 }),
        paid('a', 'r', 1, 1),
        paid('b', 'r', 10, 2, outcome('failure')),
        paid('c', 'r', 20, 4),
      ],
      { retried: 1, failed: 2, answered: 4 },
    ],
    [
      'fallback for a substitute, and for what the primary did before it failed',
      [
        primitive('fallback', 'f', { id: 'f', took: 50 }),
        primitive('sequential', 's', { id: 's', parent: 'f', took: 20, failed: 'Error: no' }),
        paid('a', 's', 1, 1),
        paid('b', 's', 8, 2, outcome('failure')),
        paid('c', 'f', 30, 4),
      ],
      { fallback: 5, failed: 2 },
    ],
    [
      'hedged for the losers of a race, whatever became of them',
      [
        primitive('race', 'r', { id: 'r', took: 50 }),
        paid('a', 'r', 1, 1),
        paid('b', 'r', 1.5, 2, outcome('superseded')),
        paid('c', 'r', 0.5, 4, outcome('failure')),
      ],
      { answered: 1, hedged: 6 },
    ],
    [
      'aborted where the caller cancelled, also for calls that had answered',
      [
        primitive('task', 't', { id: 't', took: 50, ...outcome('cancelled') }),
        paid('a', 't', 1, 1),
        paid('b', 't', 10, 2, outcome('cancelled')),
      ],
      { aborted: 3 },
    ],
  ])('%s', (_, spans, expected) => {
    expect(usesOf(spans)).toEqual(expected);
  });

  it('is told by the name that the author gave, and by model; unknown dollars are counted apart', () => {
    const spans = [
      primitive('llm', 'ask', {
        id: 'ask',
        attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.response.model': 'big', 'tta.llm.cost_usd': 0.5 },
      }),
      primitive('llm', 'LlmPrimitive', {
        id: 'two',
        at: 20,
        attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.response.model': 'big' },
      }),
    ];
    const { byModel, byPrimitive } = breakdownOf(treeOf(spans));
    expect(byModel).toEqual([{ name: 'big', nanodollars: 500_000_000, calls: 2, unknown: 1 }]);
    expect(byPrimitive).toEqual([
      { name: 'ask', nanodollars: 500_000_000, calls: 1, unknown: 0 },
      { name: 'big', nanodollars: null, calls: 1, unknown: 1 },
    ]);
  });

  it('is the same sum in every way to look at it', () => {
    fc.assert(
      fc.property(runs, (spans) => {
        const tree = treeOf(spans);
        const sumOf = (shares: readonly { nanodollars: number | null }[]) =>
          shares.reduce((sum, { nanodollars }) => sum + (nanodollars ?? 0), 0);
        const { byModel, byPrimitive, byUse } = breakdownOf(tree);
        const totals = totalsOf(tree);
        const whole = tree.roots.reduce((sum, root) => sum + (totals.get(root)?.nanodollars ?? 0), 0);
        expect([byModel, byPrimitive, byUse].map(sumOf)).toEqual([whole, whole, whole]);
      }),
    );
  });

  it('counts a call once that an outer span repeats', () => {
    const usage = { 'gen_ai.usage.input_tokens': 7, 'tta.llm.cost_usd': 0.25 };
    const spans = [
      span({ id: 'agent', took: 50, attributes: { 'gen_ai.operation.name': 'invoke_agent', ...usage } }),
      chat('m', { id: 'outer', parent: 'agent', at: 1, took: 40, attributes: usage }),
      chat('m', { id: 'inner', parent: 'outer', at: 2, took: 30, attributes: usage }),
    ];
    const tree = treeOf(spans);
    expect(totalsOf(tree).get(tree.roots[0] as never)).toMatchObject({
      modelCalls: 1,
      inputTokens: 7,
      nanodollars: 250_000_000,
    });
  });
});
