import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFilter, type RunFilter, SORTS, writeFilter } from '../../../../src/tools/studio/model/filter.ts';
import { RUN_KINDS, RUN_STATUSES } from '../../../../src/tools/studio/model/run.ts';
import { formatQuery, parseQuery } from '../../../../src/tools/studio/page/src/runs/query.ts';
import { completed, suggest } from '../../../../src/tools/studio/page/src/runs/suggest.ts';

const NOW = Date.UTC(2026, 10, 26, 12);
const parse = (line: string) => parseQuery(line, NOW);

describe('the line of the filter', () => {
  test('has keys, comparisons and free words', () => {
    const line = 'status:failure,timeout workflow:"nightly report" tag.file:README.md >2s <$0.01 >=1.5ktok gateway 503';
    expect(parse(line)).toEqual({
      problem: '',
      filter: {
        status: ['failure', 'timeout'],
        workflow: 'nightly report',
        tags: { file: 'README.md' },
        minDurationMs: 2_000,
        maxDollars: 0.01,
        minTokens: 1_500,
        text: 'gateway 503',
      },
    });
  });

  test.each([
    ['duration>500ms', { minDurationMs: 500 }],
    ['duration:<1,5s', { maxDurationMs: 1_500 }],
    ['>2min', { minDurationMs: 120_000 }],
    ['>100us', { minDurationMs: 0.1 }],
    ['dollars>0.5', { minDollars: 0.5 }],
    ['cost:>$0.5', { minDollars: 0.5 }],
    ['<0.5$', { maxDollars: 0.5 }],
    ['tokens>1000', { minTokens: 1_000 }],
    ['status:failed', { status: ['failure', 'timeout', 'rejected'] }],
    ['status:running status:success', { status: ['running', 'success'] }],
    ['since:1h', { fromMs: NOW - 3_600_000 }],
    ['kind:workflow,model sort:duration', { kinds: ['workflow', 'model'], sort: 'duration' }],
    ['session:a:b correlation:"x y"', { session: 'a:b', correlation: 'x y' }],
    ['tag."a:b":"c d" tag.empty:""', { tags: { 'a:b': 'c d', empty: '' } }],
    ['"status:failure" ">2s"', { text: 'status:failure >2s' }],
    ['http://example.com 12:30 a"b', { text: 'http://example.com 12:30 ab' }],
    ['', {}],
  ])('reads %s', (line, filter) => {
    expect(parse(line)).toEqual({ problem: '', filter });
  });

  test.each([
    'status:bad',
    '>5',
    'since:yesterday',
    'from:soon',
    'sort:best',
    'kind:none',
    '>2parsecs',
    'status:constructor',
    '>2constructor',
  ])('says what is wrong with %s', (line) => {
    expect(parse(line).problem).not.toBe('');
  });

  test('is the same after it went through the address, for every filter', () => {
    const value = fc.string({ unit: 'binary', minLength: 1 }).filter((each) => each.isWellFormed());
    const number = fc.integer({ min: 0, max: 1e9 }).map((each) => each / 1_000);
    const filters = fc.record(
      {
        text: fc
          .array(
            value.map((each) => each.replaceAll(/\s/g, '_')),
            { minLength: 1 },
          )
          .map((each) => each.join(' ')),
        workflow: value,
        correlation: value,
        tags: fc.dictionary(
          value,
          fc.string().filter((each) => each.isWellFormed()),
          { minKeys: 1, noNullPrototype: true },
        ),
        status: fc.subarray([...RUN_STATUSES], { minLength: 1 }),
        kinds: fc.subarray([...RUN_KINDS], { minLength: 1 }),
        minDurationMs: number,
        maxDollars: number,
        minTokens: fc.nat(),
        fromMs: fc.integer({ min: 1e12, max: 2e12 }),
        sort: fc.constantFrom(...SORTS.filter((each) => each !== 'newest')),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(filters, (given) => {
        const filter = given as RunFilter;
        const address = new URLSearchParams(writeFilter(filter).toString());
        expect(parseFilter(address)).toEqual(filter);
        expect(parse(formatQuery(filter))).toEqual({ problem: '', filter });
      }),
    );
  });
});

describe('suggestions', () => {
  const facets = {
    ...{ workflows: ['digest', 'nightly report'], services: [], models: ['gpt-5-mini'], tenants: [], others: 0 },
    tags: { file: ['README.md'] },
  };
  const words = (line: string) => suggest(line, facets).map(({ word }) => word);

  test('are keys at first, then the values that are kept', () => {
    expect(words('')).toContain('status:');
    expect(words('gateway wor')).toEqual(['workflow:']);
    expect(words('gateway workflow:')).toEqual(['workflow:digest', 'workflow:"nightly report"']);
    expect(words('workflow:night')).toEqual(['workflow:"nightly report"']);
    expect(words('workflow:"nightly re')).toEqual(['workflow:"nightly report"']);
    expect(words('tag.')).toEqual(['tag.file:']);
    expect(words('tag.file:read')).toEqual(['tag.file:README.md']);
    expect(words('nothing:')).toEqual([]);
    for (const word of ['constructor:', '__proto__:', 'tag.constructor:']) expect(words(word)).toEqual([]);
  });

  test('complete the last word', () => {
    expect(completed('gateway wor', 'workflow:')).toBe('gateway workflow:');
    expect(completed('gateway workflow:"ni', 'workflow:"nightly report"')).toBe('gateway workflow:"nightly report" ');
  });
});
