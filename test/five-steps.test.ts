/** CONTRIBUTING's five steps for a new primitive: a step that is left out is named. */
import { describe, expect, it } from 'vitest';
import * as main from '../src/index.ts';
import { INSTRUMENT } from '../src/telemetry/semconv.ts';
import { schema } from '../views/index.ts';
import { type Checkout, judgeSteps, primitivesOf } from './five-steps/judge.ts';
import { exportsOf } from './support/options.ts';
import { filesUnder, readText, type TextFile } from './support/sources.ts';

const sources = filesUnder('src', /\.ts$/);

describe('every primitive', () => {
  it('is found from the front door', () => {
    const names = primitivesOf(sources).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['task', 'retry', 'map', 'cache', 'llmStream', 'circuitBreaker']));
    for (const other of ['keyvStore', 'circuit', 'retryBudget', 'openAICompatible', 'extract'])
      expect(names).not.toContain(other);
  });

  it('is among the functions of the front door, all of which are found', () => {
    const isClass = (value: unknown) => /^class\b/.test(String(value));
    const functions = Object.entries(main).filter(([, value]) => typeof value === 'function' && !isClass(value));
    const found = exportsOf('src/index.ts', sources).map(({ name }) => name);
    expect(functions.map(([name]) => name).filter((name) => !found.includes(name))).toEqual([]);
  });

  it('has all of the five steps', () => {
    const left = judgeSteps({
      sources,
      tests: filesUnder('test', /\.ts$/),
      readme: readText('README.md'),
      changelog: readText('CHANGELOG.md'),
      instruments: Object.values(INSTRUMENT),
      shown: schema.map(({ instrument }) => instrument),
    });
    expect(left).toEqual([]);
  });
});

/** A checkout with one primitive, `foo` in src/flow, that has all of the five steps. */
const FOO = `
import { createPrimitive, type Primitive } from '../core/primitive.ts';

export interface FooOptions {
  /** Replaces FooPrimitive in the metrics. */
  readonly name?: string;
  /** How long it waits, in milliseconds. @default 10 */
  readonly waitMs?: number;
}

/**
 * Waits.
 *
 * @example
 * foo({ waitMs: 5 });
 * @throws TypeError when an option is wrong
 */
export function foo<In>(inner: Primitive<In, void>, options: FooOptions = {}): Primitive<In, void> {
  checkOptions('FooOptions', options, RULES);
  return createPrimitive({ type: 'foo', run: (input, context) => inner.invoke(input, context) });
}
`;
const COMPLETE: Readonly<Record<string, string>> = {
  'src/index.ts': "export { type FooOptions, foo } from './flow/foo.ts';\nexport { bar } from './flow/bar.ts';\n",
  'src/flow/foo.ts': FOO,
  'src/flow/bar.ts': FOO.replaceAll('foo', 'bar').replaceAll('Foo', 'Bar'),
  'test/contract/kinds.ts': `export const kinds: readonly Kind[] = [
  { type: 'foo', build: (fn) => wholly(foo(work(fn))) },
  { type: 'bar', build: (fn) => bar(foo(work(fn))) },
];`,
  'test/flow/foo.test.ts': "import { foo } from '../../src/index.ts';\nit('waits', () => expect(foo(work)).toBe(1));",
  'test/flow/bar.test.ts': "it('waits', () => expect(bar(work)).toBe(1));",
  'test/flow/types.test.ts': 'expectTypeOf(foo(a)); expectTypeOf(bar);',
  'test/public-api.test.ts': "'.': ['bar', 'foo']",
  'test/core/check.test.ts': "rows('FooOptions'); rows('BarOptions');",
  'README.md':
    '# x\n\n## The primitives\n\n| p | for |\n|---|---|\n| `foo(p)`, `bar(p)` | waits |\n\n## Options\n\n### foo\n\n`bar`\n\n## More\n\n| `baz()` |\n',
  'CHANGELOG.md': '- `foo` and `bar` wait.',
};

function checkoutOf(changed: Readonly<Record<string, string>>): Checkout {
  const all = { ...COMPLETE, ...changed };
  const under = (folder: string): TextFile[] =>
    Object.entries(all).flatMap(([path, content]) => (path.startsWith(folder) ? { path, content } : []));
  return {
    sources: under('src/'),
    tests: under('test/'),
    readme: all['README.md'] ?? '',
    changelog: all['CHANGELOG.md'] ?? '',
    instruments: ['tta.foo.waits'],
    shown: ['tta.foo.waits'],
  };
}

const without = (path: string, text: string | RegExp, other = '') => ({
  [path]: (COMPLETE[path] as string).replace(text, other),
});

