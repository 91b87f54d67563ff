/** The example of compose.yaml on a real Redis: workers that Prometheus finds by a file and by DNS, and the value that scales them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { component } from '../../support/component.ts';
import { collectorPath, collectorText } from '../../support/deployment.ts';
import { freePort } from '../../support/free-port.ts';
import { askingOnly, startNameServer } from '../../support/name-server.ts';
import { startProgram } from '../../support/program.ts';
import { eventually, type Prometheus, startPrometheus } from '../../support/prometheus.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { recordingRules } from '../../support/rules.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { build, tta } from '../../support/tta.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const EXAMPLE = collectorPath('compose');
const WORK = ['worker', 'work.mjs', '--queue', 'texts', '--concurrency', '8', '--grace', '5'];
const NAME_SERVER = '127.0.0.153';
const prometheus = component('prometheus');
const complete = prometheus !== undefined && component('redis-server') !== undefined;
const canUnshare = component('unshare') !== undefined && process.getuid?.() === 0;

interface Scaled {
  readonly spec: { readonly triggers: readonly [{ readonly metadata: { readonly query: string } }] };
}

/** What KEDA asks. */
const { query: DEMAND } = (parse(collectorText('kubernetes/worker-keda.yaml')) as Scaled).spec.triggers[0].metadata;

async function redisForTest(): Promise<Redis> {
  const redis = await startRedis({ options: ['--maxmemory-policy', 'noeviction'] });
  onTestFinished(() => redis.kill('SIGKILL'));
  return redis;
}

/** A Redis that only the user of the guide can use. */
async function guardedRedis(): Promise<Redis> {
  const redis = await redisForTest();
  const [, user = ''] = /`ACL SETUSER ([^`]+)`/.exec(collectorText('README.md')) ?? [];
  expect(await redis.cli('ACL', 'SETUSER', ...user.split(' '))).toBe('OK');
  await redis.cli('ACL', 'SETUSER', 'default', 'off');
  return { ...redis, url: redis.url.replace('//', '//tta:PASSWORD@') };
}

const environment = (redis: Redis, name: string) => ({
  ...process.env,
  ...{ REDIS_URL: redis.url, OTEL_TRACES_EXPORTER: 'none', OTEL_SERVICE_NAME: name },
});

async function startCaller(redis: Redis) {
  const port = await freePort();
  const caller = await startProgram({
    command: process.execPath,
    args: ['--import', import.meta.resolve('tta-primitives/register'), join(EXAMPLE, 'caller.mjs')],
    env: { ...environment(redis, 'tta-caller'), OTEL_EXPORTER_PROMETHEUS_PORT: String(port) },
    log: join(tempFolder(), 'log'),
    readyUrl: `http://127.0.0.1:${port}/healthz`,
  });
  onTestFinished(() => caller.kill());
  return { ...caller, address: `127.0.0.1:${port}` };
}

async function prometheusForTest(application: string, edit: (text: string) => string, program = prometheus as string) {
  const started = await startPrometheus(program, application, { editConfiguration: edit });
  onTestFinished(() => started.stop());
  return started;
}

/** The value of an expression that has one series, when it is as expected. */
const becomes = (server: Prometheus, expression: string, isExpected: (value: number) => boolean) =>
  eventually(expression, async () => {
    const series = await server.query(expression);
    const value = Number(series[0]?.value[1]);
    return series.length === 1 && isExpected(value) ? value : undefined;
  });

describe.skipIf(!complete)('the example of work on workers', () => {
  beforeAll(build);

  it('is done by workers that a file names to Prometheus, and the file ends with them', async () => {
    const redis = await guardedRedis();
    const targets = join(tempFolder(), 'tta-workers-here.yml');
    const crew = tta([...WORK, '--workers', '2', '--port', '0', '--targets', targets], {
      cwd: EXAMPLE,
      env: environment(redis, 'tta-workers'),
    });
    await crew.waitForStdout(/Worker 2, process \d+, metrics http/);
    const caller = await startCaller(redis);
    const server = await prometheusForTest(caller.address, (text) => text.replace('targets/tta-*.yml', targets));

    await becomes(server, 'count(up{job="tta-primitives"} == 1)', (value) => value === 3);
    await becomes(server, 'tta:queue_slots{queue_name="texts"}', (value) => value === 16);
    // Five callers wait for five jobs at any time.
    await becomes(server, DEMAND, (value) => value > 0 && value <= 5);
    await becomes(server, 'tta:queue_started_rate_5m', (value) => value > 1);
    await becomes(server, 'sum(tta_workflow_executions_total{status="success"})', (value) => value > 20);
    for (const { record } of recordingRules().filter(({ record }) => record.startsWith('tta:queue_')))
      await eventually(record, async () => {
        const series = await server.query(record);
        return series.length > 0 && series.every(({ value }) => Number.isFinite(Number(value[1]))) ? true : undefined;
      });
    const perWorker = await server.query('sum by (instance) (tta_queue_wait_seconds_count)');
    expect(perWorker).toHaveLength(2);
    expect(JSON.parse(readFileSync(targets, 'utf8'))[0].targets).toHaveLength(2);

    await caller.stop();
    expect(caller.log()).not.toMatch(/not shortened|NOPERM/);
    expect(await server.query('tta_queue_errors_total > 0')).toEqual([]);
    await becomes(server, DEMAND, (value) => value === 0);
    crew.kill('SIGTERM');
    expect((await crew.exited).stdout).toMatch(/Worker [12] has stopped/);
    expect(existsSync(targets)).toBe(false);
    await becomes(server, 'count(up{job="tta-primitives"})', (value) => value === 1);
  });

  it.skipIf(!canUnshare)('is done by workers whose name has an address for each', async () => {
    const redis = await redisForTest();
    const port = await freePort();
    const hosts = ['127.0.0.21', '127.0.0.22'];
    for (const host of hosts) {
      const crew = tta([...WORK, '--host', host, '--port', String(port)], {
        cwd: EXAMPLE,
        env: environment(redis, 'tta-workers'),
      });
      await crew.waitForStdout(/Worker 1, process \d+, metrics http/);
    }
    const names = await startNameServer(NAME_SERVER, { worker: hosts });
    onTestFinished(() => names.stop());
    const caller = await startCaller(redis);
    // That of compose.yaml. `caller` has no address: that is no error.
    const own = collectorText('compose/prometheus.yml');
    const server = await prometheusForTest(
      caller.address,
      () => own.replace('port: 9464', `port: ${port}, refresh_interval: 1s`),
      askingOnly(NAME_SERVER, prometheus as string),
    );
    await becomes(server, 'count(up{job="tta-primitives"} == 1)', (value) => value === 3);
    await becomes(server, 'tta:queue_slots{queue_name="texts"}', (value) => value === 16);
    const perWorker = await server.query('tta_queue_worker_slots');
    expect(perWorker.map(({ metric }) => metric.instance).sort()).toEqual(hosts.map((host) => `${host}:${port}`));
    await becomes(server, 'sum(prometheus_sd_dns_lookup_failures_total) or vector(0)', (value) => value === 0);
  });
});
