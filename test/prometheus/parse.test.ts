import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseExposition, select, sum, sumOf } from '../../src/prometheus/parse.ts';
import { component } from '../support/component.ts';

const EXPOSITION = parseExposition(
  [
    '# HELP jobs_total what was done',
    '# TYPE jobs_total counter',
    'jobs_total{kind="a",status="done"} 2',
    'jobs_total{kind="a",status="failed"} 0.5',
    'jobs_total{kind="b \\"x\\"\\n",status="done"} 4 1700000000000',
    'jobs_totally_other 8',
    'up +Inf',
    '',
  ].join('\n'),
);

describe('the text of an endpoint', () => {
  it('has samples with labels, and the types of the metrics', () => {
    expect(EXPOSITION.types).toEqual(new Map([['jobs_total', 'counter']]));
    expect(EXPOSITION.samples).toHaveLength(5);
    expect(EXPOSITION.samples[2]).toEqual({
      name: 'jobs_total',
      labels: { kind: 'b "x"\n', status: 'done' },
      value: 4,
    });
    expect(EXPOSITION.samples[4]).toEqual({ name: 'up', labels: {}, value: Number.POSITIVE_INFINITY });
  });

  it.each(['jobs_total{kind=a} 1', 'jobs_total{kind="a"', 'jobs_total{a="1",a="2"} 3', 'jobs_total'])(
    'is refused when a line is %s, and the error names the line',
    (line) => expect(() => parseExposition(`up 1\n${line}`)).toThrow(/^line 2 is not a sample/),
  );
});

/** Texts, each with the samples that Prometheus reads from it. */
const LAWFUL: readonly (readonly [text: string, ...samples: unknown[]])[] = [
  ['a 1\n', ['a', {}, 1]],
  ['a{x="1", y="2"} 1\n', ['a', { x: '1', y: '2' }, 1]],
  ['a {x="1"} 1\n', ['a', { x: '1' }, 1]],
  ['a\t{\tx\t=\t"1"\t,\t}\t1\t2\n', ['a', { x: '1' }, 1]],
  ['a{x="1",} 1\n', ['a', { x: '1' }, 1]],
  ['a{} 1\n', ['a', {}, 1]],
  ['a{x="}"}1\n', ['a', { x: '}' }, 1]],
  ['  a 1\n', ['a', {}, 1]],
  [
    'a Inf\nb -inf\nc NaN\nd +Infinity\n',
    ['a', {}, Infinity],
    ['b', {}, -Infinity],
    ['c', {}, NaN],
    ['d', {}, Infinity],
  ],
  ['a .5\nb 5.\nc -1e+3\n', ['a', {}, 0.5], ['b', {}, 5], ['c', {}, -1000]],
  ['a{x="\\\\ \\" \\n"} 1\n', ['a', { x: '\\ " \n' }, 1]],
  ['a:b_9{x="é"} 1 1700000000000\n', ['a:b_9', { x: 'é' }, 1]],
  ['# HELP a\n# HELP a  two words\n#TYPE\n# TYPE\n#\n\n \na 1\n', ['a', {}, 1]],
  ['a 1\na 2\n', ['a', {}, 1], ['a', {}, 2]],
  ['', ...[]],
];
const LAWFUL_SINCE_3: typeof LAWFUL = [
  ['{"a.b", x="1"} 1\n', ['a.b', { x: '1' }, 1]],
  ['{"a.b"} 1\n', ['a.b', {}, 1]],
  ['a{"x.y"="1"} 1\n', ['a', { 'x.y': '1' }, 1]],
];
const UNLAWFUL = [
  ...[
    'Hello World\n',
    'a\n',
    'a b\n',
    'a 0x10\n',
    'a 0x1p4\n',
    'a 1_000\n',
    'a 1e999\n',
    'a +nan\n',
    'a 1,5\n',
    'a - 1\n',
  ],
  ...['# HELP aé b\n', '# TYPE a\u00a0counter\n'],
  ...['a 1\r\n', '# TYPE a counter\r\n', 'a 1 2.5\n', 'a 1 2 3\n', 'a 1 99999999999999999999\n'],
  ...[
    'a{x=1} 1\n',
    'a{x="1" 1\n',
    'a{x="1",a="2",x="3"} 1\n',
    'a{,} 1\n',
    'a{x="1",,} 1\n',
    'a{x} 1\n',
    'a{1x="1"} 1\n',
  ],
  ...[
    'a{x.y="1"} 1\n',
    'a{} {} 1\n',
    '{} 1\n',
    '{x="1"} 1\n',
    'a{"b"} 1\n',
    'a{__name__="b"} 1\n',
    '9a 1\n',
    'a.b 1\n',
    'é 1\n',
  ],
  ...['# TYPE a meter\n', '# TYPE 1a counter\n', '<!doctype html>\n', '{"a": 1}\n', '[]\n', 'null\n'],
];

describe('a text in the format', () => {
  it.each([...LAWFUL, ...LAWFUL_SINCE_3].map(([text, ...expected]) => [text, expected] as const))(
    'is read as Prometheus reads it: %j',
    (text, expected) => {
      const { samples } = parseExposition(text);
      expect(samples.map(({ name, labels, value }) => [name, labels, value])).toEqual(expected);
    },
  );

  it('may lack the end of its last line, as in a scrape', () => {
    expect(parseExposition('# TYPE a counter\na 1').samples).toHaveLength(1);
  });

  it('may have a label with any name', () => {
    const [sample] = parseExposition('a{__proto__="x",constructor="y"} 1').samples;
    expect(Object.entries(sample?.labels ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('takes linear time: 100,000 lines, and a value of 5 MB', () => {
    expect(parseExposition('a{x="1",y="2"} 1\n'.repeat(100_000)).samples).toHaveLength(100_000);
    expect(parseExposition(`a{x="${'\\n'.repeat(2_500_000)}"} 1`).samples[0]?.labels.x).toHaveLength(2_500_000);
  });
});

describe('a text that is not in the format', () => {
  it.each(UNLAWFUL)('is refused as Prometheus refuses it: %j', (text) => {
    expect(() => parseExposition(text)).toThrow(SyntaxError);
  });
});

const promtool = component('promtool');

describe.skipIf(promtool === undefined)('promtool', () => {
  const isRefused = (text: string) =>
    spawnSync(promtool as string, ['check', 'metrics'], { input: text, encoding: 'utf8' }).stderr.includes(
      'parsing error',
    );

  it('reads every text that we read', () => {
    expect(LAWFUL.map(([text]) => text).filter(isRefused)).toEqual([]);
  });

  it('refuses every text that we refuse', () => {
    expect(UNLAWFUL.filter((text) => !isRefused(text))).toEqual([]);
  });
});

describe('samples', () => {
  it('are selected by their name and by some of their labels', () => {
    expect(select(EXPOSITION, 'jobs_total', { kind: 'a' }).map(({ value }) => value)).toEqual([2, 0.5]);
    expect(select(EXPOSITION, 'jobs_total', { kind: 'c' })).toEqual([]);
  });

  it('have a sum, which is 0 without samples', () => {
    expect(sumOf(EXPOSITION, 'jobs_total')).toBe(6.5);
    expect(sumOf(EXPOSITION, 'jobs_total', { status: 'done' })).toBe(6);
    expect(sumOf(EXPOSITION, 'jobs_total', { status: 'lost' })).toBe(0);
    expect(sum(EXPOSITION.samples.slice(0, 2))).toBe(2.5);
  });
});
