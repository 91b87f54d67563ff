import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Child, endChildren, runProgram } from '../support/child.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';

let sink: OtlpSink;
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  endChildren();
  await sink.stop();
});

/** A service in the middle of its work: one step ended, another runs. */
const SERVICE = `
  const sdk = await register();
  await task('done', () => 1).execute();
  console.log('URL ' + sdk.metricsUrl);
  const work = setInterval(() => {}, 1_000);`;

const run = (program: string, env: Record<string, string> = {}): Child =>
  runProgram(program, { env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env } });
const names = () => sink.spans.map(({ name }) => name);

describe('a signal in mid-run', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s delivers the last spans and then is what it would have been',
    async (signal) => {
      const child = run(`${SERVICE} console.log('READY');`);
      await child.says('READY');
      child.kill(signal);
      expect(await child.exited).toMatchObject({ code: null, signal, stderr: '' });
      expect(names()).toEqual(['task done']);
    },
  );

  it("leaves the program's own handler its exit code, and delivers what ends while that works", async () => {
    const child = run(`${SERVICE}
      process.on('SIGTERM', async () => {
        await task('clean up', () => 1).execute();
        clearInterval(work);
        process.exitCode = 3;
      });
      console.log('READY');`);
    await child.says('READY');
    child.kill('SIGTERM');
    expect(await child.exited).toMatchObject({ code: 3, signal: null, stderr: '' });
    expect(names()).toEqual(['task done', 'task clean up']);
  });

  it('has been delivered when a handler awaits shutdown before it exits', async () => {
    const child = run(`${SERVICE}
      process.on('SIGTERM', async () => { await sdk.shutdown(); process.exit(4); });
      console.log('READY');`);
    await child.says('READY');
    child.kill('SIGTERM');
    expect(await child.exited).toMatchObject({ code: 4, signal: null });
    expect(names()).toEqual(['task done']);
  });

  it('delivers what there is and does not stop a program that handles it and goes on', async () => {
    const child = run(
      `${SERVICE}
      process.on('SIGINT', () => console.log('NO'));
      console.log('READY');`,
      { OTEL_BSP_SCHEDULE_DELAY: '3600000' },
    );
    await child.says('READY');
    child.kill('SIGINT');
    await child.says('NO');
    await sink.requested(1);
    child.kill('SIGTERM');
    expect((await child.exited).signal).toBe('SIGTERM');
  });

  it.each(['before', 'after'])(
    'is left to a handler that acts only where it is alone, added %s register',
    async (when) => {
      const handler = `
      const alone = () => {
        if (process.listenerCount('SIGTERM') > 1) return;
        process.removeListener('SIGTERM', alone);
        process.kill(process.pid, 'SIGTERM');
      };
      process.on('SIGTERM', alone);`;
      const child = run(`${when === 'before' ? handler + SERVICE : SERVICE + handler} console.log('READY');`);
      await child.says('READY');
      child.kill('SIGTERM');
      expect((await child.exited).signal).toBe('SIGTERM');
    },
  );

  it('forces the end when it is given again, but not as the echo of the same keypress', async () => {
    sink.behaviour = 'hang';
    const child = run(`const sdk = await register({ flushTimeoutMs: 600_000 });
      await task('done', () => 1).execute();
      process.on('SIGUSR2', () => console.log('HERE'));
      setInterval(() => {}, 1_000);
      console.log('READY');`);
    await child.says('READY');
    child.kill('SIGINT');
    await sink.requested(1);
    child.kill('SIGINT');
    child.kill('SIGUSR2');
    await child.says('HERE');
    const again = setInterval(() => child.kill('SIGINT'), 100);
    const { signal, code } = await child.exited;
    clearInterval(again);
    expect({ signal, code }).toEqual({ signal: 'SIGINT', code: null });
  });
});

/** Whether this machine lets us have a process 1 of our own. */
const UNSHARE = ['unshare', '--pid', '--fork', '--kill-child'];
const canUnshare = spawnSync(UNSHARE[0] as string, [...UNSHARE.slice(1), 'true']).status === 0;

it.skipIf(!canUnshare)(
  'process 1 of a container, which no signal of its own can end, ends as by the signal',
  async () => {
    const child = runProgram(`${SERVICE} console.log('PID ' + process.pid); process.kill(process.pid, 'SIGTERM');`, {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url },
      within: UNSHARE,
    });
    expect(await child.says('PID ')).toBe('1');
    expect(await child.exited).toMatchObject({ code: 128 + 15, signal: null });
    expect(names()).toEqual(['task done']);
  },
);

describe('a natural end', () => {
  it("delivers the last spans and keeps the program's exit code", async () => {
    const child = run(`await register(); await task('last', () => 1).execute(); process.exitCode = 7;`);
    expect(await child.exited).toMatchObject({ code: 7, stderr: '' });
    expect(names()).toEqual(['task last']);
  });

  it('comes within the deadline though a collector hangs, exports are under way and more wait', async () => {
    sink.behaviour = 'hang';
    const child = run(
      `const sdk = await register();
       for (let i = 0; i < 40; i++) await task('step', () => 1).execute();
`,
      { OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1' },
    );
    const { code, stderr } = await child.exited;
    expect(code).toBe(0);
    expect(stderr).toContain('spans were lost at shutdown');
    expect(sink.requests).toHaveLength(4);
  });

  it('is an unhandled error too, with its own exit code', async () => {
    const child = run(`await register(); await task('last', () => { throw new Error('mine'); }).execute();`);
    const { code, stderr } = await child.exited;
    expect(code).toBe(1);
    expect(stderr).toContain('Error: mine');
  });

  it.each([
    ['keeps its connection', 'GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: keep-alive\r\n\r\n'],
    ['never finishes its request', 'GET /metrics HTTP/1.1\r\nhost: x\r\n'],
  ])('does not wait for a scraper that %s', async (_, request) => {
    const child = run(`const sdk = await register();
      console.log('PORT ' + new URL(sdk.metricsUrl).port);
      const work = setInterval(() => {}, 1_000);
      process.once('SIGUSR2', () => {
        clearInterval(work);
        // Keeps nothing alive: it speaks only where something else does.
        setTimeout(() => console.log('HELD'), 2_000).unref();
      });
      console.log('READY');`);
    const socket = connect(Number(await child.says('PORT ')), '127.0.0.1');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => {});
    await child.says('READY');
    await new Promise((resolve) => socket.write(request, resolve));
    if (request.includes('keep-alive')) await new Promise((resolve) => socket.once('data', resolve));
    child.kill('SIGUSR2');
    const { code, stdout } = await child.exited;
    expect(code).toBe(0);
    expect(stdout).not.toContain('HELD');
    await closed;
  });
});
