import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { freePort } from '../support/free-port.ts';
import { eventually, startPrometheus } from '../support/prometheus.ts';
import { tempFolder } from '../support/temp-folder.ts';

afterEach(endChildren);

const REGISTER = `import { register } from '${ENTRY.sdk}'; const sdk = await register(typeof options === 'undefined' ? {} : options);`;

/** Works when it is told to, and says when it has. */
const WORKER = `
  import cluster from 'node:cluster'; import { task } from '${ENTRY.main}';
  ${REGISTER}
  const work = task('work', () => 1);
  process.on('message', async ({ run, then }) => {
    for (let i = 0; i < run; i += 1) await work.execute();
    if (then === undefined) return process.send('ran');
    if (then === 'busy') { process.send('ran'); const end = Date.now() + 2_500; while (Date.now() < end); }
    if (then === 'exit') process.exit(3);
    if (then === 'throw') setTimeout(() => { throw new Error('on purpose'); });
    if (then === 'disconnect') { cluster.worker.disconnect(); setTimeout(() => work.execute(), 100); }
    if (then === 'kill') process.kill(process.pid, 'SIGTERM');
    if (then === 'metrics') process.send(await sdk.metrics());
  });
  process.send('ready');`;

/** What the programs of primaries use. */
const PRIMARY = `
  import cluster from 'node:cluster'; import { once } from 'node:events';
  const fork = async (env) => { const worker = cluster.fork(env); await once(worker, 'message'); return worker; };
  const tell = async (worker, message) => { worker.send(message); return (await once(worker, 'message'))[0]; };
  const ended = (worker) => once(worker, 'exit');
  const text = async (url = sdk.metricsUrl) => (await fetch(url)).text();
  const executions = (metrics) => Number(/tta_primitive_executions_total{[^}]*status="success"[^}]*} (\\S+)/.exec(metrics)?.[1] ?? 0);
  const count = async () => executions(await text());
  const workersIn = (metrics, state) => Number(new RegExp('tta_scrape_workers{state="' + state + '"[^}]*} (\\\\S+)').exec(metrics)?.[1]);`;

interface Programs {
  readonly primary: string;
  readonly worker?: string;
  readonly env?: Record<string, string>;
  /** Flags of Node.js for the workers. */
  readonly execArgv?: readonly string[];
  /** Whether a warning of ours is no surprise. It may not be written before the worker is killed. */
  readonly mayWarn?: boolean;
}

/** Runs the primary, and returns what it gives to `answer`. */
async function runCluster({
  primary,
  worker = WORKER,
  env = {},
  execArgv = [],
  mayWarn = false,
}: Programs): Promise<unknown> {
  const exec = join(tempFolder({ 'worker.mjs': worker }), 'worker.mjs');
  const child = runModule(
    `${PRIMARY} cluster.setupPrimary({ exec: ${JSON.stringify(exec)}, execArgv: ${JSON.stringify(execArgv)} });
     const answer = (value) => console.log('ANSWER ' + JSON.stringify(value));
     ${primary}
     for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGKILL');
     process.exit();`,
    { env: { OTEL_TRACES_EXPORTER: 'none', TTA_MODEL_CALLS: 'off', ...env } },
  );
  const answer: unknown = JSON.parse(await child.says('ANSWER '));
  const { stderr } = await child.exited;
  // What the worker throws on purpose is on stderr too.
  if (!mayWarn) expect(stderr).not.toContain('TelemetryWarning');
  return answer;
}

describe('a primary that does not register', () => {
  it('is named by the workers that find the port taken', async () => {
    const said = await runCluster({
      mayWarn: true,
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) },
      worker: `${REGISTER} process.send(sdk.metricsError?.message ?? sdk.metricsUrl);`,
      primary: `const said = []; for (let i = 0; i < 2; i += 1) said.push((await once(cluster.fork(), 'message'))[0]); answer(said);`,
    });
    expect(said).toEqual([
      expect.stringContaining('/metrics'),
      expect.stringContaining('A primary that registers too serves the metrics of all its workers.'),
    ]);
  });
});

