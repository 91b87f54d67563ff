/** The types of the built package as a user meets them: in declarations of his own, and by name. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../support/sources.ts';

const BUILT = join(ROOT, 'dist', 'src');

/** A file of declarations, without its comments. */
const read = (path: string) =>
  readFileSync(path.replace(/\.ts$/, '.d.ts'), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

const namesIn = (list: string) => list.split(',').map((name) => name.trim().replace(/^type /, ''));

interface Export {
  readonly name: string;
  readonly path: string;
}

/** The names that a file hands on from other files. */
function handedOn(path: string): Export[] {
  return [...read(path).matchAll(/^export (?:type )?\{([^}]*)\} from '([^']+)'/gm)].flatMap(
    ([, list = '', from = '']) =>
      namesIn(list).flatMap((name) => (name === '' ? [] : [{ name, path: join(dirname(path), from) }])),
  );
}

/** Where a name is declared, through files that only hand it on. */
function declared({ name, path }: Export): Export {
  const further = handedOn(path).find((one) => one.name === name);
  return further === undefined ? { name, path } : declared(further);
}

/** The words of our own that the declarations of a name use. */
function wordsOf({ name, path }: Export): string[] {
  const parts = read(path).split(/^(?=export |declare |interface |type |import )/m);
  const own = parts.filter((part) =>
    new RegExp(`^export (?:declare )?(?:function|class|interface|type) ${name}\\b`).test(part),
  );
  const known = parts.flatMap((part) => [
    ...(/^(?:export )?(?:declare )?(?:class|interface|type) (\w+)/.exec(part)?.slice(1) ?? []),
    ...namesIn(/^import (?:type )?\{([^}]*)\}/.exec(part)?.[1] ?? ''),
  ]);
  // A key that is a symbol is no type, and what `typeof` names is a value.
  const text = own.join('\n').replace(/\[\w+\](?= =|:)|typeof \w+/g, '');
  return [...new Set(text.match(/\b[A-Za-z_]\w*\b/g))].filter((word) => word !== name && known.includes(word));
}

it('can all be named by a user where they stand in a signature of the front door', () => {
  const exported = handedOn(join(BUILT, 'index.ts'));
  const names = exported.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['retry', 'Step', 'CircuitState', 'Jitter']));
  const unnamed = exported.map(declared).flatMap((one) => {
    // What these types are made of is between them and the compiler.
    if (relative(BUILT, one.path) === 'core/inference.ts') return [];
    return wordsOf(one).flatMap((word) => (names.includes(word) ? [] : [`${one.name} names ${word}`]));
  });
  expect(unnamed).toEqual([]);
});

it("show in an editor what comes out, as in the compiler's messages, and not how that was derived", () => {
  const folder = join(ROOT, 'dist', 'shown-types');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const shown: Readonly<Record<string, string>> = {
    'parallel({ x: size, y: same })': 'Primitive<string, { x: number; y: string; }>',
    'parallel([size, same])': 'Primitive<string, [number, string]>',
    "parallel({ x: size }, { mode: 'settle' })": 'Primitive<string, { x: PromiseSettledResult<number>; }>',
    'fallback(size, [{ use: same, when: () => true }, nothing])': 'Primitive<string, string | number | null>',
    'race([size, same])': 'Primitive<string, string | number>',
    "saga([{ name: 'a', do: same }, [{ name: 'b', do: size }, { name: 'c', do: same }]])":
      'Primitive<string, [number, string]>',
  };
  const code = `
import { fallback, parallel, race, saga, task } from 'tta-primitives';
const size = task('size', (text: string) => text.length);
const same = task('same', (text: string) => text);
const nothing = task('nothing', () => null);
${Object.keys(shown)
  .map((call, i) => `export const wrong${i}: number = ${call};`)
  .join('\n')}
`;
  writeFileSync(join(folder, 'user.ts'), code);
  const compilerOptions = { rootDir: '../..', outDir: 'out', noEmit: true };
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['user.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8', cwd: ROOT });
  const types = [...stdout.matchAll(/Type '(Primitive<.*>)' is not assignable to type 'number'/g)];
  expect(types.map(([, type]) => type)).toEqual(Object.values(shown));
});

/** The packages that the declarations of an entry name, through all of our files that they lead to. */
function packagesOf(entry: string): string[] {
  const files = new Set([entry]);
  const packages = new Set<string>();
  // A set that grows while it is walked.
  for (const file of files) {
    for (const [, from = ''] of read(file).matchAll(/(?:\bfrom |\bimport\()'([^']+)'/g)) {
      if (from.startsWith('.')) files.add(join(dirname(file), from));
      else packages.add(from);
    }
  }
  return [...packages].filter((name) => !name.startsWith('node:')).sort();
}

it('name no package that a project may lack, so that they compile without skipLibCheck beside every SDK', () => {
  const found = [
    'src/index',
    'src/sdk/index',
    'src/sdk/register-on-load',
    'src/testing/index',
    'views/index',
    'src/prometheus/index',
  ].map((entry) => [entry, packagesOf(join(ROOT, 'dist', `${entry}.ts`))]);
  const inEverySdk = ['@opentelemetry/api', '@opentelemetry/resources'];
  expect(Object.fromEntries(found)).toEqual({
    'src/index': ['@opentelemetry/api'],
    'src/sdk/index': inEverySdk,
    'src/sdk/register-on-load': [],
    'src/testing/index': inEverySdk,
    'views/index': ['@opentelemetry/sdk-metrics'],
    // It exists only beside that exporter, which brings the SDK.
    'src/prometheus/index': [
      ...['@opentelemetry/api', '@opentelemetry/core'],
      ...['@opentelemetry/exporter-prometheus', '@opentelemetry/sdk-metrics'],
    ],
  });
});
