/** The kinds of projects of the README's table, with what it says to write. */
import type { Kind } from './beside.ts';
import { PRINT_SERIES, WORKFLOW } from './readme.ts';

const APP = { 'app.mjs': WORKFLOW + PRINT_SERIES };
const REGISTERED = ['node', '--import', 'tta-primitives/register', 'app.mjs'];
const WITHOUT_SDK = ['@opentelemetry/api', 'openai@6'];

/** The workflow without its last line, which asks: as a module that others ask. */
const ANSWER_MODULE = WORKFLOW.replace('const answer =', 'export const answer =').replace(/^console\.log.*$/m, '');

/** A test of the user's, for a runner with the globals `test` and `expect`. */
const RUNNER_TEST = `
import { answer } from './answer.mjs';
test('answers', async () => {
  const controller = new AbortController();
  expect(await answer.execute('backpressure', { signal: controller.signal })).toContain('backpressure');
  ${PRINT_SERIES}
});
`;
const RUNNER_FILES = {
  'answer.mjs': ANSWER_MODULE,
  'answer.test.mjs': `import 'tta-primitives/register';\n${RUNNER_TEST}`,
};

const NODE_SDK = `
import { NodeSDK } from '@opentelemetry/sdk-node';
import { PrometheusExporter } from 'EXPORTER';
import { ttaViews } from 'tta-primitives/views';
const port = Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT);
const metricReader = new PrometheusExporter({ host: '127.0.0.1', port });
const sdk = new NodeSDK({ READER, views: [...ttaViews] });
sdk.start();
process.once('beforeExit', () => sdk.shutdown());
`;

const EXPORTERS = { our: 'tta-primitives/prometheus', 'its own': '@opentelemetry/exporter-prometheus' };

/** The exporter in a MeterProvider of the user's. */
const METER_PROVIDER = `
import { metrics } from '@opentelemetry/api';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { PrometheusExporter } from 'tta-primitives/prometheus';
import { ttaViews } from 'tta-primitives/views';
const exporter = new PrometheusExporter({
  port: Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT),
  withoutScopeInfo: true,
  maxSamples: 10_000,
});
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter], views: [...ttaViews] }));
`;

/** A project with OpenTelemetry of these versions. */
function otel(sdk: string, exporters: string, traces: readonly string[], lines: readonly string[]): Kind[] {
  const reader = sdk === '2.0.0' ? 'metricReader' : 'metricReaders: [metricReader]';
  return [
    {
      have: `OpenTelemetry ${sdk}`,
      lines,
      packages: [
        ...[`sdk-metrics@${sdk}`, `resources@${sdk}`, ...traces].map((name) => `@opentelemetry/${name}`),
        ...['exporter-prometheus', 'exporter-trace-otlp-http'].map((name) => `@opentelemetry/${name}@${exporters}`),
      ],
      added: WITHOUT_SDK,
      files: APP,
      commands: [REGISTERED],
    },
    ...Object.entries(EXPORTERS).map(
      ([exporter, entry]): Kind => ({
        have: `NodeSDK of OpenTelemetry ${sdk}, with ${exporter} exporter`,
        lines,
        packages: [`@opentelemetry/sdk-node@${exporters}`, `@opentelemetry/exporter-prometheus@${exporters}`],
        added: WITHOUT_SDK,
        files: { ...APP, 'otel.mjs': NODE_SDK.replace('READER', reader).replace('EXPORTER', entry) },
        commands: [['node', '--import', './otel.mjs', 'app.mjs']],
      }),
    ),
    {
      have: `a MeterProvider of OpenTelemetry ${sdk} and TypeScript`,
      lines,
      packages: [
        ...['sdk-metrics', 'resources'].map((name) => `@opentelemetry/${name}@${sdk}`),
        `@opentelemetry/exporter-prometheus@${exporters}`,
        ...['typescript@5.4', '@types/node@20'],
      ],
      added: WITHOUT_SDK,
      files: {
        'app.mts': METER_PROVIDER + WORKFLOW + PRINT_SERIES,
        'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022', strict: true } }),
      },
      commands: [['tsc'], ['node', 'app.mjs']],
      seen: 'series',
    },
  ];
}