describe('the primary of a cluster', () => {
  it('serves the sum of its workers, which listen to no port', async () => {
    const answer = await runCluster({
      primary: `${REGISTER} const workers = await Promise.all([fork(), fork(), fork()]);
        await Promise.all(workers.map((worker, i) => tell(worker, { run: 10 ** i })));
        const metrics = await text();
        answer([executions(metrics), workersIn(metrics, 'answered'), workersIn(metrics, 'stuck'), metrics.match(/^target_info/gm).length]);`,
    });
    expect(answer).toEqual([111, 3, 0, 1]);
  });

  it.each([
    ['calls process.exit()', 'exit'],
    ['throws an error', 'throw'],
    ['gets SIGTERM', 'kill'],
  ])('keeps what a worker has counted that %s', async (_, then) => {
    const answer = await runCluster({
      primary: `${REGISTER} const worker = await fork(); await tell(worker, { run: 5 }); const counts = [await count()];
        worker.send({ run: 7, then: '${then}' }); await ended(worker);
        counts.push(await count());
        await tell(await fork(), { run: 1 });
        counts.push(await count()); answer(counts);`,
    });
    expect(answer).toEqual([5, 12, 13]);
  });

  it('keeps what a worker has counted after it has disconnected', async () => {
    const answer = await runCluster({
      primary: `${REGISTER} const worker = await fork(); worker.send({ run: 7, then: 'disconnect' }); await ended(worker);
        answer(await count());`,
    });
    expect(answer).toBe(8);
  });

  it('keeps what a worker has counted until the last scrape before SIGKILL', async () => {
    const answer = await runCluster({
      primary: `${REGISTER} const worker = await fork(); await tell(worker, { run: 5 }); await count();
        worker.process.kill('SIGKILL'); await ended(worker);
        const metrics = await text(); answer([executions(metrics), workersIn(metrics, 'answered')]);`,
    });
    expect(answer).toEqual([5, 0]);
  });

  it('waits for a worker that is busy until a deadline, once, and adds its answer when it comes', async () => {
    const answer = await runCluster({
      primary: `${REGISTER} const workers = await Promise.all([fork(), fork()]);
        await tell(workers[0], { run: 5 }); await tell(workers[1], { run: 7, then: 'busy' });
        const timed = async () => { const from = performance.now(); const metrics = await text();
          return [executions(metrics), workersIn(metrics, 'stuck'), performance.now() - from]; };
        const first = await timed(); const second = await timed();
        while ((await count()) !== 12) await new Promise((resolve) => setTimeout(resolve, 50));
        const last = await timed();
        answer([first.slice(0, 2), first[2] > 900, second.slice(0, 2), second[2] < 900, last.slice(0, 2)]);`,
    });
    expect(answer).toEqual([[5, 1], true, [5, 1], true, [12, 0]]);
  });

  it('does not show its messages to the handlers of the program', async () => {
    const answer = await runCluster({
      worker: `${REGISTER} const seen = []; process.on('message', (message) => { seen.push(message); if (message === 'tell') process.send(seen); });
        process.send('ready');`,
      primary: `${REGISTER} const heard = []; cluster.on('message', (worker, message) => heard.push(message));
        const worker = await fork(); await text(); await text();
        await tell(worker, 'tell'); answer(heard);`,
    });
    expect(answer).toEqual(['ready', ['tell']]);
  });

  it.each([
    ['the primary registers after the fork', 'json'],
    ['messages are serialised as in structured clones', 'advanced'],
  ])('serves the sum also where %s', async (_, serialization) => {
    const answer = await runCluster({
      primary: `cluster.setupPrimary({ serialization: '${serialization}' });
        const forked = fork(); ${REGISTER} const worker = await forked;
        await tell(worker, { run: 5 }); answer([await count(), (await tell(worker, { run: 1, then: 'metrics' })) === '']);`,
    });
    expect(answer).toEqual([5, false]);
  });

  it('serves the sum where the workers are registered by --import', async () => {
    const answer = await runCluster({
      primary: `${REGISTER} const worker = await fork(); await tell(worker, { run: 5 }); answer(await count());`,
      execArgv: ['--import', ENTRY.register],
    });
    expect(answer).toBe(5);
  });

  it('leaves a worker the endpoint that its options name', async () => {
    const port = await freePort();
    const answer = await runCluster({
      worker: `const options = { prometheus: { port: ${port} } }; ${WORKER}`,
      primary: `${REGISTER} const worker = await fork(); await tell(worker, { run: 5 });
        answer([await count(), executions(await text('http://127.0.0.1:${port}/metrics'))]);`,
    });
    expect(answer).toEqual([0, 5]);
  });

  it('gives the sum to a worker that asks its handle for the metrics', async () => {
    const answer = await runCluster({
      primary: `${REGISTER} const workers = await Promise.all([fork(), fork()]); await tell(workers[0], { run: 5 });
        const metrics = await tell(workers[1], { run: 7, then: 'metrics' }); answer([executions(metrics), await count()]);`,
    });
    expect(answer).toEqual([12, 12]);
  });

  it('serves many workers one after the other, and keeps no series of the dead', async () => {
    const answer = await runCluster({
      primary: `const options = { prometheus: { workerLabel: true } }; ${REGISTER} const sizes = [];
        for (let i = 0; i < 12; i += 1) {
          const worker = await fork(); await tell(worker, { run: 5 }); await count();
          worker.process.kill(['SIGTERM', 'SIGKILL'][i % 2]); await ended(worker);
          sizes.push((await text()).split('worker="').length - 1);
        }
        answer([await count(), new Set(sizes).size]);`,
    });
    expect(answer).toEqual([60, 1]);
  });
});

