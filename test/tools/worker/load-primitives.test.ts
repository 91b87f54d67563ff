import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { runModule } from '../../support/child.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build } from '../../support/tta.ts';

beforeAll(build);

const BUILT = pathToFileURL('dist/src/tools/worker/load-primitives.js').href;

/** A primitive by its shape, which needs no package in the folder. */
const primitive = (type = 'task') => `{ type: '${type}', name: 'it', async execute() {}, pipe() {} }`;

interface Loaded {
  readonly names?: readonly string[];
  readonly leftOut?: readonly string[];
  readonly error?: string;
}

/** Loads with the `import` of Node.js: that of the test runner is another one. */
async function load(specifier: string, folder: string): Promise<Loaded> {
  const { stdout, stderr } = await runModule(`
    import { loadPrimitives } from '${BUILT}';
    const show = ({ primitives, leftOut }) => ({ names: Object.keys(primitives).toSorted(), leftOut });
    const loading = loadPrimitives(${JSON.stringify(specifier)}, ${JSON.stringify(folder)});
    console.log(JSON.stringify(await loading.then(show, ({ message }) => ({ error: message }))));`).exited;
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Loaded;
}

describe('loadPrimitives', () => {
  const tasks = `export const summarise = ${primitive()}; export const help = () => 1; export default ${primitive()};`;

  it.each(['tasks.mjs', './tasks.mjs', '../tasks.mjs'])(
    'takes the primitives of %s, by the names of their exports',
    async (path) => {
      const folder = tempFolder({ 'tasks.mjs': tasks, 'below/x': '' });
      const { names } = await load(path, path.startsWith('..') ? `${folder}/below` : folder);
      expect(names).toEqual(['default', 'summarise']);
    },
  );

  it('finds a package where the user is, and its subpaths', async () => {
    const files = {
      'node_modules/work/package.json': '{"name":"work","type":"module","exports":{".":"./a.js","./more":"./b.js"}}',
      'node_modules/work/a.js': `export const a = ${primitive()};`,
      'node_modules/work/b.js': `export const b = ${primitive()};`,
    };
    const folder = tempFolder(files);
    expect((await load('work', folder)).names).toEqual(['a']);
    expect((await load('work/more', folder)).names).toEqual(['b']);
  });

  it('takes the exports of a CommonJS module, also where Node.js cannot see their names', async () => {
    const files = { 'tasks.cjs': `module.exports = Object.fromEntries([['a', ${primitive()}]]);` };
    expect((await load('tasks.cjs', tempFolder(files))).names).toEqual(['a']);
  });

  it('leaves out the calls of distribute', async () => {
    const files = { 'tasks.mjs': `export const a = ${primitive()}; export const remote = ${primitive('distribute')};` };
    expect(await load('tasks.mjs', tempFolder(files))).toEqual({ names: ['a'], leftOut: ['remote'] });
  });

  it.each([
    ['below', { 'below/x': '' }, /below is a folder: name a file in it$/],
    ['no.mjs', {}, /^there is no file .*no\.mjs$/],
    ['no-such-package', {}, /^no-such-package cannot be loaded: Cannot find package 'no-such-package'/],
    [
      'tasks.mjs',
      { 'tasks.mjs': '\nexport const = 1' },
      /^tasks\.mjs cannot be loaded: Unexpected token '='; node --check FILE shows the line$/,
    ],
    [
      'tasks.mjs',
      { 'tasks.mjs': "\nimport { nothing } from 'node:fs';" },
      /does not provide an export named 'nothing' \(file:.*\/tasks\.mjs:2\)$/,
    ],
    ['tasks.mjs', { 'tasks.mjs': "throw new Error('no database')" }, /^tasks\.mjs cannot be loaded: no database$/],
    ['tasks.mjs', { 'tasks.mjs': '' }, /^tasks\.mjs exports no primitive: export what task, llm/],
    [
      'tasks.mjs',
      { 'tasks.mjs': `export const f = () => 1, n = 2, d = ${primitive('distribute')}` },
      /exports no primitive, but d \(a call of distribute, .*\), f \(a function: wrap it, task\('name', fn\)\), n \(number\): export/,
    ],
  ])('says what is wrong with %s %#', async (specifier, files, message) => {
    expect((await load(specifier, tempFolder(files))).error).toMatch(message);
  });

  it('says what a Node.js that cannot load TypeScript needs', async () => {
    const { names, error } = await load(
      'tasks.ts',
      tempFolder({ 'tasks.ts': `export const a: object = ${primitive()};` }),
    );
    if ('typescript' in process.features && process.features.typescript) expect(names).toEqual(['a']);
    else expect(error).toMatch(/cannot load TypeScript: compile it, or use Node\.js 22\.18 or newer$/);
  });
});
