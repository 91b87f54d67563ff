/** `tta-primitives/queue` beside each version of its engines, on each line of Node.js, and in bundles. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { component } from '../support/component.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { createProject, type Project, ROOT, succeed } from './project.ts';
import { createPlace, type Kind, type Place } from './projects/beside.ts';
import { type NodeLine, nodeOfLine, OWN_NODE, removeDownloads } from './projects/node-lines.ts';

const MINUTES = 60_000;
const API = '@opentelemetry/api';
const LINES: Record<string, NodeLine> = {};
let packed: Project;
let tarball: string;
let redis: Redis;

/** A program with both ends of a queue, which ends by itself. */
const program = (queue: string, factory: string) => `
import { sequential, task, workflow } from 'tta-primitives';
import { ${factory}, distribute, startWorker } from 'tta-primitives/queue';
async function main() {
  const shout = task('shout', (text) => text.toUpperCase());
  const queue = ${queue};
  const worker = await startWorker({ queue, primitives: { shout } });
  console.log(await workflow('ask', sequential(distribute('shout', shout, { queue }))).execute('from a worker'));
  await worker.stop();
  await queue.close();
}
main();
`;
const ON_REDIS = program("bullmqQueue('texts', { url: process.env.REDIS_URL })", 'bullmqQueue');
const IN_MEMORY = program("memoryQueue('texts')", 'memoryQueue');
/** Where no engine is installed, the error says how to install it. */
const WITHOUT_ENGINE = `
import { task } from 'tta-primitives';
import { bullmqQueue, distribute, natsQueue } from 'tta-primitives/queue';
async function main() {
  const shout = task('shout', (text) => text);
  for (const queue of [bullmqQueue('texts', { url: 'redis://127.0.0.1:9' }), natsQueue('texts', { servers: '127.0.0.1:9' })]) {
    await distribute('shout', shout, { queue }).execute('hello').catch((error) => console.log(error.message));
  }
}
main();
`;

beforeAll(async () => {
  packed = await createProject();
  const args = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', packed.folder];
  const [{ filename }] = JSON.parse(await succeed('npm', args, ROOT)) as [{ filename: string }];
  tarball = join(packed.folder, filename);
  if (component('redis-server') !== undefined)
    redis = await startRedis({ options: ['--appendonly', 'yes', '--dir', packed.folder] });
  const own = OWN_NODE.version.split('.')[0] ?? '';
  for (const line of ['20', '22', '24']) LINES[line] = line === own ? OWN_NODE : await nodeOfLine(line);
}, 5 * MINUTES);

afterAll(async () => {
  await Promise.all([packed?.remove(), redis?.kill('SIGKILL'), removeDownloads()]);
});

/** Runs the commands in a project that has these packages; what they printed to stdout. */
async function prints(line: string, kind: Omit<Kind, 'have'>): Promise<string> {
  const place = await createPlace({ have: 'a queue', ...kind }, LINES[line] as NodeLine);
  try {
    await place.add(...kind.packages, API, tarball);
    return await runAll(place, kind.commands);
  } finally {
    await place.remove();
  }
}

async function runAll(place: Place, commands: Kind['commands']): Promise<string> {
  let last = '';
  for (const command of commands) {
    const { code, stdout, stderr } = await place.run(command, { REDIS_URL: redis?.url ?? '' });
    expect(code, `${command.join(' ')}\n${stdout}${stderr}`).toBe(0);
    last = stdout + stderr;
  }
  return last.trim();
}

describe.skipIf(component('redis-server') === undefined)('BullMQ carries work, on', () => {
  const ENGINES = [
    ['bullmq@6.7.0', 'ioredis@5.4.0'],
    ['bullmq@6.7.0', 'ioredis@5'],
    ['bullmq@6', 'ioredis@6'],
  ];
  const cases = ENGINES.flatMap((packages) => ['20', '22', '24'].map((line) => ({ packages, line })));
  it.each(cases)(
    '$packages and Node.js $line',
    async ({ packages, line }) => {
      const files = { 'app.mjs': ON_REDIS };
      expect(await prints(line, { packages, files, commands: [['node', 'app.mjs']] })).toBe('FROM A WORKER');
    },
    5 * MINUTES,
  );

  it(
    'one queue for CommonJS and ES modules',
    async () => {
      const required = ON_REDIS.replace(/import (\{.+\}) from ('.+')/g, 'const $1 = require($2)');
      const packages = ['bullmq', 'ioredis'];
      const kind = { packages, files: { 'app.cjs': required }, commands: [['node', 'app.cjs']] };
      expect(await prints('20', kind)).toBe('FROM A WORKER');
    },
    5 * MINUTES,
  );
});