it('counts each execution once, whatever ends the workers while they are scraped', async () => {
  const answer = await runCluster({
    primary: `${REGISTER} let sum = 0; let isOver = false; const seen = [];
      const scrapes = (async () => { while (!isOver) seen.push(...(await Promise.all([count(), count()]))); })();
      const ends = ['exit', 'throw', 'kill', undefined];
      for (let round = 0; round < 4; round += 1) {
        await Promise.all(ends.map(async (then, i) => {
          const worker = await fork();
          for (let run = 1 + i; run < 40; run *= 3) { sum += run; await tell(worker, { run }); }
          sum += 50; worker.send({ run: 50, then }); if (then === undefined) { await once(worker, 'message'); worker.kill(); }
          await ended(worker);
        }));
      }
      isOver = true; await scrapes;
      answer({ sum, counted: await count(), sinks: seen.some((value, n) => value < (seen[n - 1] ?? 0)) });`,
  });
  const { sum } = answer as { sum: number };
  expect(answer).toEqual({ sum, counted: sum, sinks: false });
});

it('a real Prometheus sees no counter go backwards when workers end', async () => {
  const program = component('prometheus');
  if (program === undefined) return;
  const exec = join(tempFolder({ 'worker.mjs': WORKER }), 'worker.mjs');
  const child = runModule(
    `${PRIMARY} cluster.setupPrimary({ exec: ${JSON.stringify(exec)}, execArgv: [] }); ${REGISTER} let sum = 0;
     console.log('URL ' + sdk.metricsUrl);
     setInterval(() => {}, 1_000);
     for (const [i, end] of ['SIGTERM', 'SIGKILL', 'SIGTERM', 'SIGKILL'].entries()) {
       const worker = await fork(); sum += 10; await tell(worker, { run: 10 });
       await new Promise((resolve) => setTimeout(resolve, 1_500)); await count();
       worker.process.kill(end); await ended(worker);
     }
     console.log('SUM ' + sum);`,
    { env: { OTEL_TRACES_EXPORTER: 'none', TTA_MODEL_CALLS: 'off' } },
  );
  const prometheus = await startPrometheus(program, new URL(await child.says('URL ')).host);
  onTestFinished(() => prometheus.stop());
  const sum = await child.says('SUM ');
  const counter = 'tta_primitive_executions_total{primitive_name="work",status="success"}';
  const value = async (query: string) => (await prometheus.query(query))[0]?.value[1];
  await eventually('the last scrape', async () => ((await value(counter)) === sum ? true : undefined));
  for (const each of [counter, 'process_cpu_seconds_total{job="tta-primitives"}']) {
    expect(await value(`resets(${each}[5m])`)).toBe('0');
  }
  expect(await value('changes(process_start_time_seconds{job="tta-primitives"}[5m])')).toBe('0');
});

