/** Metrics that are sent to a collector, by whole processes. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Child, ENTRY, endChildren, runModule, runProgram } from '../support/child.ts';
import { type OtlpSink, startSink } from '../support/otlp-sink.ts';
import { tempFolder } from '../support/temp-folder.ts';

let sink: OtlpSink;
const closing: (() => void)[] = [];
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  endChildren();
  for (const close of closing.splice(0)) close();
  await sink.stop();
});

const run = (program: string, env: Record<string, string> = {}): Child =>
  runProgram(program, {
    env: { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, ...env },
  });
const START = `const sdk = await register(); const job = workflow('job', task('one', async () => 1)); await job.execute();`;
/** What every delivery of `START` ends with. */
const zeros = new Array<number>(10).fill(0);
const jobs = () =>
  sink.metrics.at(-1)?.value('tta_workflow_executions_total', { workflow_name: 'job', status: 'success' });
const durations = () => sink.metrics.at(-1)?.value('tta_workflow_duration_seconds', { workflow_name: 'job' });

describe('the last values are delivered, and the end is the program’s own, where it', () => {
  it.each([
    ['has no more work', START, { code: 0, stderr: '' }],
    ['calls process.exit', `${START} process.exit(5);`, { code: 5, stderr: '' }],
    ['throws an error', `${START} setImmediate(() => { throw new Error('mine'); });`, { code: 1 }],
    ['leaves a rejection unhandled', `${START} setImmediate(() => Promise.reject(new Error('mine')));`, { code: 1 }],
    ['waits for what never comes', `${START} await new Promise(() => {});`, { code: 13, stderr: '' }],
    ['shuts down', `${START} await sdk.shutdown();`, { code: 0, stderr: '' }],
    ['exits while it shuts down', `${START} void sdk.shutdown(); process.exit(2);`, { code: 2, stderr: '' }],
    ['exits while it flushes', `${START} void sdk.flush(); process.exit(2);`, { code: 2, stderr: '' }],
    [
      'throws in a handler of the exit',
      `process.prependListener('exit', () => { throw new Error('mine'); }); ${START} process.exit(5);`,
      { code: 5 },
    ],
    ['makes no spans', START.replace('register()', 'register({ traces: false })'), { code: 0, stderr: '' }],
  ])('%s', async (_, program, end) => {
    const { stderr: written, stdout: _out, ...exit } = await run(program).exited;
    // Newer lines of Node.js say themselves that a module waits for what never comes.
    const stderr = written.replace(/^Warning: Detected unsettled top-level await[\s\S]*$/, '');
    expect({ ...exit, stderr }).toMatchObject(end);
    expect(stderr).not.toContain('TelemetryWarning');
    expect([jobs(), durations()]).toEqual([1, 1]);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('is ended by %s', async (signal) => {
    const child = run(`${START} setInterval(() => {}, 1_000); console.log('READY');`);
    await child.says('READY');
    child.kill(signal);
    expect(await child.exited).toMatchObject({ code: null, signal, stderr: '' });
    expect([jobs(), durations()]).toEqual([1, 1]);
  });

  it.each(['process.exit(0);', "throw new Error('mine');"])(
    'has measured only with a gauge, and ends by %s',
    async (end) => {
      const gauge = `import { metrics } from '@opentelemetry/api'; await register();
      const gauge = metrics.getMeter('backup').createGauge('backup_exit_code');`;
      await run(`${gauge} gauge.record(0); ${end}`).exited;
      await run(
        `${gauge} process.once('beforeExit', () => setTimeout(() => { gauge.record(7); ${end} }, 300)); gauge.record(0);`,
      ).exited;
      expect(sink.metrics.map((request) => request.value('backup_exit_code'))).toEqual([0, 0, 7]);
    },
  );

  it('starts more work in beforeExit, again and again', async () => {
    const child = run(
      `let rounds = 0; process.on('beforeExit', async () => { if (++rounds > 3) return; await new Promise((end) => setTimeout(end, 50)); await job.execute(); }); ${START}`,
    );
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect([jobs(), durations()]).toEqual([4, 4]);
  });

  it('has a callback of an observable instrument that fails, or waits for ever', async () => {
    const child = run(
      `import { metrics } from '@opentelemetry/api';
       ${START}
       const meter = metrics.getMeter('own');
       meter.createObservableGauge('own.failing').addCallback(() => { throw new Error('mine'); });
       meter.createObservableGauge('own.waiting').addCallback(() => new Promise(() => {}));
       meter.createObservableCounter('own.good').addCallback((result) => result.observe(7));
       process.exit(0);`,
    );
    expect(await child.exited).toMatchObject({ code: 0 });
    expect([jobs(), sink.metrics.at(-1)?.value('own.good')]).toEqual([1, 7]);
  });
});

it('opens no port, sends every interval and at a flush, and shows where', async () => {
  const child = run(
    `const sdk = await register({ metricsPush: { intervalMs: 50 } });
     const job = workflow('job', task('one', async () => 1)); await job.execute();
     console.log('URLS ' + JSON.stringify([sdk.metricsUrl ?? null, sdk.metricsPushUrl]));
     setInterval(() => {}, 1_000);`,
    { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url.replace('//', '//user:secret@') },
  );
  expect(JSON.parse(await child.says('URLS '))).toEqual([null, `${sink.url}/v1/metrics`]);
  await sink.requested(4);
  child.kill('SIGKILL');
  expect(sink.metrics.length).toBeGreaterThanOrEqual(2);
  expect(jobs()).toBe(1);
});

it('gives a new series points at 0 before its own, once, and times that increase', async () => {
  const child = run(
    `${START} await sdk.flush(); await job.execute(); await sdk.flush(); await sdk.flush();
     await workflow('late', task('two', async () => 1)).execute(); await sdk.shutdown();`,
  );
  expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  const all = sink.metrics.flatMap(({ points }) => points('tta_workflow_executions_total'));
  const of = (name: string) => all.filter(({ labels }) => labels.workflow_name === name && labels.status === 'success');
  expect(of('job').map(({ value }) => value)).toEqual([...zeros, 1, 2, 2, 2]);
  expect(of('late').map(({ value }) => value)).toEqual([...zeros, 1]);
  for (const points of [of('job'), of('late')]) {
    const times = points.map(({ atMs }) => atMs);
    expect(times).toEqual([...new Set(times)].sort());
  }
  expect(new Set(all.map(({ startMs }) => startMs)).size).toBe(1);
});

it('tells processes of one service apart, unless the author has named the instance', async () => {
  await Promise.all([run(START).exited, run(START).exited]);
  await run(START, { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=pod-7,team=search', OTEL_SERVICE_NAME: 'shop' })
    .exited;
  const ids = sink.metrics.map(({ resource }) => resource['service.instance.id']);
  expect(new Set(ids).size).toBe(3);
  expect(ids.at(-1)).toBe('pod-7');
  expect(sink.metrics.at(-1)?.resource).toMatchObject({ 'service.name': 'shop', team: 'search' });
});

describe('the work goes on, the failure is counted, and the warning gives the reason, where the collector', () => {
  type Answer = (response: ServerResponse, body: Buffer, request: IncomingMessage) => void;
  async function collector(answer: Answer): Promise<string> {
    const server = createServer((request, response) => {
      void buffer(request).then((body) => answer(response, body, request));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.close();
      server.closeAllConnections();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const answer =
    (status: number, text: string, type = 'application/json'): Answer =>
    (response) =>
      response.writeHead(status, { 'content-type': type }).end(text);

  it.each<[string, Answer, string]>([
    ['refuses with 400', answer(400, '{"message":"bad field"}'), '400 bad field'],
    ['has another path', answer(404, '404 page not found', 'text/plain'), '404 404 page not found'],
    ['fails', answer(500, ''), '500 Internal Server Error'],
    ['is busy', answer(503, ''), '503 Service Unavailable'],
    ['is a page of HTML', answer(200, '<!doctype html>', 'text/html'), '200 with a page of HTML'],
    [
      'rejects some points',
      answer(200, '{"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"too old"}}'),
      'too old',
    ],
    ['never answers', () => {}, 'no answer within 900 ms'],
    [
      'answers one byte at a time',
      (response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
      'no answer within 900 ms',
    ],
    ['closes the connection', (_response, _body, request) => request.socket.destroy(), 'socket hang up'],
  ])('%s', async (_, behaviour, reason) => {
    const child = run(
      `const sdk = await register({ traces: false, flushTimeoutMs: 1_000 });
       const job = workflow('job', task('one', async () => 1)); await job.execute();
       await sdk.flush(); await sdk.flush();
       console.log('METRICS ' + JSON.stringify(await sdk.metrics()));`,
      { OTEL_EXPORTER_OTLP_ENDPOINT: await collector(behaviour) },
    );
    const text = JSON.parse(await child.says('METRICS ')) as string;
    expect(text).toMatch(/^tta_metrics_push_failures_total\{[^}]*\} [12]$/m);
    const { stderr, code } = await child.exited;
    expect(code).toBe(0);
    const warnings = stderr.match(/TelemetryWarning: .*/g) ?? [];
    expect(warnings).toEqual([expect.stringMatching('Metrics could not be delivered')]);
    expect(warnings[0]).toContain(reason);
  });

  it('is down: the process ends at once', async () => {
    const child = run(START, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_EXPORTER: 'none' });
    const { code, stderr } = await child.exited;
    expect(code).toBe(0);
    expect(stderr).toMatch(/Metrics could not be delivered to http:\/\/127.0.0.1:1\/v1\/metrics: .*ECONNREFUSED/);
  });

  it('comes later: what was counted before is delivered', async () => {
    sink.behaviour = 503;
    const child = run(
      `const sdk = await register({ traces: false, flushTimeoutMs: 500 });
       const job = workflow('job', task('one', async () => 1)); await job.execute(); await sdk.flush();
       const alive = setInterval(() => {}, 1_000);
       const up = new Promise((go) => process.once('SIGWINCH', go)); console.log('DOWN'); await up;
       await job.execute(); clearInterval(alive);`,
    );
    await child.says('DOWN');
    sink.behaviour = 'take';
    child.kill('SIGWINCH');
    expect(await child.exited).toMatchObject({ code: 0 });
    expect(jobs()).toBe(2);
    const all = sink.metrics.flatMap(({ points }) => points('tta_workflow_executions_total'));
    expect(all.filter(({ labels }) => labels.status === 'success').map(({ value }) => value)).toEqual([...zeros, 2]);
  });

  it('takes small requests only: they become smaller', async () => {
    const taken: string[] = [];
    const url = await collector((response, body) => {
      if (body.byteLength > 200_000) {
        response.writeHead(413).end();
        return;
      }
      taken.push(body.toString());
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    const many = `${START} for (let i = 0; i < 1_000; i++) await workflow('w' + i, task('t', async () => 1)).execute();`;
    for (const end of ['', 'process.exit(0);']) {
      taken.length = 0;
      const child = run(`${many} ${end}`, { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_TRACES_EXPORTER: 'none' });
      expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
      const names = new Set(taken.join().match(/"stringValue":"w\d+"/g));
      expect(names.size).toBe(1_000);
    }
  });
});

describe('one process sends for all', () => {
  const WORK = `import { register } from '${ENTRY.sdk}'; import { task, workflow } from '${ENTRY.main}';
    const work = async (name) => workflow(name, task('one', async () => 1)).execute();`;
  const env = () => ({ OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, TTA_MODEL_CALLS: 'off' });
  const counted = (name: string) =>
    sink.metrics.at(-1)?.value('tta_workflow_executions_total', { workflow_name: name, status: 'success' });
  const senders = () => new Set(sink.metrics.map(({ resource }) => resource['service.instance.id'])).size;

  it.each([
    ['ends', 'otlp', ''],
    ['calls process.exit', 'otlp', 'process.exit(0);'],
    ['calls process.exit, and makes no spans', 'none', 'process.exit(0);'],
  ])('the main thread, with what its threads have counted when it %s', async (_, traces, end) => {
    const stays = end === '' ? '' : 'setInterval(() => {}, 1_000);';
    const thread = `${WORK} await work('thread'); (await import('node:worker_threads')).parentPort.postMessage(1); ${stays}`;
    const child = runModule(
      `import { Worker } from 'node:worker_threads'; ${WORK} await work('main');
       new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(thread)})))
         .on('message', () => { ${end} });`,
      { flags: ['--import', ENTRY.register], env: { ...env(), OTEL_TRACES_EXPORTER: traces } },
    );
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect([counted('main'), counted('thread'), senders()]).toEqual([1, 1, 1]);
  });

  it.each([
    ['otlp', 'cluster.worker.disconnect();'],
    ['otlp', 'process.exit(0);'],
    ['otlp,prometheus', 'process.exit(0);'],
  ])('the primary of a cluster, with %s, where workers end with %s', async (exporters, end) => {
    const app = `import cluster from 'node:cluster'; ${WORK} await register();
      if (cluster.isPrimary) { await work('primary'); cluster.fork(); cluster.fork(); }
      else { for (let i = 0; i < 3; i++) await work('worker'); ${end} }`;
    const file = pathToFileURL(`${tempFolder({ 'app.mjs': app })}/app.mjs`).href;
    const child = runModule(
      `process.argv[1] = new URL(${JSON.stringify(file)}).pathname; await import(${JSON.stringify(file)});`,
      { env: { ...env(), OTEL_METRICS_EXPORTER: exporters } },
    );
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
    expect([counted('primary'), counted('worker'), senders()]).toEqual([1, 6, 1]);
  });
});
