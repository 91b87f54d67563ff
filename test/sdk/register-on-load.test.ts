import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { freePort } from '../support/free-port.ts';
import { startSink } from '../support/otlp-sink.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

const API = pathToFileURL(createRequire(import.meta.url).resolve('@opentelemetry/api')).href;
/** Says which provider of metrics the process has now, `NoopMeterProvider` where there is none. */
const TELL_PROVIDER = `console.log('SDK ' + (await import('${API}')).metrics.getMeterProvider().constructor.name);`;
const WORK = `await (await import('${ENTRY.main}')).task('step', () => 1).execute();`;
const REQUIRE = `(await import('node:module')).createRequire('${ENTRY.main}')('tta-primitives/register');`;

const file = fileURLToPath(ENTRY.register);
const flag = { flags: ['--import', ENTRY.register] };

interface Way {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the program does first. */
  readonly first?: string;
}

describe('tta-primitives/register', () => {
  it.each<[string, Way]>([
    ['--import <url>', flag],
    ['--import=<path>', { flags: [`--import=${file}`] }],
    ['--import <package>', { flags: ['--import', 'tta-primitives/register'] }],
    ['--require <path>', { flags: ['--require', file] }],
    ['--require <package>', { flags: ['--require', 'tta-primitives/register'] }],
    ['NODE_OPTIONS', { env: { NODE_OPTIONS: `--no-deprecation --import "${ENTRY.register}"` } }],
    ['an import', { first: "await import('tta-primitives/register');" }],
    ['a require', { first: REQUIRE }],
    ['two imports', { first: `await import('tta-primitives/register'); await import('${ENTRY.register}?again');` }],
    ['an import and a require', { first: `await import('tta-primitives/register'); ${REQUIRE}` }],
    ['--import and an import', { ...flag, first: "await import('tta-primitives/register');" }],
    ['--import and --require', { flags: ['--require', file, '--import', ENTRY.register] }],
  ])('registers once from the environment when it is loaded by %s', async (_, { flags, env, first = '' }) => {
    const sink = await startSink();
    const child = runModule(`${first} ${TELL_PROVIDER} ${WORK}`, {
      ...(flags === undefined ? {} : { flags }),
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_SERVICE_NAME: 'loaded', ...env },
    });
    expect(await child.says('SDK ')).toBe('MeterProvider');
    // A second registration would warn: an SDK is there already.
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect(sink.spans).toMatchObject([{ name: 'task step', resource: { 'service.name': 'loaded' } }]);
    await sink.stop();
  });

  it('leaves the port to the program that npm starts, with NODE_OPTIONS', async () => {
    const port = await freePort();
    const folder = tempFolder({
      'package.json': JSON.stringify({ type: 'module', scripts: { start: 'node app.js' } }),
      'app.js': `const { register } = await import('${ENTRY.sdk}');
        const sdk = await register(); console.log('URL ' + sdk.metricsUrl); await sdk.shutdown();`,
    });
    const { stdout, stderr } = await promisify(execFile)('npm', ['start', '--silent'], {
      cwd: folder,
      env: {
        ...process.env,
        NODE_OPTIONS: `--import "${ENTRY.register}"`,
        OTEL_TRACES_EXPORTER: 'none',
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      },
    });
    expect(stdout).toContain(`URL http://127.0.0.1:${port}/metrics`);
    expect(stderr).toBe('');
  });

  it('gives its handle to a program that calls register of tta-primitives/sdk', async () => {
    const child = runModule(
      `import { register } from 'tta-primitives/sdk';
       const sdk = await register(); console.log('URL ' + sdk.metricsUrl); console.log((await fetch(sdk.metricsUrl)).status);
       await import('tta-primitives/register'); console.log('SAME ' + (sdk === await register()));`,
      { ...flag, env: { OTEL_TRACES_EXPORTER: 'none' } },
    );
    expect(await child.says('URL ')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect(await child.says('SAME ')).toBe('true');
    expect(await child.exited).toMatchObject({ code: 0, stdout: expect.stringContaining('200'), stderr: '' });
  });

  it('makes a later call of register say which of its options come too late', async () => {
    const child = runModule(`import { register } from 'tta-primitives/sdk'; await register({ serviceName: 'late' });`, {
      ...flag,
      env: { OTEL_TRACES_EXPORTER: 'none' },
    });
    const { code, stderr } = await child.exited;
    expect(code).toBe(0);
    expect(stderr).toContain('by tta-primitives/register: serviceName of this call is ignored');
  });

  it('leaves a registration as it is that the program has made before', async () => {
    const child = runModule(
      `import { register } from 'tta-primitives/sdk';
       const sdk = await register({ serviceName: 'mine' }); await import('tta-primitives/register');
       console.log('SAME ' + (sdk === await register({ serviceName: 'mine' })));`,
      { env: { OTEL_TRACES_EXPORTER: 'none' } },
    );
    expect(await child.says('SAME ')).toBe('true');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it('registers nothing where OTEL_SDK_DISABLED says so', async () => {
    const child = runModule(TELL_PROVIDER, { ...flag, env: { OTEL_SDK_DISABLED: 'true' } });
    expect(await child.says('SDK ')).toBe('NoopMeterProvider');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it('registers in worker threads too, without an endpoint', async () => {
    const child = runModule(
      `import { Worker } from 'node:worker_threads';
       const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(TELL_PROVIDER)})));
       await new Promise((resolve, reject) => { worker.on('exit', resolve); worker.on('error', reject); });`,
      { ...flag, env: { OTEL_TRACES_EXPORTER: 'none' } },
    );
    expect(await child.says('SDK ')).toBe('MeterProvider');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });

  it.each([
    ['those of its own endpoint, where it registers with a port', [`await register({ prometheus: { port } });`, 'own']],
    ['those of the main thread', ['', 'main']],
  ] as const)('the counts of a worker thread are %s', async (_, [own, where]) => {
    const [port, mainPort] = [await freePort(), await freePort()];
    const sink = await startSink();
    const source = `import { register } from '${ENTRY.sdk}'; const port = ${port}; ${own} ${WORK}
      const at = async (port) => fetch('http://127.0.0.1:' + port + '/metrics').then((reply) => reply.text(), () => '');
      const counts = (metrics) => /tta_primitive_executions_total{[^}]*success"[^}]*} [1-9]/.test(metrics);
      console.log('COUNTS ' + JSON.stringify({ own: counts(await at(port)), main: counts(await at(${mainPort})) }));`;
    const child = runModule(
      `import { Worker } from 'node:worker_threads';
       const worker = new Worker(new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(source))}));
       await new Promise((resolve, reject) => { worker.on('exit', resolve); worker.on('error', reject); });`,
      {
        ...flag,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_EXPORTER_PROMETHEUS_PORT: String(mainPort) },
      },
    );
    expect(JSON.parse(await child.says('COUNTS '))).toEqual({ own: where === 'own', main: where === 'main' });
    expect((await child.exited).stderr).not.toContain('TelemetryWarning');
    await sink.stop();
  });
});

it('tta-primitives/sdk registers nothing when it is loaded', async () => {
  const child = runModule(
    `await import('tta-primitives/sdk'); ${REQUIRE.replace('/register', '/sdk')} ${TELL_PROVIDER}`,
  );
  expect(await child.says('SDK ')).toBe('NoopMeterProvider');
  expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
});