describe('the label worker', () => {
  const API = pathToFileURL(createRequire(import.meta.url).resolve('@opentelemetry/api')).href;
  const GAUGE = `import { metrics } from '${API}'; const meter = metrics.getMeter('mine');
    const mine = meter.createGauge('mine'); const open = meter.createUpDownCounter('open');`;
  const lines = (text: unknown, pattern: RegExp) =>
    String(text)
      .match(pattern)
      ?.map((line) => line.replace(/,?job="[^"]*"/, ''));
  const run = (options: string) =>
    runCluster({
      worker: `${WORKER} ${GAUGE} mine.record(cluster.worker.id); open.add(cluster.worker.id);`,
      primary: `const options = ${options}; ${REGISTER} ${GAUGE} mine.record(1); open.add(1);
        const workers = [await fork(), await fork()]; await Promise.all(workers.map((worker) => tell(worker, { run: 1 })));
        answer(await text());`,
    });

  it('is off: up-down counters add up, of other gauges the largest is shown, and the start is that of the primary', async () => {
    const text = await run('{}');
    expect(lines(text, /^(?:mine|open){.*$/gm)).toEqual(['mine{} 2', 'open{} 4']);
    expect(lines(text, /^(?:process|nodejs)_\w+/gm)).toHaveLength(8);
  });

  it('gives each process its own process metrics and gauges', async () => {
    const text = await run('{ prometheus: { workerLabel: true } }');
    expect(lines(text, /^(?:mine|open){.*$/gm)?.sort()).toEqual([
      'mine{worker="0"} 1',
      'mine{worker="1"} 1',
      'mine{worker="2"} 2',
      'open{} 4',
    ]);
    expect(lines(text, /^process_cpu_seconds_total{worker="\d"/gm)?.sort()).toEqual(
      ['0', '1', '2'].map((id) => `process_cpu_seconds_total{worker="${id}"`),
    );
  });
});

describe('a worker of a cluster', () => {
  it.each(['exit', 'kill'])('hands over the counts of its own threads when it ends by %s', async (then) => {
    const thread = `import { task } from '${ENTRY.main}'; import { parentPort } from 'node:worker_threads';
      const work = task('work', () => 1);
      parentPort.on('message', async (run) => { for (let i = 0; i < run; i += 1) await work.execute(); parentPort.postMessage('ran'); });`;
    const answer = await runCluster({
      execArgv: ['--import', ENTRY.register],
      worker: `import { once } from 'node:events'; import { Worker } from 'node:worker_threads';
        const thread = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(thread)})));
        ${WORKER.replace("process.on('message', async ({ run, then }) => {", "process.on('message', async ({ run, then, inThread }) => { if (inThread > 0) { thread.postMessage(inThread); await once(thread, 'message'); }")}`,
      primary: `${REGISTER} const worker = await fork(); await tell(worker, { run: 1, inThread: 10 }); const counts = [await count()];
        worker.send({ run: 1000, inThread: 100, then: '${then}' }); await ended(worker);
        counts.push(await count()); answer(counts);`,
    });
    expect(answer).toEqual([11, 1111]);
  });
});
