import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wordsOf } from '../../../../src/tools/studio/store/search.ts';
import { modelCall, root, span, spanIdOf, traceIdOf } from './spans.ts';
import { NOW_MS, STORES } from './stores.ts';

describe.each(STORES)('the search in $name', ({ open }) => {
  const stored = () => {
    const store = open();
    store.add(
      [
        root('a', {
          status: 'error',
          statusMessage: 'The Gate-Way said: "no" (50% of *all*)',
          attributes: { 'tta.correlation.id': 'order-4711', 'tta.outcome': 'failure' },
          events: [
            {
              name: 'exception',
              atUs: 1,
              attributes: { 'exception.type': 'SocketError', 'exception.message': 'ECONNRESET by peer' },
            },
          ],
        }),
        modelCall('a', { attributes: { 'gen_ai.response.id': 'chatcmpl-Xyz' } }),
        span('a', { id: 'step', parentSpanId: spanIdOf('root'), name: 'résumé 文書を要約する 🎉🎊 C++' }),
      ],
      NOW_MS,
    );
    store.add([root('b', { name: 'GET /' })], NOW_MS);
    return store;
  };
  const finds = (store: ReturnType<typeof stored>, text: string) =>
    store.runs({ limit: 9, text }).runs.map(({ traceId }) => (traceId === traceIdOf('a') ? 'a' : 'b'));

  it('finds parts of names, errors, models and ids, in any case and script', () => {
    const store = stored();
    for (const text of [
      ...['gate-way', 'GATE', 'way said', 'said gate', '"no"', '50%', '*all*', 'c++', 'order-4711', 'r-471'],
      ...[
        'socketerror',
        'econn',
        'resume',
        'RÉSUMÉ',
        '文書',
        '要約',
        '約',
        '🎉',
        '🎉🎊',
        'gpt-4',
        'chatcmpl-x',
        'o',
        '(',
      ],
      ...[traceIdOf('a'), traceIdOf('a').slice(5, 21), traceIdOf('a').toUpperCase(), spanIdOf('step'), 'shop gpt'],
    ]) {
      expect(finds(store, text), text).toContain('a');
    }
    expect(finds(store, 'digest')).toEqual(['b', 'a']);
    expect(finds(store, '   ')).toEqual(['b', 'a']);
    for (const text of ['gateway', 'digest nothing', 'NOT x', '文約', spanIdOf('nothing'), 'gate_way', '{}']) {
      expect(finds(store, text), text).toEqual([]);
    }
  });

  it('takes any text', () => {
    const store = stored();
    const hostile = [
      '"',
      '""',
      "'",
      'NEAR(',
      'AND',
      'a AND',
      '*',
      '-',
      '^a',
      'document:',
      '\0',
      'a\0b',
      '\ud800',
      '🎉',
    ];
    for (const text of [...hostile, 'x'.repeat(100_000), 'ab '.repeat(33_000), '😀'.repeat(50_000), '\\', '%', '_']) {
      expect(() => finds(store, text), text.slice(0, 20)).not.toThrow();
    }
  });

  it('finds every part of what is there', () => {
    const store = open();
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        (name, from, length) => {
          store.add([root(name, { name })], NOW_MS);
          const characters = [...(wordsOf(name)[0] ?? '')];
          const start = from % Math.max(1, characters.length);
          const part = characters.slice(start, start + 1 + (length % 5)).join('');
          const ids = store.runs({ limit: 1_000, text: part }).runs.map(({ traceId }) => traceId);
          expect(ids).toContain(traceIdOf(name));
        },
      ),
      { numRuns: 60 },
    );
  });
});

it('finds the same in every store', () => {
  const stores = STORES.map(({ open }) => open());
  const word = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 6 }),
    fc.constantFrom('gate', 'way', 'Ä', '要', 'AND', '"'),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 4 }), fc.array(word, { maxLength: 2 }), (name, query) => {
      const run = name.join(' ');
      for (const store of stores) store.add([root(run, { name: run })], NOW_MS);
      const [first, ...others] = stores.map((store) => store.runs({ limit: 1_000, text: query.join(' ') }));
      for (const other of others) expect(other).toEqual(first);
    }),
    { numRuns: 100 },
  );
});