describe('a step that is left out', () => {
  it('is not found where all are taken', () => {
    expect(primitivesOf(checkoutOf({}).sources).map(({ name }) => name)).toEqual(['foo', 'bar']);
    expect(judgeSteps(checkoutOf({}))).toEqual([]);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    [
      'step 1: `foo` must stand in src/flow/foo.ts, the file with its name, not in src/flow/waits.ts',
      {
        'src/flow/foo.ts': '',
        'src/flow/waits.ts': FOO,
        ...without('src/index.ts', 'flow/foo', 'flow/waits'),
        'test/flow/waits.test.ts': "it('waits', () => expect(foo()).toBe(1));",
      },
    ],
    [
      'step 1: an @example is missing in the doc comment of `foo`',
      without('src/flow/foo.ts', /@example\n.*\n/, 'More.\n'),
    ],
    [
      'step 1: what it throws (@throws) is missing in the doc comment of `foo`',
      without('src/flow/foo.ts', / \* @throws.*\n/),
    ],
    [
      'step 1: the doc comment of the option `waitMs` is missing for `foo`',
      without('src/flow/foo.ts', '/** How long it waits, in milliseconds. @default 10 */', ''),
    ],
    ['step 1: the @default of the option `waitMs` is missing for `foo`', without('src/flow/foo.ts', ' @default 10')],
    [
      'step 1: the unit (milliseconds) of the option `waitMs` is missing for `foo`',
      without('src/flow/foo.ts', ', in milliseconds'),
    ],
    [
      'step 1: `foo` must call checkOptions(...) before anything else: what it refuses must leave nothing',
      without('src/flow/foo.ts', "  checkOptions('FooOptions', options, RULES);\n"),
    ],
    [
      'step 1: `foo` must call checkOptions(...) before anything else: what it refuses must leave nothing',
      without('src/flow/foo.ts', '  checkOptions(', '  const record = fooRecorder();\n  checkOptions('),
    ],
    [
      'step 1: `foo` must return createPrimitive(...), which makes it observed',
      without('src/flow/foo.ts', /createPrimitive\(\{.*\}\)/, '{ execute: work }'),
    ],
    [
      'step 2: `foo` must wait with context.sleep(ms) or context.after(ms, ...), not with a timer',
      without('src/flow/foo.ts', '  return createPrimitive', '  setTimeout(inner, 10);\n  return createPrimitive'),
    ],
    [
      'step 2: `foo` must run what it wraps with invoke(input, context), not with execute(...)',
      without('src/flow/foo.ts', 'inner.invoke(input, context)', 'inner.execute(input)'),
    ],
    ['step 4: the export in src/index.ts is missing for `foo`', without('src/index.ts', ', foo }', ' }')],
    ['step 4: the name in test/public-api.test.ts is missing for `foo`', without('test/public-api.test.ts', ", 'foo'")],
    ['step 4: a row in README.md, "The primitives", is missing for `foo`', without('README.md', '`foo(p)`, ')],
    ['step 4: the options in README.md, "Options", are missing for `foo`', without('README.md', '### foo', '')],
    [
      'step 5: a row in test/contract/kinds.ts is missing for `foo`',
      without('test/contract/kinds.ts', / {2}\{ type: 'foo'.*\n/),
    ],
    ...[
      '',
      "it('waits', () => expect(1).toBe(1)); // foo(work)",
      'foo(work);',
      "it('waits', () => void foo(work));",
    ].map((content): [string, Readonly<Record<string, string>>] => [
      'step 5: its own tests in test/flow/foo.test.ts are missing for `foo`',
      { 'test/flow/foo.test.ts': content },
    ]),
    [
      'step 5: a test of its types (expectTypeOf) is missing for `foo`',
      without('test/flow/types.test.ts', 'expectTypeOf(foo(a)); '),
    ],
    [
      'step 5: a row for FooOptions in test/core/check.test.ts is missing for `foo`',
      without('test/core/check.test.ts', "rows('FooOptions'); "),
    ],
    [
      'step 5: a row for FooOptions in test/core/check.test.ts is missing for `foo`',
      without('test/core/check.test.ts', "rows('FooOptions'); ", "// later: rows('FooOptions');\n"),
    ],
    [
      'step 5: a test of its types (expectTypeOf) is missing for `foo`',
      without('test/flow/types.test.ts', 'expectTypeOf(foo(a)); ', '/* expectTypeOf(foo(a)); */ '),
    ],
    [
      'step 5: a row in test/contract/callbacks.ts is missing for the callback `when` of `foo`',
      without(
        'src/flow/foo.ts',
        '  readonly waitMs?: number;',
        `  readonly waitMs?: number;
  /** Which errors count. @default all */
  readonly when?: (error: unknown) => boolean;`,
      ),
    ],
    [
      'step 5: a row in test/contract/callbacks.ts is missing for the callback `test` of `foo`',
      without('src/flow/foo.ts', 'inner: Primitive', 'test: (input: In) => boolean, inner: Primitive'),
    ],
    ['step 5: a line in CHANGELOG.md is missing for `foo`', without('CHANGELOG.md', '`foo` and ')],
  ])('%s', (message, changed) => {
    expect(judgeSteps(checkoutOf(changed))).toEqual([message]);
  });

  it('step 3: a metric without its row in the views', () => {
    expect(judgeSteps({ ...checkoutOf({}), shown: [] })).toEqual([
      'step 3: a row in views/ is missing for the instrument `tta.foo.waits`',
    ]);
  });

  it('is named for a public function that does not say what it returns', () => {
    const hidden = {
      'src/index.ts': `${COMPLETE['src/index.ts']}export { twice } from './flow/twice.ts';\n`,
      'src/flow/twice.ts': 'export function twice(p) { return sequential(p, p); }',
    };
    expect(judgeSteps(checkoutOf(hidden))).toContain('step 5: a row in test/contract/kinds.ts is missing for `twice`');
  });

  it('is named each time, where all but the file are left out', () => {
    const alone = { 'src/flow/new.ts': 'export const baz = () => createPrimitive({});' };
    expect(judgeSteps(checkoutOf(alone)).map((message) => message.slice(0, 6))).toEqual(
      [1, 1, 1, 4, 4, 4, 5, 5, 5, 5].map((step) => `step ${step}`),
    );
  });
});
