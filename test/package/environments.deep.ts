/** The package in the tests of its users: jest and vitest, with the DOM of jsdom and happy-dom. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProject, type Project, ROOT, run, succeed } from './project.ts';

const MINUTES = 60_000;
let project: Project;

/** A user's test, for vitest and jest alike. */
const USERS_TEST = `
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { inject, llm, openAICompatible, race, retry, stream, task, timeout } from 'tta-primitives';
import { createVirtualClock, scriptedModel, startTestTelemetry } from 'tta-primitives/testing';

const { it, expect } = globalThis.it ? globalThis : await import('vitest');
const wait = task('wait', (_, context) => context.clock.sleep(60_000, context.signal));

it('aborts by the signal of this environment', async () => {
  const controller = new AbortController();
  const running = wait.execute(undefined, { signal: controller.signal });
  const reason = new Error('stop');
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  await expect(wait.execute(undefined, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

it('times out, races, and gives a signal that any number of calls may listen to', async () => {
  await expect(timeout(wait, { timeoutMs: 5 }).execute()).rejects.toMatchObject({ name: 'PrimitiveTimeoutError' });
  expect(await race([wait, task('quick', () => 1)]).execute()).toBe(1);
  const many = task('many', (_, { signal, clock }) => Promise.all(Array.from({ length: 50 }, () => clock.sleep(1, signal))));
  await many.execute();
});

it('aborts a request of Node.js', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const http = await import('node:http');
  const ask = task('ask', (_, { signal }) => new Promise((resolve, reject) => {
    http.get({ port: server.address().port, signal }, resolve).on('error', reject);
  }));
  await expect(timeout(ask, { timeoutMs: 50 }).execute()).rejects.toMatchObject({ name: 'PrimitiveTimeoutError' });
  await new Promise((resolve) => server.close(resolve));
});

it('reads streams, retries on a virtual clock, and carries the context in headers', async () => {
  const numbers = stream('numbers', async function* () { yield 1; yield 2; });
  const read = [];
  for await (const n of await numbers.execute()) read.push(n);
  expect(read).toEqual([1, 2]);
  const clock = createVirtualClock();
  let tries = 0;
  const flaky = retry(task('flaky', () => { tries += 1; if (tries < 3) throw new Error('no luck'); return tries; }));
  const running = flaky.execute(undefined, { context: { clock } });
  await clock.advance(60_000);
  expect(await running).toBe(3);
  const headers = await task('send', (_, context) => inject(context, typeof Headers === 'undefined' ? {} : new Headers()))
    .execute(undefined, { context: { sessionId: 's-1' } });
  expect(headers.get?.('baggage') ?? headers.baggage).toContain('session.id=s-1');
});

it('asks a model by the openai client', async () => {
  // jest takes the global fetch away beside jsdom, and the client says so.
  if (typeof fetch === 'undefined') return;
  const origins = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' };
  const reply = JSON.stringify({ choices: [{ message: { content: 'hello' }, finish_reason: 'stop' }] });
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...origins }).end(reply);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const baseURL = 'http://127.0.0.1:' + server.address().port + '/v1';
  expect((await llm(openAICompatible({ model: 'any', baseURL })).execute('hi')).text).toBe('hello');
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('shows spans and metrics, with the type of an error of Node.js', async () => {
  const telemetry = startTestTelemetry();
  const missing = task('read', () => readFile('/does/not/exist'));
  await expect(missing.execute()).rejects.toMatchObject({ code: 'ENOENT' });
  expect(telemetry.spans()[0].attributes['error.type']).toBe('Error');
  await telemetry.expectMetric('tta_primitive_executions_total', { status: 'failure' }, 1);
  await telemetry.stop();
});
`;

beforeAll(async () => {
  project = await createProject();
  const pack = ['pack', '--json', '--foreground-scripts=false', '--pack-destination', project.folder];
  const [packed] = JSON.parse(await succeed('npm', pack, ROOT)) as [{ readonly filename: string }];
  const { devDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const sdk = Object.entries(devDependencies).filter(([name]) => name.startsWith('@opentelemetry/'));
  await project.install(
    ...[join(project.folder, packed.filename), ...sdk.map(([name, version]) => `${name}@${version}`)],
    ...['openai@6', 'vitest', 'happy-dom', 'jsdom@26', 'jest', 'jest-environment-jsdom'],
  );
  await project.write('users.test.mjs', USERS_TEST);
  const jest = {
    testEnvironment: 'jsdom',
    testMatch: ['**/*.test.mjs'],
    moduleFileExtensions: ['mjs', 'js'],
    transform: {},
  };
  await project.write('jest.config.json', JSON.stringify(jest));
}, 5 * MINUTES);

afterAll(() => project?.remove());

it.each([
  ['vitest, happy-dom', ['node_modules/vitest/vitest.mjs', 'run', '--environment', 'happy-dom']],
  ['vitest, jsdom', ['node_modules/vitest/vitest.mjs', 'run', '--environment', 'jsdom']],
  ['vitest', ['node_modules/vitest/vitest.mjs', 'run']],
  ['jest, jsdom', ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-c', 'jest.config.json']],
  ['jest', ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '-c', 'jest.config.json', '--env', 'node']],
])(
  "a user's tests pass in %s, without a warning of listeners",
  async (_, args) => {
    const { code, stdout, stderr } = await run(process.execPath, args, project.folder);
    expect({ code, output: code === 0 ? '' : stdout + stderr }).toEqual({ code: 0, output: '' });
    expect(stdout + stderr).not.toContain('MaxListeners');
  },
  2 * MINUTES,
);
