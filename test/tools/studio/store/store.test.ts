import { describe, expect, it } from 'vitest';
import type { RunFilter } from '../../../../src/tools/studio/model/filter.ts';
import type { StudioStore } from '../../../../src/tools/studio/store/store.ts';
import { modelCall, root, span, spanIdOf, traceIdOf } from './spans.ts';
import { NOW_MS, STORES } from './stores.ts';

const MINUTE_MS = 60_000;

/** The runs that a query finds, by the words that their ids were made of. */
const found = (store: StudioStore, runs: readonly string[], query: RunFilter = {}, limit = 100) => {
  const names = new Map(runs.map((run) => [traceIdOf(run), run]));
  return store.runs({ limit, ...query }).runs.map(({ traceId }) => names.get(traceId));
};

describe.each(STORES)('the store in $name', ({ open }) => {
  it('gives spans back as they came, in the order of their arrival, from any of them on', () => {
    const store = open();
    const first = span('a', {
      id: 'first',
      parentSpanId: spanIdOf('root'),
      attributes: { text: 'é\0中🎉\ud800', list: [1, null, { deep: [true] }], ['__proto__']: 'x' },
      events: [{ name: 'tta.retry', atUs: 1_700_000_000_000_001, attributes: { 'tta.retry.attempt': 1 } }],
      links: [{ traceId: traceIdOf('b'), spanId: spanIdOf('c') }],
      startRestNs: 123,
      cut: 2,
    });
    const others = ['second', 'third', 'root'].map((id) => span('a', { id, resource: { 'service.name': id } }));
    expect(store.add([first, ...others.slice(0, 1)], NOW_MS)).toEqual([traceIdOf('a')]);
    store.add(others.slice(1), NOW_MS);
    const all = [first, ...others];
    expect(store.spans(traceIdOf('a'), 0, 100)).toEqual({ spans: all, last: 4 });
    expect(store.spans(traceIdOf('a'), 1, 2)).toEqual({ spans: all.slice(1, 3), last: 3 });
    expect(store.spans(traceIdOf('a'), 4, 2)).toEqual({ spans: [], last: 4 });
    expect(store.spans(traceIdOf('b'), 0, 100)).toEqual({ spans: [], last: 0 });
    expect(store.run(traceIdOf('a'))).toMatchObject({ spans: 4, arrival: 1, droppedSpans: 0, receivedMs: NOW_MS });
    expect(store.run(traceIdOf('b'))).toBeUndefined();
  });

  it('ignores a span that it has, in the same request and in a later one', () => {
    const store = open();
    const one = modelCall('a', { attributes: { 'gen_ai.usage.input_tokens': 7 } });
    expect(store.add([one, one], NOW_MS)).toEqual([traceIdOf('a')]);
    const change = store.change();
    expect(store.add([one], NOW_MS)).toEqual([]);
    expect(store.change()).toBe(change);
    expect(store.run(traceIdOf('a'))).toMatchObject({ spans: 1, inputTokens: 7 });
  });

  it('lists the newest arrival first, page by page', () => {
    const store = open();
    const runs = ['a', 'b', 'c', 'd', 'e'];
    for (const run of runs) store.add([root(run)], NOW_MS);
    store.add([modelCall('a')], NOW_MS);
    expect(found(store, runs)).toEqual(['e', 'd', 'c', 'b', 'a']);
    const first = store.runs({ limit: 2 });
    expect(first.next).not.toBeNull();
    store.add([root('f')], NOW_MS);
    const second = store.runs({ limit: 2, after: first.next ?? '' });
    expect(second.runs.map(({ traceId }) => traceId)).toEqual([traceIdOf('c'), traceIdOf('b')]);
    const third = store.runs({ limit: 2, after: second.next ?? '' });
    expect(third).toMatchObject({ runs: [{ traceId: traceIdOf('a') }], next: null });
    expect(store.runs({ limit: 6 }).next).toBeNull();
  });

  it('lists what has changed since a change', () => {
    const store = open();
    for (const run of ['a', 'b', 'c']) store.add([root(run)], NOW_MS);
    const since = store.change();
    expect(store.runs({ limit: 9, since }).runs).toEqual([]);
    store.add([modelCall('a')], NOW_MS);
    const { runs } = store.runs({ limit: 9, since });
    expect(runs.map(({ traceId, change }) => [traceId, change])).toEqual([[traceIdOf('a'), store.change()]]);
  });

  it('sorts by duration, dollars, tokens and errors, what is not known last, page by page', () => {
    const store = open();
    const runs = ['a', 'b', 'c', 'd'];
    const dollars: Readonly<Record<string, number>> = { a: 0.02, b: 0, c: 0.3 };
    for (const [at, run] of runs.entries()) {
      const cost = dollars[run];
      const attributes = cost === undefined ? {} : { 'tta.llm.cost_usd': cost, 'gen_ai.usage.output_tokens': at };
      store.add(
        [root(run, { durationNs: 1e6 * ((at * 7) % 4) }), modelCall(run, { attributes, durationNs: 0 })],
        NOW_MS,
      );
      if (at % 2 === 1) store.add([span(run, { id: 'bad', parentSpanId: spanIdOf('root'), status: 'error' })], NOW_MS);
    }
    const inPages = (query: RunFilter) => {
      const all: (string | undefined)[] = [];
      for (let after: string | null = ''; after !== null; ) {
        const page = store.runs({ limit: 1, ...query, after });
        all.push(...page.runs.map(({ traceId }) => runs.find((run) => traceIdOf(run) === traceId)));
        after = page.next;
      }
      return all;
    };
    for (const [sort, order] of [
      ['duration', 'dbca'],
      ['dollars', 'cabd'],
      ['tokens', 'cbad'],
      ['errors', 'dbca'],
    ] as const) {
      if (sort !== 'duration') expect(found(store, runs, { sort }), sort).toEqual([...order]);
      expect(inPages({ sort }), sort).toEqual(found(store, runs, { sort }));
    }
  });

  it('takes any text for a cursor', () => {
    const store = open();
    store.add([root('a')], NOW_MS);
    for (const after of ['', 'x', '1', '-', '1.', '.1', '9'.repeat(30), "1.1' or 1", '1.5.2']) {
      expect(store.runs({ limit: 1, after }).runs, after).toHaveLength(1);
    }
  });

  it('takes a query of any length', () => {
    const store = open();
    store.add([root('a')], NOW_MS);
    const tags = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`key ${n}`, 'x']));
    const text = Object.keys(tags).join(' ');
    expect(store.runs({ limit: 1, tags }).runs).toEqual([]);
    expect(store.runs({ limit: 1, tags, text, model: 'x', sort: 'dollars' }).runs).toEqual([]);
  });

  it('narrows to any field, and to all of several', () => {
    const store = open();
    const runs = ['a', 'b', 'c'];
    store.add(
      [
        root('a', {
          durationNs: 2e9,
          startUs: 5_000_000,
          attributes: { 'session.id': 's1', 'tta.correlation.id': 'c1', 'tta.tenant': 'acme' },
        }),
        modelCall('a', {
          startUs: 5_000_000,
          attributes: { 'tta.llm.cost_usd': 0.05, 'gen_ai.usage.input_tokens': 100 },
        }),
      ],
      NOW_MS,
    );
    store.add(
      [
        root('b', {
          service: 'bank',
          startUs: 7_000_000,
          durationNs: 1e9,
          status: 'error',
          attributes: { 'gen_ai.workflow.name': 'it\'s "quoted" %_', 'tta.outcome': 'failure', 'session.id': 's1' },
        }),
        modelCall('b', { startUs: 7_000_000, attributes: { 'gen_ai.request.model': 'o3' } }),
      ],
      NOW_MS,
    );
    store.add([span('c', { scope: 'http', name: 'GET /health', startUs: 9_000_000, durationNs: 1 })], NOW_MS);
    for (const [query, expected] of [
      [{}, 'cba'],
      [{ workflow: 'digest' }, 'a'],
      [{ workflow: 'it\'s "quoted" %_' }, 'b'],
      [{ workflow: 'Digest' }, ''],
      [{ service: 'bank' }, 'b'],
      [{ model: 'gpt-4o' }, 'a'],
      [{ model: 'o3' }, 'b'],
      [{ session: 's1' }, 'ba'],
      [{ session: 's1', status: ['failure'] }, 'b'],
      [{ correlation: 'c1' }, 'a'],
      [{ tenant: 'acme' }, 'a'],
      [{ status: ['failure', 'timeout'] }, 'b'],
      [{ status: ['success', 'failure'], kinds: ['workflow'] }, 'ba'],
      [{ kinds: ['other'] }, 'c'],
      [{ minDurationMs: 1_000 }, 'ba'],
      [{ minDurationMs: 1_000.5 }, 'a'],
      [{ maxDurationMs: 1_000 }, 'cb'],
      [{ minDollars: 0.05 }, 'a'],
      [{ minDollars: 0.0500001 }, ''],
      // What is not known is not little.
      [{ maxDollars: 1 }, 'a'],
      [{ minDollars: -1 }, 'a'],
      [{ maxDollars: 1e300 }, 'a'],
      [{ minTokens: 1, maxTokens: 100 }, 'a'],
      [{ maxTokens: 99 }, ''],
      [{ fromMs: 7_000 }, 'cb'],
      [{ toMs: 7_000 }, 'ba'],
      [{ fromMs: 6_000, toMs: 8_000, model: 'o3', text: 'quoted' }, 'b'],
    ] as const) {
      expect(found(store, runs, query), JSON.stringify(query)).toEqual([...expected]);
    }
  });

  it('finds a run by the tags of any of its spans, whenever they came', () => {
    const store = open();
    const part = (id: string, file: string) =>
      span('one', { id, parentSpanId: spanIdOf('root'), attributes: { 'tta.tag.file': file } });
    store.add([part('a', 'a.md'), part('b', 'b.md'), root('other', { attributes: { 'tta.tag.file': 'x.md' } })], 1);
    store.add([part('c', 'c.md'), root('one')], 2);
    const found = (file: string) => store.runs({ limit: 10, tags: { file } }).runs.map(({ traceId }) => traceId);
    for (const file of ['a.md', 'b.md', 'c.md']) expect(found(file)).toEqual([traceIdOf('one')]);
    expect(store.runs({ limit: 10, text: 'c.md' }).runs).toHaveLength(1);
    expect(store.facets().tags.file?.toSorted()).toEqual(['a.md', 'b.md', 'c.md', 'x.md']);
    const [row] = store.runs({ limit: 10, tags: { file: 'a.md' } }).runs;
    expect(row?.tags).toEqual({});
  });

  it('takes a run for unfinished when its root has not come and no span has for ten minutes', () => {
    let nowMs = NOW_MS;
    const store = open({ now: () => nowMs });
    store.add([modelCall('a')], NOW_MS);
    store.add([root('b')], NOW_MS);
    const all = () =>
      ['running', 'unfinished', 'success'].map((status) => found(store, ['a', 'b'], { status: [status as never] }));
    expect(all()).toEqual([['a'], [], ['b']]);
    expect(store.run(traceIdOf('a'))?.status).toBe('running');
    nowMs += 11 * MINUTE_MS;
    expect(all()).toEqual([[], ['a'], ['b']]);
    expect(store.run(traceIdOf('a'))?.status).toBe('unfinished');
    expect(store.runs({ limit: 9 }).runs.map(({ status }) => status)).toEqual(['success', 'unfinished']);
    store.add([modelCall('a', { id: 'later' })], nowMs);
    expect(all()).toEqual([['a'], [], ['b']]);
  });

  it('has the values that a filter can take, those of the newest runs first', () => {
    const store = open();
    store.add([root('a', { attributes: { 'tta.tenant': 'old' } }), modelCall('a')], NOW_MS);
    store.add(
      [root('b', { service: 'bank', attributes: { 'gen_ai.workflow.name': 'x', 'tta.tenant': 'new' } })],
      NOW_MS,
    );
    store.add([span('c', { scope: 'http', service: '' })], NOW_MS);
    expect(store.facets()).toMatchObject({
      workflows: ['x', 'digest'],
      services: ['bank', 'shop'],
      models: ['gpt-4o'],
      tenants: ['new', 'old'],
      others: 1,
    });
  });

  it('refers to the newest other run of the same workflow that worked', () => {
    const store = open();
    store.add([root('a')], NOW_MS);
    store.add([root('b')], NOW_MS);
    store.add([root('c', { attributes: { 'gen_ai.workflow.name': 'other' } })], NOW_MS);
    store.add([root('d', { status: 'error', attributes: { 'tta.outcome': 'failure' } })], NOW_MS);
    store.add([span('e', { scope: 'x', name: 'GET /' }), span('f', { scope: 'x', name: 'GET /' })], NOW_MS);
    const reference = (run: string) => store.reference(traceIdOf(run))?.traceId;
    expect(reference('d')).toBe(traceIdOf('b'));
    expect(reference('b')).toBe(traceIdOf('a'));
    expect(reference('a')).toBe(traceIdOf('b'));
    expect(reference('c')).toBeUndefined();
    // Without a workflow: the same name.
    expect(reference('f')).toBe(traceIdOf('e'));
    expect(reference('unknown')).toBeUndefined();
  });

  it('keeps numbers that no integer of a database can hold as well as it can', () => {
    const store = open();
    const attributes = {
      'gen_ai.usage.input_tokens': 1e300,
      'tta.llm.cost_usd': 1e200,
      'gen_ai.usage.output_tokens': 0.5,
    };
    expect(store.add([modelCall('a', { attributes, durationNs: 1e300 })], NOW_MS + 0.75)).toHaveLength(1);
    expect(found(store, ['a'], { minTokens: 1e15, sort: 'dollars' })).toEqual(['a']);
  });

  it('takes a request of nothing', () => {
    expect(open().add([], NOW_MS)).toEqual([]);
  });
});
