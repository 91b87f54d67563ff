/** The package as a user gets it: packed, installed into an empty project, and used from there. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunsAnswer } from '../../src/tools/studio/api.ts';
import { tta } from '../support/tta.ts';
import { createProject, type Project, ROOT, run, succeed, tool } from './project.ts';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const MINUTES = 60_000;
let project: Project;
let tarball: string;
let files: readonly string[];

beforeAll(async () => {
  project = await createProject();
  const pack = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', project.folder];
  const [packed] = JSON.parse(await succeed('npm', pack, ROOT)) as [Packed];
  tarball = join(project.folder, packed.filename);
  files = packed.files.map(({ path }) => path);
  const kB = (bytes: number) => `${Math.round(bytes / 1_000)} kB`;
  process.stdout.write(
    `${packed.filename}: ${kB(packed.size)}, ${kB(packed.unpackedSize)} unpacked, ${files.length} files\n`,
  );
  await project.install(tarball, '@opentelemetry/api');
}, 5 * MINUTES);

afterAll(() => project?.remove());

/** The names of all packages that stand in the project's `node_modules`. */
async function installed(): Promise<string[]> {
  const modules = join(project.folder, 'node_modules');
  const names = (await readdir(modules)).filter((name) => !name.startsWith('.'));
  const nested = names.map(async (name) =>
    name.startsWith('@') ? (await readdir(join(modules, name))).map((part) => `${name}/${part}`) : [name],
  );
  return (await Promise.all(nested)).flat();
}

/** Runs a module of the user's; what it prints, and that it printed nothing to stderr. */
async function prints(file: string, source: string): Promise<string> {
  await project.write(file, source);
  const { code, stdout, stderr } = await project.node(file);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trim();
}

const INSTALL_LINE = /npm install ((?:\S+@[\w.^~-]+ ?)+)/;

describe('the tarball', () => {
  it('holds the build, its sources and what runs beside it, and nothing else', () => {
    const rooms = new Set(files.map((path) => (path.includes('/') ? path.split('/')[0] : path)));
    const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'collector', 'dist', 'package.json', 'src', 'views'];
    expect([...rooms].filter((room) => !expected.includes(room ?? ''))).toEqual([]);
    expect(files.filter((path) => /(^|\/)(test|bench|\.ci)\/|\.test\.|\.tgz$/.test(path))).toEqual([]);
    expect(files).toContain('dist/src/index.js');
    expect(files).toContain('dist/src/index.d.ts');
  });

  it('holds the page of Studio as it is built, with the licences of what is in it, and not its sources', () => {
    const page = files.filter((path) => path.startsWith('dist/studio/'));
    expect(page).toEqual(expect.arrayContaining(['dist/studio/index.html', 'dist/studio/licenses.md']));
    expect(page.filter((path) => /\/assets\/.+-[\w-]{8}\.(?:js|css)$/.test(path)).length).toBeGreaterThan(1);
    expect(files.filter((path) => path.includes('tools/studio/page/'))).toEqual([]);
  });

  it('has source maps that lead to sources that are in it', async () => {
    const maps = files.filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(50);
    const root = join(project.folder, 'node_modules/tta-primitives');
    for (const map of maps) {
      const { sources } = JSON.parse(await readFile(join(root, map), 'utf8')) as { sources: string[] };
      const targets = sources.map((source) => join(map, '..', source));
      expect(
        targets.filter((target) => !files.includes(target)),
        map,
      ).toEqual([]);
    }
  });

  it('passes publint without a remark', async () => {
    const { code, stdout, stderr } = await tool('publint/src/cli.js', ['run', tarball, '--strict'], project.folder);
    expect({ code, stderr, remarks: /All good!/.test(stdout) ? '' : stdout }).toEqual({
      code: 0,
      stderr: '',
      remarks: '',
    });
  });

  it('has types that are not wrong', async () => {
    const args = [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii', '--no-color'];
    const { code, stdout, stderr } = await tool('@arethetypeswrong/cli/dist/index.js', args, project.folder);
    expect(code, stdout + stderr).toBe(0);
  });
});

