/** Every example of the README and of a docstring compiles against the built package, and the README's own workflow runs. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import * as main from '../src/index.ts';
import * as queues from '../src/queue/index.ts';
import { component } from './support/component.ts';
import { startRedis } from './support/redis.ts';
import { tta } from './support/tta.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Inside the checkout, so that the package finds itself by its name; git ignores it. */
const FOLDER = join(ROOT, 'dist', 'examples');
/** Rooms whose examples are for those who work in them, and not for users. */
const PRIVATE = /^(tools|platform|sdk)\//;

interface Example {
  readonly where: string;
  readonly code: string;
}

function docstringExamples(): Example[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !PRIVATE.test(file))
    .flatMap((file) => {
      const comments = readFileSync(join(ROOT, 'src', file), 'utf8').match(/\/\*\*[\s\S]*?\*\//g) ?? [];
      const examples = comments.flatMap((comment) =>
        comment
          .replace(/^\/\*\*|\*\/$/g, '')
          .replace(/^ *\* ?/gm, '')
          .split(/^@example$/m)
          .slice(1)
          .map((part) => part.split(/^@\w+/m)[0]?.trim() ?? ''),
      );
      return examples.map((code, i) => ({
        where: `src-${file.replaceAll('/', '-').replace('.ts', '')}-${i + 1}`,
        code,
      }));
    })
    .filter(({ code }) => !/^(sequential|task|invoke_workflow) /.test(code));
}

function readmeExamples(): Example[] {
  const blocks = readFileSync(join(ROOT, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g);
  // One that begins with the name of its file is imported by others.
  return [...blocks].map(([, code = ''], i) => ({
    where: /^\/\/ (\S+)\.js\n/.exec(code)?.[1] ?? `README-${i + 1}`,
    code,
  }));
}

/** With the imports that it leaves out, of what it uses and does not declare itself. */
function withImports({ where, code }: Example): string {
  if (code.includes(" from 'tta-primitives")) return code;
  const uses = (name: string) =>
    new RegExp(`\\b${name}\\b`).test(code) && !new RegExp(`(const|let|function|import \\{[^}]*) ${name}\\b`).test(code);
  const values = Object.keys(main).filter(uses);
  const types = ['CacheStore', 'Primitive', 'CompensateInput', 'WhenUnknownInput', 'WorkflowContext'].filter(uses);
  const others = [
    uses('Keyv') ? "import { Keyv } from 'keyv';" : '',
    uses('createKeyv') ? "import { createKeyv } from '@keyv/redis';" : '',
    uses('v8') ? "import v8 from 'node:v8';" : '',
    uses('readFile') ? "import { readFile, rm, writeFile } from 'node:fs/promises';" : '',
  ];
  const ofQueues = Object.keys(queues).filter(uses);
  if (ofQueues.length > 0) others.push(`import { ${ofQueues.join(', ')} } from 'tta-primitives/queue';`);
  const ours = [...values, ...types.map((name) => `type ${name}`)].join(', ');
  return `// ${where}\nimport { ${ours} } from 'tta-primitives';\n${others.filter(Boolean).join('\n')}\n${code}\nexport {};\n`;
}

const examples = [...readmeExamples(), ...docstringExamples()];
let output = '';

beforeAll(() => {
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const example of examples) writeFileSync(join(FOLDER, `${example.where}.ts`), withImports(example));
  writeFileSync(
    join(FOLDER, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.json',
      compilerOptions: {
        rootDir: '../..',
        outDir: 'out',
        lib: ['es2023', 'dom'],
        noUnusedLocals: false,
        noUnusedParameters: false,
        noEmitOnError: false,
      },
      include: ['*.ts', '../../test/support/examples-prelude.d.ts'],
    }),
  );
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  output = spawnSync(tsc, ['-p', FOLDER], { encoding: 'utf8', cwd: ROOT }).stdout;
});

describe('the examples', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThan(25);
  });

  it.each(examples.map(({ where, code }) => [where, code]))('%s compiles', (where) => {
    expect(output.split('\n').filter((line) => line.includes(`${where}.ts`))).toEqual([]);
  });

  it("run: the README's test passes under node:test", async () => {
    const child = spawn(process.execPath, ['--test', join(FOLDER, 'out/dist/examples/README-2.js')], {
      env: { PATH: process.env.PATH },
    });
    const stdout = await text(child.stdout);
    expect(stdout).toContain('# pass 1');
    expect(stdout).toContain('# fail 0');
  });

  /** A provider that gives this answer to everything. */
  async function startProvider(content: string) {
    const asked: string[] = [];
    const usage = { prompt_tokens: 9, completion_tokens: 3 };
    const server = createServer(async (request, response) => {
      asked.push(JSON.parse(await text(request)).messages.at(-1).content);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: '1', model: 'gpt-4o', choices: [{ message: { content } }], usage }));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { asked, env: { OPENAI_API_KEY: 'test', OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` } };
  }

  it("run: the README's own workflow answers", async () => {
    const { asked, env } = await startProvider('Slow down.');
    const child = spawn(process.execPath, [join(FOLDER, 'out/dist/examples/README-1.js')], {
      env: { PATH: process.env.PATH, ...env },
    });
    // The program stays for a minute after its answer, for its endpoint to be read.
    child.stdout.once('data', () => child.kill());
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect([stdout, stderr]).toEqual(['Slow down.\n', '']);
    expect(asked).toEqual(['Explain backpressure in one sentence.']);
  });

  it.skipIf(component('redis-server') === undefined)("run: the README's workers summarise", async () => {
    const redis = await startRedis({ options: ['--appendonly', 'no'] });
    onTestFinished(() => redis.kill('SIGKILL'));
    const { asked, env } = await startProvider('It is about water.');
    const cwd = join(FOLDER, 'out/dist/examples');
    const settings = { ...env, REDIS_URL: redis.url, OTEL_TRACES_EXPORTER: 'none' };
    const worker = tta(['worker', 'tasks.js', '--queue', 'texts', '--workers', '2'], { cwd, env: settings });
    const child = spawn(process.execPath, ['producer.js'], { cwd, env: { PATH: process.env.PATH, ...settings } });
    expect(await text(child.stdout)).toBe("[ 'It is about water.', 'It is about water.' ]\n");
    expect(asked.toSorted()).toEqual(['Rivers carry water to the sea.', 'The kettle boils water for tea.']);
    worker.kill('SIGTERM');
    expect((await worker.exited).signal).toBe('SIGTERM');
  });
});