const BUNDLED = {
  'app.mjs': `import { register } from 'tta-primitives/sdk';\nawait register();\n${WORKFLOW}${PRINT_SERIES}`,
};
/** A bundle that has the exporter itself. */
const BUNDLED_EXPORTER = { 'app.mjs': METER_PROVIDER + WORKFLOW + PRINT_SERIES };
const REMOVE_PACKAGES = ['node', '--eval', "require('node:fs').renameSync('node_modules', 'gone')"];
const ESBUILD = ['esbuild', 'app.mjs', '--bundle', '--platform=node'];
const BANNER = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** A driver for a server: starts it, asks it once, prints its series and ends it. */
const drive = (...command: string[]) => `
import { spawn } from 'node:child_process';
const server = spawn(${JSON.stringify(command[0])}, ${JSON.stringify(command.slice(1))}, { stdio: 'inherit' });
let reply;
for (let i = 0; i < 100 && reply?.status !== 200; i += 1) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  reply = await fetch('http://127.0.0.1:' + process.env.PORT + '/api/answer').catch(() => undefined);
}
console.log(reply?.status, await reply?.text());
${PRINT_SERIES}
const ended = new Promise((resolve) => server.once('exit', resolve));
server.kill('SIGTERM');
await ended;
`;

export const KINDS: readonly Kind[] = [
  { have: 'nothing', packages: [], files: APP, commands: [REGISTERED] },
  { have: 'openai 6', packages: ['openai@6'], files: APP, commands: [REGISTERED] },
  ...['4', '5'].map(
    (line): Kind => ({
      have: `openai ${line}`,
      lines: ['20'],
      packages: [`openai@${line}`],
      files: APP,
      commands: [REGISTERED],
    }),
  ),
  { have: 'openai 7', lines: ['24', '26'], packages: ['openai@7'], files: APP, commands: [REGISTERED] },
  {
    have: 'older packages that the programs of tta need',
    packages: ['gpt-tokenizer@2', 'hdr-histogram-js@2'],
    files: APP,
    commands: [REGISTERED],
  },
  {
    have: 'OpenTelemetry 1.30, of another package',
    packages: ['@opentelemetry/sdk-node@0.57.2'],
    files: APP,
    commands: [REGISTERED],
  },
  ...otel('2.0.0', '0.200.0', ['sdk-trace-node@2.0.0'], ['20', '24']),
  ...otel('2.12.1', '0.223.0', ['sdk-trace-node@2.12.0'], ['20', '24']),
  ...otel('3.1.1', '0.301.0', ['sdk-trace@3.1.1', 'context-async-hooks@3'], ['24', '26']),
  {
    have: 'zero-code auto-instrumentation',
    lines: ['24'],
    packages: ['@opentelemetry/auto-instrumentations-node', '@opentelemetry/api'],
    added: ['openai@6', '@opentelemetry/exporter-prometheus@0.301'],
    files: APP,
    env: { OTEL_METRICS_EXPORTER: 'none' },
    commands: [
      [
        'node',
        '--import',
        '@opentelemetry/auto-instrumentations-node/register',
        '--import',
        'tta-primitives/register',
        'app.mjs',
      ],
    ],
  },
  {
    have: 'Next.js 16',
    packages: ['next@16', 'react@19', 'react-dom@19'],
    packageJson: { type: undefined },
    files: {
      'lib/answer.mjs': ANSWER_MODULE,
      'instrumentation.ts':
        "export async function register() {\n  if (process.env.NEXT_RUNTIME === 'nodejs') await (await import('tta-primitives/sdk')).register();\n}\n",
      'app/layout.jsx': 'export default ({ children }) => <html><body>{children}</body></html>;\n',
      'app/page.jsx': 'export default () => <p>hello</p>;\n',
      'app/api/answer/route.js':
        "import { answer } from '../../../lib/answer.mjs';\nexport const dynamic = 'force-dynamic';\nexport const GET = async () => new Response(await answer.execute('backpressure'));\n",
      'drive.mjs': drive('next', 'start'),
    },
    commands: [
      ['next', 'build'],
      ['node', 'drive.mjs'],
    ],
  },
  {
    have: 'esbuild, a bundle of ES modules',
    packages: ['esbuild'],
    files: BUNDLED,
    commands: [
      [...ESBUILD, '--format=esm', `--banner:js=${BANNER}`, '--outfile=out/app.mjs'],
      REMOVE_PACKAGES,
      ['node', 'out/app.mjs'],
    ],
  },
  {
    have: 'esbuild, a bundle of CommonJS',
    packages: ['esbuild'],
    files: {
      'answer.mjs': ANSWER_MODULE,
      'app.mjs': `import { register } from 'tta-primitives/sdk';
import { answer } from './answer.mjs';
async function main() {
await register();
console.log(await answer.execute());
${PRINT_SERIES}}
main();
`,
    },
    commands: [[...ESBUILD, '--format=cjs', '--outfile=out/app.cjs'], REMOVE_PACKAGES, ['node', 'out/app.cjs']],
  },
  {
    have: 'esbuild, a bundle of ES modules with the exporter',
    packages: ['esbuild'],
    files: BUNDLED_EXPORTER,
    commands: [
      [...ESBUILD, '--format=esm', `--banner:js=${BANNER}`, '--outfile=out/app.mjs'],
      REMOVE_PACKAGES,
      ['node', 'out/app.mjs'],
    ],
    seen: 'series',
  },
  {
    have: 'esbuild, a bundle of CommonJS with the exporter',
    packages: ['esbuild'],
    files: {
      'answer.mjs': ANSWER_MODULE,
      'app.mjs': `${METER_PROVIDER}
import { answer } from './answer.mjs';
async function main() {
console.log(await answer.execute());
${PRINT_SERIES}}
main();
`,
    },
    commands: [[...ESBUILD, '--format=cjs', '--outfile=out/app.cjs'], REMOVE_PACKAGES, ['node', 'out/app.cjs']],
    seen: 'series',
  },
  ...Object.entries({ rollup: BUNDLED, 'rollup, with the exporter': BUNDLED_EXPORTER }).map(
    ([have, files]): Kind => ({
      have,
      packages: ['rollup', ...['node-resolve', 'commonjs', 'json'].map((name) => `@rollup/plugin-${name}`)],
      files: {
        ...files,
        'rollup.config.mjs': `import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import { nodeResolve } from '@rollup/plugin-node-resolve';
const plugins = [nodeResolve({ preferBuiltins: true }), commonjs(), json()];
export default { input: 'app.mjs', plugins, output: { dir: 'out', entryFileNames: '[name].mjs' } };`,
      },
      commands: [['rollup', '--config', 'rollup.config.mjs'], REMOVE_PACKAGES, ['node', 'out/app.mjs']],
      seen: files === BUNDLED ? 'both' : 'series',
    }),
  ),
  {
    have: 'esbuild, a bundle of several files',
    packages: ['esbuild'],
    files: BUNDLED,
    commands: [
      [...ESBUILD, '--format=esm', '--splitting', `--banner:js=${BANNER}`, '--outdir=out', '--out-extension:.js=.mjs'],
      REMOVE_PACKAGES,
      ['node', 'out/app.mjs'],
    ],
  },
  {
    have: 'webpack',
    packages: ['webpack', 'webpack-cli'],
    files: {
      ...BUNDLED,
      'webpack.config.mjs': `export default { mode: 'production', target: 'node20', entry: './app.mjs',
        experiments: { outputModule: true }, output: { filename: 'app.mjs', module: true } };`,
    },
    commands: [['webpack', '--config', 'webpack.config.mjs'], REMOVE_PACKAGES, ['node', 'dist/app.mjs']],
  },
  {
    have: 'Vite, for a server',
    packages: ['vite'],
    files: { ...BUNDLED, 'vite.config.mjs': 'export default { ssr: { noExternal: true } };' },
    commands: [['vite', 'build', '--ssr', 'app.mjs', '--outDir', 'out'], REMOVE_PACKAGES, ['node', 'out/app.js']],
  },
  {
    have: 'ncc',
    packages: ['@vercel/ncc'],
    files: BUNDLED,
    commands: [['ncc', 'build', 'app.mjs', '--out', 'out'], REMOVE_PACKAGES, ['node', 'out/index.mjs']],
  },
  {
    have: 'jest',
    packages: ['jest'],
    packageJson: { jest: { testMatch: ['**/*.test.mjs'], moduleFileExtensions: ['mjs', 'js'], transform: {} } },
    files: RUNNER_FILES,
    env: { NODE_OPTIONS: '--experimental-vm-modules' },
    commands: [['jest', '--silent=false']],
    // Jest hides the end of the process, at which the last spans are sent.
    seen: 'series',
  },
  {
    have: 'jest with tests of CommonJS, by swc',
    packages: ['jest', '@swc/jest', '@swc/core'],
    packageJson: {
      type: 'commonjs',
      jest: {
        transform: { '\\.[jt]s$': '@swc/jest' },
        transformIgnorePatterns: ['/node_modules/(?!tta-primitives/)'],
      },
    },
    files: {
      'answer.js': ANSWER_MODULE,
      'answer.test.js': `import 'tta-primitives/register';\n${RUNNER_TEST.replace('answer.mjs', 'answer.js')}`,
    },
    commands: [['jest', '--silent=false']],
    seen: 'series',
  },
  {
    have: 'jest with tests of CommonJS',
    lines: ['24'],
    packages: ['jest', 'ts-jest', 'typescript@5', '@types/jest'],
    packageJson: { type: 'commonjs', jest: { preset: 'ts-jest' } },
    files: {
      'answer.ts': ANSWER_MODULE,
      'answer.test.ts': `import 'tta-primitives/register';\n${RUNNER_TEST.replace('/answer.mjs', '/answer')}`,
      'tsconfig.json': JSON.stringify({
        compilerOptions: { target: 'es2022', module: 'commonjs', moduleResolution: 'bundler' },
      }),
    },
    env: { NODE_OPTIONS: '--experimental-vm-modules' },
    commands: [['jest', '--silent=false']],
    seen: 'series',
  },
  {
    have: 'jest with jsdom',
    // jsdom has no fetch: this environment is jsdom with that of Node.js.
    packages: ['jest', 'jest-environment-jsdom', 'jest-fixed-jsdom'],
    packageJson: {
      jest: {
        testMatch: ['**/*.test.mjs'],
        moduleFileExtensions: ['mjs', 'js'],
        transform: {},
        testEnvironment: 'jest-fixed-jsdom',
      },
    },
    files: RUNNER_FILES,
    env: { NODE_OPTIONS: '--experimental-vm-modules' },
    commands: [['jest', '--silent=false']],
    // Jest hides the end of the process, at which the last spans are sent.
    seen: 'series',
  },
  ...['happy-dom', 'jsdom'].map(
    (environment): Kind => ({
      have: `vitest with ${environment}`,
      packages: ['vitest', environment],
      files: {
        ...RUNNER_FILES,
        // happy-dom's own fetch asks a server for CORS, as a browser does; that of jsdom is that of Node.js.
        'vitest.config.mjs':
          'export default { test: { environmentOptions: { happyDOM: { settings: { fetch: { disableSameOriginPolicy: true } } } } } };',
      },
      commands: [['vitest', 'run', '--globals', '--environment', environment]],
    }),
  ),
  { have: 'pnpm', packages: [], machine: ['pnpm'], add: ['pnpm', 'add'], files: APP, commands: [REGISTERED] },
  { have: 'yarn 1', packages: [], machine: ['yarn@1'], add: ['yarn', 'add'], files: APP, commands: [REGISTERED] },
  {
    have: "yarn with Plug'n'Play",
    packages: [],
    machine: ['@yarnpkg/cli-dist'],
    add: ['yarn', 'add'],
    files: { ...APP, 'yarn.lock': '', '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\n' },
    commands: [['yarn', ...REGISTERED]],
  },
  {
    have: 'bun',
    lines: ['20'],
    packages: [],
    machine: ['bun'],
    add: ['bun', 'add'],
    files: APP,
    commands: [['bun', '--preload', 'tta-primitives/register', 'app.mjs']],
  },
  {
    have: 'deno',
    lines: ['20'],
    packages: [],
    machine: ['deno'],
    files: { 'app.mjs': `import 'tta-primitives/register';\n${WORKFLOW}${PRINT_SERIES}` },
    commands: [['deno', 'run', '--allow-all', 'app.mjs']],
  },
  {
    have: 'CommonJS',
    packages: [],
    packageJson: { type: 'commonjs' },
    files: {
      'app.cjs': `${WORKFLOW.replace('import {', 'const {')
        .replace("} from 'tta-primitives'", "} = require('tta-primitives')")
        .replace(/^console\.log/m, '(async () => {\nconsole.log')}${PRINT_SERIES}})();\n`,
    },
    commands: [['node', '--import', 'tta-primitives/register', 'app.cjs']],
  },
  {
    have: 'a worker thread',
    packages: [],
    files: {
      'worker.mjs': WORKFLOW,
      'app.mjs': `import { Worker } from 'node:worker_threads';
await new Promise((resolve, reject) => new Worker('./worker.mjs').once('exit', resolve).once('error', reject));`,
    },
    commands: [REGISTERED],
    // A thread's counts are not at the endpoint of the process.
    seen: 'spans',
  },
  {
    have: 'two copies of the package',
    packages: [],
    files: {
      ...APP,
      'copy.mjs':
        "import { cpSync } from 'node:fs';\ncpSync('node_modules/tta-primitives', 'copy/node_modules/tta-primitives', { recursive: true });\n",
      'copy/answer.mjs': ANSWER_MODULE.replace("workflow('answer'", "workflow('copied'"),
      'answer.mjs': ANSWER_MODULE,
      'both.mjs': `import { sequential } from 'tta-primitives';
import { answer } from './answer.mjs';
import { answer as copied } from './copy/answer.mjs';
console.log(await sequential(answer, copied).execute());
${PRINT_SERIES}`,
    },
    commands: [
      ['node', 'copy.mjs'],
      ['node', '--import', 'tta-primitives/register', 'both.mjs'],
    ],
  },
  ...['1.4.1', '1.9.0'].map(
    (version): Kind => ({
      have: `a second copy of @opentelemetry/api, ${version}, that is loaded first`,
      packages: [`other-api@npm:@opentelemetry/api@${version}`],
      files: {
        ...APP,
        'first.cjs': `const { diag, DiagConsoleLogger, DiagLogLevel } = require('other-api');
diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.ERROR);`,
      },
      commands: [['node', '--require', './first.cjs', '--import', 'tta-primitives/register', 'app.mjs']],
    }),
  ),
  {
    have: 'TypeScript',
    packages: ['typescript@5.4', '@types/node@20'],
    files: {
      'app.mts': WORKFLOW + PRINT_SERIES,
      'tsconfig.json': JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022', strict: true } }),
    },
    commands: [['tsc'], REGISTERED],
  },
  {
    have: 'npm start',
    packages: [],
    packageJson: { scripts: { start: 'node app.mjs' } },
    files: APP,
    env: { NODE_OPTIONS: '--import tta-primitives/register' },
    commands: [['npm', 'start']],
  },
  {
    have: 'node:cluster',
    packages: [],
    files: {
      'app.mjs': `import cluster from 'node:cluster';
import { register } from 'tta-primitives/sdk';
import { answer } from './answer.mjs';
if (cluster.isPrimary) {
  cluster.fork();
  cluster.fork();
} else {
  const port = Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT) + cluster.worker.id;
  await register({ prometheus: { port } });
  await answer.execute();
  console.log(await (await fetch('http://127.0.0.1:' + port + '/metrics')).text());
  cluster.worker.disconnect();
}`,
      'answer.mjs': ANSWER_MODULE,
    },
    commands: [['node', 'app.mjs']],
  },
  ...(['fork', 'cluster'] as const).map(
    (mode): Kind => ({
      have: `PM2 that makes processes by ${mode}`,
      packages: ['pm2'],
      files: {
        // In a cluster PM2 sets the environment after `--import`.
        'app.mjs': `${mode === 'cluster' ? "import 'tta-primitives/register';\n" : ''}${WORKFLOW}setInterval(() => {}, 1_000);`,
        'ecosystem.config.cjs': `module.exports = { apps: [{ name: 'app', script: 'app.mjs', exec_mode: '${mode}', instances: 2,
        ${mode === 'fork' ? "node_args: '--import tta-primitives/register', " : ''}increment_var: 'OTEL_EXPORTER_PROMETHEUS_PORT',
        env: { OTEL_EXPORTER_PROMETHEUS_PORT: Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT) } }] };`,
        'look.mjs': `for (const one of [0, 1]) {
  const url = 'http://127.0.0.1:' + (Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT) + one) + '/metrics';
  let text = '';
  for (let i = 0; i < 50 && !/workflow_executions_total.*success.* 1$/m.test(text); i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    text = await fetch(url).then((reply) => reply.text(), () => '');
  }
  if (!/workflow_executions_total.*success.* 1$/m.test(text)) throw new Error('nothing at ' + url);
  console.log(text);
}`,
      },
      env: { PM2_HOME: './pm2' },
      commands: [
        ['pm2', 'start', 'ecosystem.config.cjs'],
        ['node', 'look.mjs'],
        ['pm2', 'kill'],
      ],
    }),
  ),
];