describe('installed beside @opentelemetry/api alone', () => {
  it('brings no SDK, no provider and no tokenizer along', async () => {
    const names = await installed();
    expect(names.filter((name) => name.startsWith('@opentelemetry/'))).toEqual(['@opentelemetry/api']);
    expect(names).not.toContain('openai');
    expect(names).not.toContain('gpt-tokenizer');
    expect(names.length).toBeLessThanOrEqual(15);
  });

  it('runs a workflow from an ECMAScript module', async () => {
    const source = `
      import { parallel, REFERENCE_PRICES, sequential, task, workflow } from 'tta-primitives';
      const shout = sequential(task('trim', (s) => s.trim()), parallel([task('up', (s) => s.toUpperCase()), task('length', (s) => s.length)]));
      console.log(JSON.stringify(await workflow('shout', shout).execute(' hello ')), typeof REFERENCE_PRICES);`;
    expect(await prints('esm.mjs', source)).toBe('["HELLO",5] object');
  });

  it('runs a workflow from CommonJS, with no warning', async () => {
    const source = `
      const { llm, sequential, task } = require('tta-primitives');
      sequential(task('trim', (s) => s.trim()), task('length', (s) => s.length)).execute(' hello ').then((n) => console.log(n, typeof llm));`;
    expect(await prints('commonjs.cjs', source)).toBe('5 function');
  });

  it('is one library to both: require and import give the same functions', async () => {
    const source = `
      const required = require('tta-primitives');
      import('tta-primitives').then((imported) => console.log(imported.task === required.task));`;
    expect(await prints('both.cjs', source)).toBe('true');
  });

  it.each([
    ['nodenext', { module: 'nodenext' }],
    ['bundler', { module: 'preserve', moduleResolution: 'bundler' }],
  ])('gives its types to TypeScript under %s, from .mts and .cts', async (name, options) => {
    await typeChecks(name, options, ['tta-primitives']);
  });

  it('puts a tta command on the path that answers --help', async () => {
    const { code, stdout, stderr } = await run(
      join(project.folder, 'node_modules/.bin/tta'),
      ['--help'],
      project.folder,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Usage: tta/);
    expect(stdout).toMatch(/digest/);
  });

  it('shows runs in Studio', async () => {
    const program = join(project.folder, 'node_modules/tta-primitives/dist/src/tools/cli/tta.js');
    const studio = tta(['studio', '--port', '0'], { program, cwd: project.folder });
    const [, url] = await studio.waitForStdout(/Studio {3}(\S+)/);
    const page = await (await fetch(`${url}/`)).text();
    const [, script] = /src="(\/assets\/[^"]+)"/.exec(page) ?? [];
    expect((await fetch(`${url}${script}`)).status).toBe(200);
    const times = { startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000001000000000' };
    const span = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), name: 'work', ...times };
    const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] });
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/v1/traces`, { method: 'POST', headers, body })).status).toBe(200);
    const { runs } = (await (await fetch(`${url}/api/runs`)).json()) as RunsAnswer;
    expect(runs.map(({ name }) => name)).toEqual(['work']);
  });

  it('says which package to install when openAICompatible misses its client', async () => {
    const source = `
      import { llm, openAICompatible } from 'tta-primitives';
      const ask = llm(openAICompatible({ model: 'any', baseURL: 'http://127.0.0.1:9/v1' }));
      await ask.execute('hello').catch((error) => console.log(error.message));`;
    expect(await prints('no-client.mjs', source)).toMatch(/npm install openai@\d/);
  });

  it('says which package is missing when the exporter misses that of OpenTelemetry', async () => {
    const source = `await import('tta-primitives/prometheus').catch((error) => console.log(error.message));`;
    expect(await prints('no-exporter.mjs', source)).toMatch(
      /^Cannot find package '@opentelemetry\/exporter-prometheus' imported from .+tta-primitives/,
    );
  });

  it(
    'says what to install when register misses the SDK; that line, followed, makes it work',
    async () => {
      const source = `
      try {
        const { register } = await import('tta-primitives/sdk');
        const sdk = await register({ prometheus: { port: 0 }, traces: false });
        const { task } = await import('tta-primitives');
        await task('greet', (name) => 'hello ' + name).execute('Ada');
        console.log(await (await fetch(sdk.metricsUrl)).text());
        await sdk.shutdown();
      } catch (error) {
        console.log(error.message);
      }`;
      const complaint = await prints('sdk.mjs', source);
      expect(complaint).toMatch(/npm install @opentelemetry\//);
      const packages = INSTALL_LINE.exec(complaint)?.[1]?.trim().split(' ') ?? [];
      expect(packages.length).toBeGreaterThan(1);

      await project.install(...packages);
      expect((await installed()).filter((name) => name === 'openai')).toEqual([]);
      expect(await prints('sdk.mjs', source)).toMatch(
        /^tta_primitive_executions_total\{(?=.*primitive_name="greet")(?=.*status="success").*\} 1$/m,
      );
      // The SDK's own declarations want @types/node, which is not ours to judge.
      const every = ['', '/prometheus', '/register', '/sdk', '/testing', '/views'].map(
        (entry) => `tta-primitives${entry}`,
      );
      await typeChecks('every-entry', { module: 'nodenext', skipLibCheck: true }, every);
      expect(await prints('exporter.cjs', EXPORTER)).toBe(
        'true\na_total{exported_job="x",otel_scope_name="shop"} 1\n# EOF',
      );
    },
    4 * MINUTES,
  );
});

/** The exporter and the SDK in CommonJS, where the SDK may be another copy than the one that our modules import. */
const EXPORTER = `
  const { MeterProvider } = require('@opentelemetry/sdk-metrics');
  const { PrometheusExporter: Stock } = require('@opentelemetry/exporter-prometheus');
  const { PrometheusExporter } = require('tta-primitives/prometheus');
  const exporter = new PrometheusExporter({ preventServerStart: true, withoutTargetInfo: true });
  new MeterProvider({ readers: [exporter] }).getMeter('shop').createCounter('a').add(1, { job: 'x' });
  import('tta-primitives/prometheus').then(async (imported) => {
    console.log(imported.PrometheusExporter === PrometheusExporter);
    console.log((await exporter.text('openmetrics')).split('\\n').filter((line) => !/^# (HELP|TYPE)/.test(line)).join('\\n').trim());
  });`;

/** A program of the user's that misuses the library once is compiled from `.mts` and `.cts`: exactly that is refused. */
async function typeChecks(name: string, options: Record<string, unknown>, entries: readonly string[]): Promise<void> {
  const program = `
    import { sequential, task } from 'tta-primitives';
    ${entries.map((entry, i) => `import * as entry${i} from '${entry}'; export const has${i}: object = entry${i};`).join('\n')}
    const measure = sequential(task('trim', (s: string) => s.trim()), task('length', (s) => s.length));
    export const length: Promise<number> = measure.execute(' hello ');
    // @ts-expect-error: the input is a string
    export const refused = measure.execute(1);`;
  await project.write(`${name}/program.mts`, program);
  await project.write(`${name}/program.cts`, program);
  const strict = { strict: true, noEmit: true, target: 'es2022', lib: ['es2023', 'dom'], types: [] };
  const config = { compilerOptions: { ...strict, ...options }, files: ['program.mts', 'program.cts'] };
  await project.write(`${name}/tsconfig.json`, JSON.stringify(config));
  const { code, stdout, stderr } = await tool(
    'typescript/bin/tsc',
    ['-p', join(name, 'tsconfig.json')],
    project.folder,
  );
  expect(code, stdout + stderr).toBe(0);
}
