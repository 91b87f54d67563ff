import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Primitive, task } from '../../../src/index.ts';
import { bullmqQueue, distribute } from '../../../src/queue/index.ts';
import { ENTRY } from '../../support/child.ts';
import { component } from '../../support/component.ts';
import { freePort } from '../../support/free-port.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { scrape, total } from '../../support/scrape.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

beforeAll(build);

/** `slow` waits as long as its input says. At the first start of a job, `fatal` ends its process, and `held` does not end. */
const TASKS = `
import { existsSync, writeFileSync } from 'node:fs';
import { task } from '${ENTRY.main}';
export const hello = task('hello', (name) => 'hello ' + name);
export const slow = task('slow', async (ms, context) => { console.log('slow begins'); await context.sleep(ms); return process.pid; });
export const fatal = task('fatal', (file) => {
  if (!existsSync(file)) { writeFileSync(file, ''); process.kill(process.pid, 'SIGKILL'); }
  return 'done';
});
export const held = task('held', async (file, context) => {
  if (!existsSync(file)) { writeFileSync(file, ''); console.log('held begins'); await context.sleep(600_000); }
  return process.pid;
});
export const helper = () => 1;
`;

describe.skipIf(component('redis-server') === undefined)('tta worker', () => {
  /** A server that ends with the test. */
  async function redisOfTest(options: Parameters<typeof startRedis>[0] = {}): Promise<Redis> {
    const redis = await startRedis(options);
    onTestFinished(() => redis.kill('SIGKILL'));
    return redis;
  }

  /** Calls the export of this name, as another program would. */
  function callOf<In, Out>(url: string, name: string): Primitive<In, Out> {
    const queue = bullmqQueue('texts', { url });
    onTestFinished(() => queue.close());
    return distribute(
      name,
      task(name, (): Out => {
        throw new Error('it does not run here');
      }) as Primitive<In, Out>,
      { queue },
    );
  }

  function startWorkers(redis: { readonly url: string }, args: readonly string[] = [], files = { 'tasks.mjs': TASKS }) {
    const cwd = tempFolder(files);
    const run = tta(['worker', 'tasks.mjs', '--queue', 'texts', '--redis', redis.url, ...args], {
      cwd,
      env: { OTEL_TRACES_EXPORTER: 'none' },
    });
    return { ...run, cwd };
  }

  const isAlive = (pid: number) =>
    existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));

  it('runs the primitives that a module exports, each worker with its own endpoint, until SIGTERM', async () => {
    const redis = await redisOfTest();
    const run = startWorkers(redis, ['--workers', '2', '--targets', 'workers.json']);
    const [, first, second] = await run.waitForStdout(
      /Worker \d, process \d+, metrics (\S+)\n(?:.*\n)*?Worker \d, process \d+, metrics (\S+)/,
    );
    const hello = callOf<string, string>(redis.url, 'hello');
    const names = Array.from({ length: 20 }, (_, i) => `${i}`);
    expect(await Promise.all(names.map((name) => hello.execute(name)))).toEqual(names.map((name) => `hello ${name}`));

    const targets = () => JSON.parse(readFileSync(join(run.cwd, 'workers.json'), 'utf8'))[0].targets as string[];
    expect(
      targets()
        .map((target) => `http://${target}/metrics`)
        .toSorted(),
    ).toEqual([first, second].toSorted());
    const counts = await Promise.all(
      [first, second].map(async (url) =>
        total(await scrape(url as string), 'tta_primitive_executions_total', { primitive_name: 'hello' }),
      ),
    );
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);

    run.kill('SIGTERM');
    const { signal, stdout, stderr } = await run.exited;
    expect(signal).toBe('SIGTERM');
    expect(stdout).toContain('Module   tasks.mjs: fatal, held, hello, slow');
    expect(stdout).toContain(`Queue    texts in bullmq at ${redis.url}`);
    expect(stdout).toMatch(/Worker 1 has stopped\n/);
    expect(stderr).toContain('Stopping: jobs have 30 s to end');
    expect(existsSync(join(run.cwd, 'workers.json'))).toBe(false);
  });

  it('finishes what it runs when it is told to stop', async () => {
    const redis = await redisOfTest();
    const run = startWorkers(redis);
    const working = callOf<number, number>(redis.url, 'slow').execute(1_500);
    await run.waitForStdout(/slow begins/);
    run.kill('SIGTERM');
    expect(await working).toBeGreaterThan(1);
    expect((await run.exited).stdout).toContain('Worker 1 has stopped: 1 finished, 0 handed back');
  });

  it('hands a job to another worker when its grace is over', async () => {
    const redis = await redisOfTest();
    const leaving = startWorkers(redis, ['--grace', '0.2']);
    const working = callOf<string, number>(redis.url, 'held').execute(join(leaving.cwd, 'held'));
    await leaving.waitForStdout(/held begins/);
    const staying = startWorkers(redis);
    const [, pid] = await staying.waitForStdout(/Worker 1, process (\d+)/);
    leaving.kill('SIGTERM');
    expect(await working).toBe(Number(pid));
  });

  it('starts a worker that was killed again, and its job is finished', async () => {
    const redis = await redisOfTest();
    const run = startWorkers(redis);
    const [, pid] = await run.waitForStdout(/Worker 1, process (\d+)/);
    expect(await callOf<string, string>(redis.url, 'fatal').execute(join(run.cwd, 'killed'))).toBe('done');
    await run.waitForStderr(/Worker 1: it ended by SIGKILL\. Its jobs go to other workers\. Again in 1 s/);
    const [, next] = await run.waitForStdout(/Worker 1, process \d+(?:.|\n)*Worker 1, process (\d+)/);
    expect(next).not.toBe(pid);
  });

  it('leaves no process behind when it is killed', async () => {
    const redis = await redisOfTest();
    const run = startWorkers(redis, ['--workers', '2']);
    const [text] = await run.waitForStdout(/(?:Worker \d, process \d+, (?:.|\n)*){2}/);
    const pids = [...text.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
    expect(pids.map(isAlive)).toEqual([true, true]);
    run.kill('SIGKILL');
    await expect.poll(() => pids.map(isAlive), { timeout: 20_000 }).toEqual([false, false]);
  });

  it('ends at once at a second signal', async () => {
    const redis = await redisOfTest();
    const run = startWorkers(redis);
    const working = callOf<number, number>(redis.url, 'slow').execute(120_000, { signal: AbortSignal.timeout(60_000) });
    working.catch(() => {});
    const [, pid] = await run.waitForStdout(/Worker 1, process (\d+)/);
    await run.waitForStdout(/slow begins/);
    run.kill('SIGINT');
    await run.waitForStderr(/Stopping/);
    // The same key press may arrive twice: a second signal counts a little later.
    const asking = setInterval(() => run.kill('SIGINT'), 200);
    expect((await run.exited).signal).toBe('SIGINT');
    clearInterval(asking);
    await expect.poll(() => isAlive(Number(pid)), { timeout: 20_000 }).toBe(false);
  });

  it('says that Redis cannot be reached, goes on when it can, and never shows its password', async () => {
    const port = await freePort();
    const options = ['--requirepass', 'hunter2secret'];
    const url = `redis://:hunter2secret@127.0.0.1:${port}`;
    const run = startWorkers({ url });
    await run.waitForStderr(/The engine does not answer: .*Redis cannot be reached.* It is tried again/);
    await redisOfTest({ port, options });
    await run.waitForStderr(/The engine of the queue texts answers again/);
    expect(await callOf<string, string>(url, 'hello').execute('again')).toBe('hello again');
    run.kill('SIGTERM');
    const { signal, stdout, stderr } = await run.exited;
    expect(signal).toBe('SIGTERM');
    expect(stdout + stderr).not.toContain('hunter2secret');
  });

  it('ends at SIGTERM also while Redis cannot be reached', async () => {
    const run = startWorkers({ url: `redis://127.0.0.1:${await freePort()}` });
    await run.waitForStderr(/does not answer/);
    run.kill('SIGTERM');
    expect((await run.exited).signal).toBe('SIGTERM');
  });

  it('takes the jobs from the queue that the module exports, if none is named', async () => {
    const redis = await redisOfTest();
    const queue = new URL('queue/index.js', ENTRY.main).href;
    const cwd = tempFolder({
      'tasks.mjs': `${TASKS}
        import { bullmqQueue, distribute } from '${queue}';
        export const texts = bullmqQueue('texts', { url: process.env.MY_REDIS });
        export const remoteHello = distribute('hello', hello, { queue: texts });`,
    });
    const run = tta(['worker', 'tasks.mjs'], { cwd, env: { MY_REDIS: redis.url, OTEL_TRACES_EXPORTER: 'none' } });
    await run.waitForStdout(
      /Module {3}tasks\.mjs: fatal, held, hello, slow\nQueue {4}texts in bullmq, as the module exports it\n/,
    );
    await run.waitForStderr(/Left out, because a worker would send their jobs on: remoteHello/);
    expect(await callOf<string, string>(redis.url, 'hello').execute('you')).toBe('hello you');
  });

  it('says which worker has no endpoint because its port is taken, and works on', async () => {
    const redis = await redisOfTest();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const run = startWorkers(redis, ['--port', `${port}`]);
    await run.waitForStdout(/^Worker 1, process \d+\. Metrics are not served: port \d+ on 127\.0\.0\.1 is taken by/m);
    expect(await callOf<string, string>(redis.url, 'hello').execute('you')).toBe('hello you');
  });

  it('refuses an address without the name of a queue: it would not be used', async () => {
    const { code, stderr } = await tta(['worker', 'tasks.mjs', '--redis', 'redis://127.0.0.1:1']).exited;
    expect([code, stderr]).toEqual([1, expect.stringContaining('are for the queue of --queue')]);
  });

  it.each([
    ['export const helper = () => 1;', /^tta: tasks\.mjs exports no primitive, but helper \(a function/m],
    ["throw new Error('no database');", /^tta: tasks\.mjs cannot be loaded: no database/m],
    ['process.exit(3);', /^tta: it ended by code 3/m],
  ])('ends with an error for a module with %s', async (text, message) => {
    const { code, stderr } = await startWorkers({ url: 'redis://127.0.0.1:1' }, ['--workers', '2'], {
      'tasks.mjs': text,
    }).exited;
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });

  it.each([
    [['--redis', 'localhost:6379'], '--redis must be a URL that starts with redis:// or rediss://'],
    [['--redis', 'http://:hunter2secret@x'], '--redis must be a URL that starts with redis:// or rediss://'],
    [['--redis', 'redis://x', '--nats', 'nats://x'], 'give --redis or --nats'],
    [['--workers', '1001'], 'It must be at most 1000'],
    [['--workers', '2', '--port', '65535'], '2 workers need the ports from 65535 on'],
    [['--targets', 'prometheus.conf'], 'its name must end with .json, .yml, .yaml'],
  ])('refuses %j and says why, without a password', async (args, message) => {
    const { code, stderr } = await tta(['worker', 'tasks.mjs', '--queue', 'texts', ...args]).exited;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('hunter2secret');
  });
});