describe('a bundle', () => {
  const REMOVE = ['node', '--eval', "require('node:fs').renameSync('node_modules', 'gone')"];
  const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
  const ESBUILD = ['esbuild', 'app.mjs', '--bundle', '--platform=node'];
  const BUNDLERS: readonly Pick<Kind, 'have' | 'packages' | 'files' | 'commands'>[] = [
    {
      have: 'esbuild, ES modules',
      packages: ['esbuild'],
      files: {},
      commands: [
        [...ESBUILD, '--format=esm', `--banner:js=${BANNER}`, '--outfile=out/app.mjs'],
        REMOVE,
        ['node', 'out/app.mjs'],
      ],
    },
    {
      have: 'esbuild, CommonJS',
      packages: ['esbuild'],
      files: {},
      commands: [[...ESBUILD, '--format=cjs', '--outfile=out/app.cjs'], REMOVE, ['node', 'out/app.cjs']],
    },
    {
      have: 'rollup',
      packages: ['rollup', ...['node-resolve', 'commonjs', 'json'].map((name) => `@rollup/plugin-${name}`)],
      files: {
        'rollup.config.mjs': `import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
const plugins = [nodeResolve({ preferBuiltins: true }), commonjs(), json()];
export default { input: 'app.mjs', plugins, output: { dir: 'out', entryFileNames: '[name].mjs' } };`,
      },
      commands: [['rollup', '--config', 'rollup.config.mjs'], REMOVE, ['node', 'out/app.mjs']],
    },
    {
      have: 'webpack',
      packages: ['webpack', 'webpack-cli'],
      files: {
        'webpack.config.mjs': `export default { mode: 'production', target: 'node20', entry: './app.mjs',
        experiments: { outputModule: true }, output: { filename: 'app.mjs', module: true } };`,
      },
      commands: [['webpack', '--config', 'webpack.config.mjs'], REMOVE, ['node', 'dist/app.mjs']],
    },
    {
      have: 'Vite, for a server',
      packages: ['vite'],
      files: { 'vite.config.mjs': 'export default { ssr: { noExternal: true } };' },
      commands: [['vite', 'build', '--ssr', 'app.mjs', '--outDir', 'out'], REMOVE, ['node', 'out/app.js']],
    },
    {
      have: 'ncc',
      packages: ['@vercel/ncc'],
      files: {},
      commands: [['ncc', 'build', 'app.mjs', '--out', 'out'], REMOVE, ['node', 'out/index.mjs']],
    },
  ];

  // ncc replaces the import of a package that is missing by `require`, which its ES modules do not have.
  it.each(BUNDLERS.filter(({ have }) => have !== 'ncc'))(
    'is made where no engine is installed, and says then what to install: $have',
    async ({ packages, files, commands }) => {
      const place = await createPlace({ have: '', packages, files, commands }, OWN_NODE);
      try {
        await place.add(...packages, API, tarball);
        await runAll(place, [['node', '--eval', write('app.mjs', IN_MEMORY)]]);
        expect(await runAll(place, commands)).toBe('FROM A WORKER');
        await runAll(place, [
          [
            'node',
            '--eval',
            `${write('app.mjs', WITHOUT_ENGINE)}; require('node:fs').renameSync('gone', 'node_modules')`,
          ],
        ]);
        const said = await runAll(place, commands);
        expect(said).toMatch(/bullmq/);
        expect(said).toMatch(/@nats-io/);
      } finally {
        await place.remove();
      }
    },
    5 * MINUTES,
  );

  it.skipIf(component('redis-server') === undefined).each(BUNDLERS)(
    'carries work by the BullMQ that is in it: $have',
    async ({ packages, files, commands }) => {
      const kind = { packages: [...packages, 'bullmq', 'ioredis'], files: { ...files, 'app.mjs': ON_REDIS }, commands };
      expect(await prints('20', kind)).toBe('FROM A WORKER');
    },
    5 * MINUTES,
  );

  const write = (file: string, text: string) => `require('node:fs').writeFileSync('${file}', ${JSON.stringify(text)})`;
});
