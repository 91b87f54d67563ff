import { describe, expect, it } from 'vitest';
import { typesOf, valuesOf } from './declarations.ts';
import { exportsOf, fieldsOf } from './options.ts';

const file = (content: string, path = 'src/flow/a.ts') => ({ path, content });

describe('the fields of an interface', () => {
  const fieldsIn = (body: string) => typesOf(file(`export interface A<In = { x: 1 }> {\n${body}\n}`))[0]?.fields;

  it('have a name, a type, a sentence and a default', () => {
    expect(fieldsIn('  /** How long, in milliseconds. @default 5 */\n  readonly waitMs?: number | undefined;')).toEqual(
      [
        {
          name: 'waitMs',
          optional: true,
          type: 'number | undefined',
          doc: 'How long, in milliseconds.',
          byDefault: '5',
        },
      ],
    );
  });

  it('can have no default and no sentence', () => {
    expect(
      fieldsIn('  /** @default none: it throws */\n  a: string;\n  b?: string;\n  /** Told. */\n  c: string;'),
    ).toEqual([
      { name: 'a', optional: false, type: 'string', doc: '', byDefault: 'none: it throws' },
      { name: 'b', optional: true, type: 'string', doc: '', byDefault: undefined },
      { name: 'c', optional: false, type: 'string', doc: 'Told.', byDefault: undefined },
    ]);
  });

  it('have texts over several lines, up to the next tag', () => {
    const [field] =
      fieldsIn('  /**\n   * One line\n   * and another.\n   * @default as\n   * it is\n   * @see b\n   */\n  a?: 1;') ??
      [];
    expect(field).toMatchObject({ doc: 'One line and another.', byDefault: 'as it is' });
  });

  it.each([
    ['functions', '(input: In, options?: { a: 1; b: 2 }) => Promise<void>'],
    ['objects', '{ readonly when: (error: unknown) => boolean; readonly ttlMs: number }'],
    ['texts that look like code', "'a; b: {' | '} /** no */'"],
    ['generics', 'Readonly<Record<string, () => number>>'],
  ])('may be %s', (_, type) => {
    expect(fieldsIn(`  /** First. */\n  a: ${type};\n  /** Second. */\n  b: 1;`)).toMatchObject([
      { name: 'a', type, doc: 'First.' },
      { name: 'b', type: '1', doc: 'Second.' },
    ]);
  });

  it('include no methods, and do not have the text of other comments', () => {
    const body = '  /** A method. */\n  run(a: string): void;\n  // not told\n  a: 1; /* nor this */\n  b: 2;';
    expect(fieldsIn(body)?.map(({ name, doc }) => [name, doc])).toEqual([
      ['a', ''],
      ['b', ''],
    ]);
  });
});

describe('the fields of options', () => {
  const files = [
    file(
      'interface Key<In> { a: In }\ntype Rules = (One | Two) & { not: 1 };\ninterface One { b: 1 }\ninterface Two { c: 1 }',
    ),
    file('export interface Own extends Key<string> { d: 1; a: 2 }\nexport type All = Own & Rules;', 'src/flow/b.ts'),
    file('interface One { hidden: 1 }', 'src/flow/c.ts'),
  ];

  it('are those of all types of an alias or an extends, each once', () => {
    expect(fieldsOf('All', 'src/flow/b.ts', files).map(({ name }) => name)).toEqual(['d', 'a', 'b', 'c']);
  });

  it('are those of the interface in the same file when two files have an interface with that name', () => {
    expect(fieldsOf('One', 'src/flow/c.ts', files).map(({ name }) => name)).toEqual(['hidden']);
    expect(fieldsOf('Rules', 'src/flow/a.ts', files).map(({ name }) => name)).toEqual(['b', 'c']);
  });

  it('are none when the type does not exist', () => {
    expect(fieldsOf('Nothing', 'src/flow/a.ts', files)).toEqual([]);
  });
});

describe('an exported function', () => {
  it('has its doc comment, its parameters and its return type', () => {
    const [value] = valuesOf(
      file(
        '/** Other. */\nconst a = 1;\n/** Own. */\nexport function f<In extends () => { a: 1 }>(a: In, b = ") {"): Made<In> {}',
      ),
    );
    expect(value).toEqual({
      name: 'f',
      path: 'src/flow/a.ts',
      doc: '/** Own. */\n',
      parameters: 'a: In, b = ") {"',
      returns: 'Made',
    });
  });

  it('has the parameters of all its overloads, and the doc comment and the type of the first', () => {
    const [value, ...others] = valuesOf(
      file(
        '/** Own. */\nexport function f(a: 1): First;\nexport function f(a: 1, options: B): Second;\nexport function f(...c: D) {}',
      ),
    );
    expect(value).toMatchObject({
      doc: '/** Own. */\n',
      parameters: 'a: 1, a: 1, options: B, ...c: D',
      returns: 'First',
    });
    expect(others).toEqual([]);
  });

  it('can be a constant, which has no parameters', () => {
    expect(valuesOf(file('export const f = (a: 1): First => a;'))).toEqual([
      { name: 'f', path: 'src/flow/a.ts', doc: '', parameters: '', returns: undefined },
    ]);
  });

  it('is found through files that re-export it, and types are not listed', () => {
    const files = [
      file("export {\n  type A,\n  f,\n} from './llm/index.ts';", 'src/index.ts'),
      file("export { f, g } from './f.ts';", 'src/llm/index.ts'),
      file('export function f(): A {}\nexport function g(): B {}', 'src/llm/f.ts'),
    ];
    expect(exportsOf('src/index.ts', files).map(({ name, path }) => [name, path])).toEqual([['f', 'src/llm/f.ts']]);
  });
});
