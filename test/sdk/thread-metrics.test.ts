import { afterEach, describe, expect, it } from 'vitest';
import { ENTRY, endChildren, runModule } from '../support/child.ts';

afterEach(endChildren);

/** Works when it is told to, and says when it has. */
const THREAD = `
  import { task } from '${ENTRY.main}'; import { parentPort, threadId, Worker } from 'node:worker_threads';
  const work = task('work', () => 1);
  const sdk = async () => (await import('${ENTRY.sdk}')).register();
  parentPort.on('message', async ({ run, then, source }) => {
    for (let i = 0; i < run; i += 1) await work.execute();
    if (then === 'busy') { parentPort.postMessage('ran'); const end = Date.now() + 2_500; while (Date.now() < end); }
    else if (then === 'exit') process.exit(3);
    else if (then === 'throw') throw new Error('on purpose');
    else if (then === 'close') parentPort.close();
    else if (then === 'exhaust') { const all = []; for (;;) all.push(new Array(1e5).fill(all.length)); }
    else if (then === 'metrics') parentPort.postMessage(await (await sdk()).metrics());
    else if (then === 'start') new Worker(new URL(source)).on('message', (message) => parentPort.postMessage(message)).postMessage({ run: 100 });
    else parentPort.postMessage('ran');
  });
  parentPort.postMessage('ready');`;

const dataUrl = (source: string) => `data:text/javascript,${encodeURIComponent(source)}`;

/** What the programs of main threads use. */
const MAIN = `
  import { Worker } from 'node:worker_threads'; import { once } from 'node:events'; import { register } from '${ENTRY.sdk}';
  const sdk = await register(); const source = ${JSON.stringify(dataUrl(THREAD))};
  const start = async (options) => { const worker = new Worker(new URL(source), options); worker.on('error', () => {}); await once(worker, 'message'); return worker; };
  const tell = async (worker, message) => { worker.postMessage(message); return (await once(worker, 'message'))[0]; };
  const ended = (worker) => new Promise((resolve) => worker.once('exit', resolve));
  const text = async () => (await fetch(sdk.metricsUrl)).text();
  const executions = (metrics) => Number(/tta_primitive_executions_total{[^}]*status="success"[^}]*} (\\S+)/.exec(metrics)?.[1] ?? 0);
  const count = async () => executions(await text());
  const workersIn = (metrics, state) => Number(new RegExp('tta_scrape_workers{state="' + state + '"[^}]*} (\\\\S+)').exec(metrics)?.[1]);
  const answer = (value) => console.log('ANSWER ' + JSON.stringify(value));`;

async function run(program: string): Promise<unknown> {
  const child = runModule(`${MAIN} ${program}; process.exit();`, {
    flags: ['--import', ENTRY.register],
    env: { OTEL_TRACES_EXPORTER: 'none', TTA_MODEL_CALLS: 'off' },
  });
  const answer: unknown = JSON.parse(await child.says('ANSWER '));
  expect((await child.exited).stderr).not.toContain('TelemetryWarning');
  return answer;
}

describe('the main thread', () => {
  it('serves the sum of its threads, with those that they start', async () => {
    const answer = await run(`const workers = await Promise.all([start(), start()]);
      await Promise.all(workers.map((worker, i) => tell(worker, { run: 10 ** i })));
      await tell(workers[0], { then: 'start', source }); while ((await count()) < 111) await new Promise(setImmediate);
      const metrics = await text();
      answer([executions(metrics), workersIn(metrics, 'answered'), metrics.match(/^process_start_time_seconds/gm).length]);`);
    expect(answer).toEqual([111, 3, 1]);
  });

  it.each(['exit', 'throw', 'close'])('keeps what a thread has counted that ends by %s', async (then) => {
    const answer =
      await run(`const worker = await start(); await tell(worker, { run: 5 }); const counts = [await count()];
      worker.postMessage({ run: 7, then: '${then}' }); await ended(worker);
      const metrics = await text(); answer([...counts, executions(metrics), workersIn(metrics, 'answered')]);`);
    expect(answer).toEqual([5, 12, 0]);
  });

  it.each([
    ['is terminated', 'void worker.terminate();'],
    ['runs out of memory', `worker.postMessage({ then: 'exhaust' });`],
  ])('keeps what a thread had counted at the last scrape that %s', async (_, end) => {
    const answer = await run(`const worker = await start({ resourceLimits: { maxOldGenerationSizeMb: 60 } });
      await tell(worker, { run: 5 }); await count(); ${end} await ended(worker);
      const metrics = await text(); answer([executions(metrics), workersIn(metrics, 'answered'), workersIn(metrics, 'stuck')]);`);
    expect(answer).toEqual([5, 0, 0]);
  });

  it('waits for a thread that is busy until a deadline, once, and adds its answer when it comes', async () => {
    const answer = await run(`const worker = await start(); await tell(worker, { run: 5, then: 'busy' });
      const timed = async () => { const from = performance.now(); const metrics = await text();
        return [executions(metrics), workersIn(metrics, 'stuck'), performance.now() - from]; };
      const first = await timed(); const second = await timed();
      while ((await count()) !== 5) await new Promise((resolve) => setTimeout(resolve, 50));
      const last = await timed();
      answer([first.slice(0, 2), first[2] > 900, second.slice(0, 2), second[2] < 900, last.slice(0, 2)]);`);
    expect(answer).toEqual([[0, 1], true, [0, 1], true, [5, 0]]);
  });

  it('does not count the memory and the CPU time of the process once more for each thread', async () => {
    const answer =
      await run(`const bytes = async () => Number(/^process_resident_memory_bytes.* (\\S+)$/m.exec(await text())[1]);
      await Promise.all([start(), start(), start()]); answer((await bytes()) < 1.5 * process.memoryUsage().rss);`);
    expect(answer).toBe(true);
  });

  it('gives the sum to a thread that asks its handle for the metrics', async () => {
    const answer = await run(`const workers = await Promise.all([start(), start()]); await tell(workers[0], { run: 5 });
      answer([executions(await tell(workers[1], { run: 7, then: 'metrics' })), await count()]);`);
    expect(answer).toEqual([12, 12]);
  });

  it('lets a thread end after telemetry has, and collects from it again after the next register', async () => {
    const answer = await run(`const [one, other] = await Promise.all([start(), start()]);
      await sdk.shutdown(); one.postMessage({ run: 1, then: 'exit' }); await ended(one);
      const again = await register(); await tell(other, { run: 5 });
      answer([one.listenerCount('exit'), executions(await again.metrics())]);`);
    expect(answer).toEqual([0, 5]);
  });

  it('lets a thread and the process end that have no more work', async () => {
    const child = runModule(
      `import { Worker } from 'node:worker_threads';
       new Worker(new URL('data:text/javascript,')).on('exit', (code) => console.log('ENDED ' + code));`,
      { flags: ['--import', ENTRY.register], env: { OTEL_TRACES_EXPORTER: 'none', TTA_MODEL_CALLS: 'off' } },
    );
    expect(await child.says('ENDED ')).toBe('0');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });
});
