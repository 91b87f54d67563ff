import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { SDK_VERSIONS } from '../../src/sdk/packages.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { startSink } from '../support/otlp-sink.ts';

afterEach(endChildren);

const MAIN = `import { metrics } from '@opentelemetry/api'; import { task } from '${ENTRY.main}';`;
const IS_REGISTERED = `console.log('SDK ' + metrics.getMeterProvider().constructor.name);`;
const file = fileURLToPath(ENTRY.register);

describe('node --import tta-primitives/register', () => {
  it.each<[string, { flags?: string[]; env?: Record<string, string> }]>([
    ['--import <url>', { flags: ['--import', ENTRY.register] }],
    ['--import=<path>', { flags: [`--import=${file}`] }],
    ['--import <package>', { flags: ['--import', 'tta-primitives/register'] }],
    ['--require <path>', { flags: ['--require', file] }],
    ['NODE_OPTIONS', { env: { NODE_OPTIONS: `--no-deprecation --import "${ENTRY.register}"` } }],
  ])('%s registers from the environment before the program starts', async (_, options) => {
    const sink = await startSink();
    const child = runModule(`${MAIN} ${IS_REGISTERED} await task('step', () => 1).execute();`, {
      ...options,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_SERVICE_NAME: 'preloaded', ...options.env },
    });
    expect(await child.says('SDK ')).toBe('MeterProvider');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect(sink.spans).toMatchObject([{ name: 'task step', resource: { 'service.name': 'preloaded' } }]);
    await sink.stop();
  });

  it('hands its registration to a program that calls register', async () => {
    const child = runModule(
      `import { register } from '${ENTRY.register}';
       const sdk = await register(); console.log('URL ' + sdk.metricsUrl); console.log((await fetch(sdk.metricsUrl)).status);`,
      { flags: ['--import', ENTRY.register], env: { OTEL_TRACES_EXPORTER: 'none' } },
    );
    expect(await child.says('URL ')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect(await child.exited).toMatchObject({ code: 0, stdout: expect.stringContaining('200'), stderr: '' });
  });

  it('leaves worker threads to their process', async () => {
    const child = runModule(
      `import { Worker } from 'node:worker_threads';
       const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(\`${MAIN.replaceAll("'", '"').replace('@opentelemetry/api', pathToFileURL(resolve('node_modules/@opentelemetry/api/build/src/index.js')).href)} ${IS_REGISTERED}\`)));
       await new Promise((resolve, reject) => { worker.on('exit', resolve); worker.on('error', reject); });`,
      { flags: ['--import', ENTRY.register], env: { OTEL_TRACES_EXPORTER: 'none' } },
    );
    expect(await child.says('SDK ')).toBe('NoopMeterProvider');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it('is asked for: an import alone registers nothing', async () => {
    const child = runModule(`${MAIN} await import('${ENTRY.register}'); ${IS_REGISTERED}`);
    expect(await child.says('SDK ')).toBe('NoopMeterProvider');
  });
});

describe('a package of the SDK that is not installed', () => {
  const names = Object.keys(SDK_VERSIONS).filter((name) => name !== '@opentelemetry/api');

  /** The built package with every package of the SDK beside it but one. */
  async function installWithout(missing: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'tta-register-'));
    await cp(resolve(fileURLToPath(ENTRY.main), '../../..', 'dist'), join(folder, 'dist'), { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    for (const name of Object.keys(SDK_VERSIONS).filter((each) => each !== missing)) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(resolve('node_modules', name), link);
    }
    return folder;
  }

  it.each(names)('%s is named, with the line that installs the set', async (missing) => {
    const folder = await installWithout(missing);
    const entry = pathToFileURL(join(folder, 'dist/src/sdk/index.js')).href;
    const program = `import { register } from '${entry}'; await register().catch((error) => console.log('ERROR ' + error.message));`;
    const message = await runModule(program).says('ERROR ');
    expect(message).toContain(`needs ${missing}, which is not installed`);
    for (const [name, version] of Object.entries(SDK_VERSIONS)) expect(message).toContain(` ${name}@${version}`);
    const preloaded = await runModule(`console.log('STARTED');`, { flags: ['--import', entry] }).exited;
    expect(preloaded).toMatchObject({ code: 1, stdout: '' });
    expect(preloaded.stderr).toContain(`needs ${missing}`);
    await rm(folder, { recursive: true });
  });

  it('would be installed in the version that this package pins', () => {
    const { '@opentelemetry/api': api, ...sdk } = SDK_VERSIONS;
    expect(packageJson.peerDependencies).toMatchObject(sdk);
    expect(packageJson.devDependencies).toMatchObject({ '@opentelemetry/api': api });
    const peers = Object.keys(packageJson.peerDependencies).filter((name) => name.startsWith('@opentelemetry/'));
    expect(Object.keys(SDK_VERSIONS).sort()).toEqual(peers.sort());
  });
});
