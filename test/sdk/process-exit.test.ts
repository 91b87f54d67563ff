/** What waits when the event loop stops is sent by a thread. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Child, ENTRY, endChildren, runModule, runProgram } from '../support/child.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';

let sink: OtlpSink;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  endChildren();
  await sink.stop();
});

const run = (program: string, env: Record<string, string> = {}): Child =>
  runProgram(program, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env } });
const names = () => sink.spans.map(({ name }) => name);
const STEP = `await register(); console.log('hello'); await task('last', () => 1).execute();`;

describe('the last spans are delivered, and the end is the program’s own, where it', () => {
  it.each([
    ['calls process.exit', `${STEP} process.exit(5);`, { code: 5, stderr: '' }],
    ['throws an error', `${STEP} setImmediate(() => { throw new Error('mine'); });`, { code: 1 }],
    ['leaves a rejection unhandled', `${STEP} setImmediate(() => Promise.reject(new Error('mine')));`, { code: 1 }],
    [
      'exits in its handler of uncaught errors',
      `process.on('uncaughtException', () => process.exit(9)); ${STEP} setImmediate(() => { throw new Error('mine'); });`,
      { code: 9, stderr: '' },
    ],
    [
      'exits in a handler of the exit',
      `process.prependListener('exit', () => process.exit(9)); ${STEP}`,
      { code: 9, stderr: '' },
    ],
    [
      'throws in a handler of the exit',
      `process.prependListener('exit', () => { throw new Error('mine'); }); ${STEP} process.exit(5);`,
      { code: 5 },
    ],
    ['waits for what never comes', `${STEP} await new Promise(() => {});`, { code: 13, stderr: '' }],
    ['exits in beforeExit', `process.on('beforeExit', () => process.exit(6)); ${STEP}`, { code: 6, stderr: '' }],
    [
      'exits while it shuts down',
      `const sdk = await register(); console.log('hello'); await task('last', () => 1).execute(); void sdk.shutdown(); process.exit(2);`,
      { code: 2, stderr: '' },
    ],
  ])('%s', async (_, program, end) => {
    const { stdout, stderr: written, ...exit } = await run(program).exited;
    // Newer lines of Node.js say themselves that a module waits for what never comes.
    const stderr = written.replace(/^Warning: Detected unsettled top-level await[\s\S]*$/, '');
    expect({ ...exit, stderr }).toMatchObject(end);
    expect(stdout).toBe('hello\n');
    if (!('stderr' in end)) expect(stderr).toContain('Error: mine');
    expect(stderr).not.toContain('TelemetryWarning');
    expect(names()).toEqual(['task last']);
  });

  const END_LAST = `import { trace } from '@opentelemetry/api'; const span = trace.getTracer('own').startSpan('whole');`;
  it.each([
    ['ends', '', 0],
    ['calls process.exit', 'process.exit(4);', 4],
    ['calls process.exit, and again in that handler', 'process.on("exit", () => process.exit(5)); process.exit(4);', 5],
  ])('ends a span in a handler of the exit where it %s', async (_, end, code) => {
    const child = runModule(
      `import { task } from '${ENTRY.main}'; ${END_LAST} await task('last', () => 1).execute();
       process.on('exit', () => span.end()); ${end}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }, flags: ['--import', ENTRY.register] },
    );
    expect(await child.exited).toMatchObject({ code, stderr: '' });
    expect(names()).toEqual(['task last', 'whole']);
  });

  it.each([
    ['once, at once', 1, ''],
    ['three times, later', 3, 'await new Promise((end) => setTimeout(end, 300));'],
  ])('starts more work in beforeExit %s', async (_, times, wait) => {
    const child = run(
      `let rounds = 0;
       process.on('beforeExit', async () => {
         if (++rounds > ${times}) return;
         ${wait} await task('round ' + rounds, () => 1).execute();
       });
       ${STEP}`,
    );
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    const rounds = ['task round 1', 'task round 2', 'task round 3'];
    expect(names()).toEqual(['task last', ...rounds.slice(0, times)]);
  });

  it.each(['SIGQUIT', 'SIGUSR2', 'SIGHUP', 'SIGINT', 'SIGTERM'] as const)('is ended by %s', async (signal) => {
    const child = run(
      `${STEP} process.removeAllListeners('${signal}'); setInterval(() => {}, 1_000); console.log('READY');`,
    );
    await child.says('READY');
    child.kill(signal);
    expect(await child.exited).toMatchObject({ code: null, signal, stderr: '' });
    expect(names()).toEqual(['task last']);
  });

  it.each([
    ['exits', `process.on('SIGTERM', () => process.exit(0));`, { code: 0, signal: null }],
    [
      'ends a step and exits',
      `process.on('SIGTERM', async () => { await task('drained', () => 1).execute(); process.exit(0); });`,
      { code: 0, signal: null },
    ],
    [
      'removes itself and sends the signal again',
      `const own = () => { process.removeListener('SIGTERM', own); process.kill(process.pid, 'SIGTERM'); };
       process.on('SIGTERM', own);`,
      { code: null, signal: 'SIGTERM' },
    ],
    [
      'listens once and sends the signal again later',
      `process.once('SIGTERM', () => setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50));`,
      { code: null, signal: 'SIGTERM' },
    ],
  ])('has a handler of SIGTERM that %s', async (_, handler, end) => {
    const child = run(`${handler} ${STEP} setInterval(() => {}, 1_000); console.log('READY');`);
    await child.says('READY');
    child.kill('SIGTERM');
    expect(await child.exited).toMatchObject({ ...end, stderr: '' });
    expect(new Set(names())).toEqual(
      new Set(handler.includes('drained') ? ['task last', 'task drained'] : ['task last']),
    );
  });

  it.each([
    ['no handler', '', { code: null, signal: 'SIGHUP' }],
    ['a handler that exits', `process.on('SIGHUP', () => process.exit(3));`, { code: 3, signal: null }],
  ])('loses its terminal and has %s', async (_, handler, end) => {
    const child = run(`${handler} ${STEP} setInterval(() => {}, 1_000); console.log('READY');`);
    await child.says('READY');
    child.kill('SIGHUP');
    expect(await child.exited).toMatchObject({ ...end, stderr: '' });
    expect(names()).toEqual(['task last']);
  });

  it.each(['', 'process.exit(0);'])('has span processors of its own: they are ended (%s)', async (end) => {
    const { stdout } = await run(
      `const own = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => console.log('ended') };
       await register({ spanProcessors: [own] }); await task('last', () => 1).execute(); ${end}`,
    ).exited;
    expect(stdout).toBe('ended\n');
    expect(names()).toEqual(['task last']);
  });

  it('has 20,000 spans left', async () => {
    const { code } = await run(
      `import { trace } from '@opentelemetry/api';
       await register();
       for (let i = 0; i < 20_000; i++) trace.getTracer('x').startSpan('s').end();
       process.exit(0);`,
    ).exited;
    expect(code).toBe(0);
    expect(new Set(sink.spans.map(({ spanId }) => spanId)).size).toBe(20_000);
  });

  it('compresses its requests and adds headers', async () => {
    await run(`${STEP} process.exit(0);`, {
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-own=1',
    }).exited;
    expect(sink.requests[0]).toMatchObject({ 'content-encoding': 'gzip', 'x-own': '1' });
    expect(names()).toEqual(['task last']);
  });

  it('loads the package into every thread by NODE_OPTIONS', async () => {
    const child = run(
      `import { task as step } from '${ENTRY.main}'; await step('last', () => 1).execute(); process.exit(0);`,
      {
        NODE_OPTIONS: `--import ${ENTRY.register}`,
      },
    );
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect(names()).toEqual(['task last']);
  });
});

describe('the exit does not wait', () => {
  it('where nothing listens', async () => {
    await sink.stop();
    const started = performance.now();
    const child = run(`${STEP} const began = Date.now(); process.on('exit', () => {}); process.exit(0);`);
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - started).toBeLessThan(4_000);
    sink = await startSink();
  });

  it('longer than flushTimeoutMs for a collector that does not answer', async () => {
    sink.behaviour = 'hang';
    const child = run(
      `await register({ flushTimeoutMs: 500 }); await task('last', () => 1).execute();
       const began = performance.now();
       process.on('exit', () => console.log('WAITED ' + (performance.now() - began)));
       process.exit(0);`,
    );
    const waited = Number(await child.says('WAITED '));
    expect(waited).toBeGreaterThan(450);
    expect(waited).toBeLessThan(2_500);
    expect((await child.exited).code).toBe(0);
  });
});

describe('a worker thread', () => {
  const WORKER = (end: string) => `
    import { Worker } from 'node:worker_threads';
    const source = "import { task } from '${ENTRY.main}'; await task('inside', () => 1).execute(); ${end}";
    const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)));
    worker.on('exit', (code) => console.log('EXIT ' + code));`;
  it.each([
    ['ends', '', 0],
    ['calls process.exit', 'process.exit(4);', 4],
    ['throws an error', 'setImmediate(() => { throw new Error(1); });', 1],
  ])('delivers its spans under --import where it %s', async (_, end, code) => {
    const child = runModule(`${WORKER(end)} worker.on('error', () => {});`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
      flags: ['--import', ENTRY.register],
    });
    expect(await child.says('EXIT ')).toBe(String(code));
    expect((await child.exited).code).toBe(0);
    expect(names()).toEqual(['task inside']);
  });

  it.each([
    ['calls process.exit', 'process.exit(4);', 4, null],
    ['shuts down and exits', 'await (await register()).shutdown(); process.exit(4);', 4, null],
    ['throws an error', 'throw new Error("mine");', 1, null],
    ['is ended by SIGTERM', "process.kill(process.pid, 'SIGTERM');", null, 'SIGTERM'],
    ['comes to its end', 'worker.unref();', 0, null],
  ])('delivers its spans and those of its own workers where the main thread %s', async (_, end, code, signal) => {
    const nested = `import { task } from '${ENTRY.main}'; import { parentPort } from 'node:worker_threads';
      await task('nested', () => 1).execute(); setInterval(() => {}, 1_000); parentPort.postMessage('');`;
    const source = `import { task } from '${ENTRY.main}'; import { parentPort, Worker } from 'node:worker_threads';
      const nested = new Worker(new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(nested))}));
      await task('inside', () => 1).execute(); nested.on('message', () => parentPort.postMessage(''));`;
    const child = runModule(
      `import { Worker } from 'node:worker_threads'; import { register } from '${ENTRY.sdk}';
       const worker = new Worker(new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(source))}));
       await new Promise((resolve) => worker.once('message', resolve));
       ${end}`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }, flags: ['--import', ENTRY.register] },
    );
    expect(await child.exited).toMatchObject({ code, signal });
    expect(names().sort()).toEqual(['task inside', 'task nested']);
  });

  it('that computes does not hold the exit of the main thread', async () => {
    const source = `import { task } from '${ENTRY.main}'; import { parentPort } from 'node:worker_threads';
      await task('inside', () => 1).execute(); parentPort.postMessage(''); for (;;);`;
    const child = runModule(
      `import { Worker } from 'node:worker_threads';
       const worker = new Worker(new URL('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(source))}));
       await new Promise((resolve) => worker.once('message', resolve));
       const began = performance.now();
       process.once('exit', () => console.log('WAITED ' + (performance.now() - began)));
       process.exit(0);`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url }, flags: ['--import', ENTRY.register] },
    );
    expect(Number(await child.says('WAITED '))).toBeLessThan(2_000);
    expect((await child.exited).code).toBe(0);
  });

  it('says that its counts are at no endpoint where only the worker registers, and opens no port', async () => {
    const child = runModule(
      `import { Worker } from 'node:worker_threads';
       const source = "import { task } from '${ENTRY.main}'; await task('inside', () => 1).execute(); await task('inside', () => 1).execute();";
       new Worker(new URL('data:text/javascript,' + encodeURIComponent(source)), { execArgv: ['--import', '${ENTRY.register}'] });`,
      { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url } },
    );
    const { stderr } = await child.exited;
    expect(stderr.match(/TelemetryWarning: .*/g)).toEqual([expect.stringContaining('its counts are at no endpoint')]);
    expect(names()).toEqual(['task inside', 'task inside']);
  });
});
