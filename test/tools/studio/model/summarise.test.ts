import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunDraft, RunSummary } from '../../../../src/tools/studio/model/run.ts';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { summarise } from '../../../../src/tools/studio/model/summarise.ts';
import { add, noTotals, type Totals, totalsOf } from '../../../../src/tools/studio/model/totals.ts';
import { type TreeNode, treeOf } from '../../../../src/tools/studio/model/tree.ts';
import { runs } from './random-runs.ts';
import { chat, idOf, primitive, retryEvent, span } from './spans.ts';

const META = { arrival: 1, change: 1, receivedMs: 0 };
const rowOf = (...batches: readonly StudioSpan[][]) =>
  batches.reduce<RunSummary | undefined>((row, batch) => summarise(row, batch, META), undefined) as RunSummary;
const readers = ({ draft: _, ...row }: RunSummary) => row;

describe('the row of a run', () => {
  it('is the same in whatever order and batches its spans come, and the sum of its tree', () => {
    fc.assert(
      fc.property(
        runs.chain((spans) =>
          fc.tuple(
            fc.constant(spans),
            fc.shuffledSubarray([...spans], { minLength: spans.length }),
            fc.integer({ min: 1, max: spans.length }),
          ),
        ),
        ([spans, shuffled, size]) => {
          const batches = [];
          for (let i = 0; i < shuffled.length; i += size) batches.push(shuffled.slice(i, i + size));
          const row = readers(rowOf(...batches));
          expect(row).toEqual(readers(rowOf([...spans])));
          const tree = treeOf(shuffled);
          const sum = noTotals();
          for (const root of tree.roots) add(sum, totalsOf(tree).get(root) as Totals);
          expect(row).toMatchObject({
            spans: sum.spans,
            errors: sum.errors,
            modelCalls: sum.modelCalls,
            inputTokens: sum.inputTokens,
            nanodollars: sum.nanodollars,
            unpricedCalls: sum.unknownDollars,
          });
        },
      ),
    );
  });

  it('has the name and the tags of the outermost workflow, also before the root has come', () => {
    const inner = primitive('workflow', 'part', {
      id: 'part',
      parent: 'map',
      at: 5,
      attributes: { 'gen_ai.workflow.name': 'part', 'tta.tag.file': 'a.md' },
    });
    const call = chat('m', { id: 'call', parent: 'part', at: 6, attributes: { 'tta.workflow.name': 'digest' } });
    expect(rowOf([call])).toMatchObject({ name: 'digest', workflow: 'digest', status: 'running' });
    expect(rowOf([call], [inner])).toMatchObject({ name: 'digest', workflow: 'digest', tags: { file: 'a.md' } });
    const root = primitive('sequential', 'digest', { id: 'root', attributes: { 'gen_ai.workflow.name': 'digest' } });
    expect(rowOf([call], [inner], [root])).toMatchObject({ name: 'digest', status: 'success' });
  });

  it('keeps the value of the outermost span of a tag', () => {
    const of = (id: string, at: number, value: string, parent?: string) =>
      primitive('task', id, { id, at, parent, attributes: { 'tta.tag.user': value } });
    expect(rowOf([of('b', 2, 'inner', 'a')], [of('a', 1, 'outer')]).tags).toEqual({ user: 'outer' });
  });

  it('has no tag that differs from span to span, as the file of a part does', () => {
    const part = (id: string, file: string) =>
      primitive('task', 'part', {
        id,
        at: 2,
        parent: 'root',
        attributes: { 'tta.tag.file': file, 'tta.tag.job': 'j' },
      });
    const root = primitive('sequential', 'digest', { id: 'root', at: 1 });
    expect(rowOf([part('a', 'a.md'), part('b', 'b.md')], [root, part('c', 'a.md')]).tags).toEqual({ job: 'j' });
  });

  it('says which span failed and why', () => {
    const row = rowOf([
      primitive('llm', 'ask', { id: 'one', parent: 'retry', at: 1, failed: 'RateLimitError: slow down' }),
      primitive('llm', 'ask', {
        id: 'two',
        parent: 'retry',
        at: 20,
        failed: 'TypeError: fetch failed',
        stack: '    at ask (ask.ts:1)\nCaused by: Error: connect ECONNREFUSED 127.0.0.1:1',
      }),
      primitive('retry', 'again', { id: 'retry', took: 40, failed: 'TypeError: fetch failed' }),
    ]);
    expect(row).toMatchObject({
      status: 'failure',
      failure: 'llm ask: TypeError: fetch failed, caused by Error: connect ECONNREFUSED 127.0.0.1:1',
    });
  });

  it('blames a timeout for its error, and not the work that it ended', () => {
    const late = 'PrimitiveTimeoutError: limit did not finish within 80 ms';
    const ended = { failed: late, attributes: { 'tta.outcome': 'timeout' } };
    const task = primitive('task', 'slow', { id: 'slow', parent: 'limit', at: 1, took: 80, ...ended });
    const limit = primitive('timeout', 'limit', { id: 'limit', took: 80, ...ended });
    for (const row of [rowOf([task, limit]), rowOf([limit], [task])]) {
      expect(row).toMatchObject({ status: 'timeout', failure: `timeout limit: ${late}` });
    }
  });

  it('does not blame what was given up because of the failure', () => {
    const failed = 'Error: right down';
    const row = rowOf([
      primitive('task', 'right', { id: 'right', parent: 'both', failed }),
      primitive('llm', 'left', {
        id: 'left',
        parent: 'both',
        at: 5,
        failed,
        attributes: { 'tta.outcome': 'superseded' },
      }),
      primitive('parallel', 'both', { id: 'both', took: 20, failed }),
    ]);
    expect(row.failure).toBe(`task right: ${failed}`);
  });

  it('has the start and the duration of its root, whatever went on after it or has another clock', () => {
    const root = primitive('cache', 'memo', { id: 'root', at: 10, took: 1 });
    const refresh = primitive('task', 'refresh', { id: 'refresh', parent: 'root', at: 10.5, took: 500 });
    const elsewhere = span({ id: 'far', parent: 'root', at: -3_600_000, took: 2, kind: 'server', service: 'far' });
    for (const row of [rowOf([root, refresh, elsewhere]), rowOf([refresh], [elsewhere], [root])]) {
      expect(row).toMatchObject({ startUs: root.startUs, durationUs: 1_000 });
    }
    expect(rowOf([refresh])).toMatchObject({ startUs: refresh.startUs, durationUs: 500_000 });
  });

  it('does not say that of a span that was given up because another one failed', () => {
    const spans = [
      primitive('task', 'load', { id: 'bad', parent: 'map', at: 1, failed: 'Error: no such file' }),
      primitive('llm', 'ask', {
        id: 'other',
        parent: 'map',
        at: 2,
        failed: 'Error: no such file',
        attributes: { 'tta.outcome': 'superseded' },
      }),
      primitive('map', 'files', { id: 'map', took: 40, failed: 'Error: no such file' }),
    ];
    expect(rowOf(spans).failure).toBe('task load: Error: no such file');
    expect(rowOf(...spans.toReversed().map((each) => [each])).failure).toBe('task load: Error: no such file');
  });

  it('of a run whose root is of another process ends with the root of this one', () => {
    const remote = primitive('task', 'job', { id: 'job', parent: 'elsewhere', isParentRemote: true });
    const step = primitive('task', 'step', { id: 'step', parent: 'job', at: 1 });
    expect(rowOf([step]).status).toBe('running');
    expect(rowOf([step, remote]).status).toBe('success');
    const server = span({ id: 'job', parent: 'elsewhere', kind: 'server', failed: 'Error: no' });
    expect(rowOf([step, server]).status).toBe('failure');
    expect(rowOf([step, { ...server, isParentRemote: false }]).status).toBe('running');
  });

  it('counts a call once that two instrumentations have seen', () => {
    const usage = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 10 };
    const outer = chat('m', { id: 'outer', parent: 'agent', attributes: usage });
    const inner = chat('m', { id: 'inner', parent: 'outer', at: 1, attributes: { ...usage, 'tta.llm.cost_usd': 0.1 } });
    const agent = span({ id: 'agent', attributes: { 'gen_ai.operation.name': 'invoke_agent', ...usage } });
    for (const row of [
      rowOf([outer, inner, agent]),
      rowOf([inner], [outer], [agent]),
      rowOf([agent, outer], [inner]),
    ]) {
      expect(row).toMatchObject({ modelCalls: 1, inputTokens: 100, nanodollars: 100_000_000, unpricedCalls: 0 });
    }
  });

  it('takes the usage of a call back that was counted before the span which tells it better', () => {
    const usage = { 'gen_ai.usage.input_tokens': 100 };
    const outer = chat('m', { id: 'outer', attributes: usage });
    const inner = chat('m', { id: 'inner', parent: 'outer', at: 1, attributes: { 'gen_ai.usage.output_tokens': 10 } });
    const silent = chat('m', { id: 'inner', parent: 'outer', at: 1 });
    for (const row of [rowOf([outer, inner]), rowOf([outer], [inner]), rowOf([inner], [outer])]) {
      expect(row).toMatchObject({ modelCalls: 1, inputTokens: null, outputTokens: 10, unpricedCalls: 1 });
    }
    for (const row of [rowOf([outer, silent]), rowOf([outer], [silent]), rowOf([silent], [outer])]) {
      expect(row).toMatchObject({ modelCalls: 1, inputTokens: 100, outputTokens: null, unpricedCalls: 1 });
    }
  });

  it('counts a call once that a program and the gateway behind it have seen', () => {
    const usage = { 'gen_ai.usage.input_tokens': 100, 'gen_ai.usage.output_tokens': 10 };
    const call = chat('m', { id: 'call', attributes: usage });
    const request = span({ id: 'post', parent: 'call', at: 1, kind: 'client' });
    const server = span({ id: 'get', parent: 'post', at: 2, kind: 'server', service: 'gateway' });
    const behind = chat('m', { id: 'behind', parent: 'get', at: 3, attributes: { ...usage, 'tta.llm.cost_usd': 0.1 } });
    const once = { modelCalls: 1, inputTokens: 100, outputTokens: 10, nanodollars: 100_000_000, unpricedCalls: 0 };
    for (const row of [
      rowOf([request, call], [server, behind]),
      rowOf([behind, server], [call, request]),
      rowOf([call], [behind], [server], [request]),
    ]) {
      expect(row).toMatchObject(once);
    }
    const tree = treeOf([call, request, server, behind]);
    expect(totalsOf(tree).get(tree.roots[0] as TreeNode)).toMatchObject({ modelCalls: 1, inputTokens: 100 });
    const tool = span({ id: 'post', parent: 'call', at: 1, attributes: { 'gen_ai.operation.name': 'execute_tool' } });
    expect(rowOf([call, tool, server, behind])).toMatchObject({ modelCalls: 2, inputTokens: 200 });
  });

  it('does not take unknown dollars and tokens for 0', () => {
    expect(rowOf([chat('m', { id: 'a' })])).toMatchObject({ nanodollars: null, inputTokens: null, unpricedCalls: 1 });
    expect(rowOf([chat('m', { id: 'a', attributes: { 'tta.llm.cost_usd': 0 } })])).toMatchObject({ nanodollars: 0 });
  });

  it('counts retries and cache hits', () => {
    const row = rowOf([
      primitive('retry', 'again', { id: 'r', events: [retryEvent(1, 2, 5, 'Error: no'), retryEvent(2, 8, 5)] }),
      primitive('cache', 'kept', { id: 'c', parent: 'r', attributes: { 'tta.cache.result': 'stale' } }),
    ]);
    expect(row).toMatchObject({ retries: 2, cacheHits: 1 });
  });

  it('goes on from a row that another version kept, which noted less', () => {
    const { calls: _, extent: __, ...draft } = rowOf([chat('m', { id: 'a', parent: 'p' })]).draft as RunDraft;
    const old = { ...rowOf([chat('m', { id: 'a', parent: 'p' })]), draft } as RunSummary;
    expect(summarise(old, [chat('m', { id: 'p' })], META)).toMatchObject({ spans: 2, status: 'success' });
  });

  it('stays small, however many tags, models and errors there are', () => {
    const spans = Array.from({ length: 500 }, (_, i) =>
      chat(`model-${i}-${'m'.repeat(5_000)}`, {
        id: `s${i}`,
        parent: `p${i}`,
        failed: `Error${i}: ${'no '.repeat(3_000)}`,
        attributes: { [`tta.tag.${i}${'k'.repeat(5_000)}`]: 'v'.repeat(5_000), 'session.id': 's'.repeat(5_000) },
      }),
    );
    expect(JSON.stringify(rowOf(spans)).length).toBeLessThan(48_000);
    expect(rowOf(spans).spans).toBe(500);
    expect(idOf('a')).toHaveLength(16);
  });
});
