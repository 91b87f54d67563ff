/** Ten workers, one of which is killed every five seconds, while a program runs workflows with steps on them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { Redis as Client } from 'ioredis';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sequential, task, workflow } from '../../src/index.ts';
import { bullmqQueue, distribute, type JobQueue, natsQueue } from '../../src/queue/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { type Child, ENTRY, endChildren, runModule } from '../support/child.ts';
import { component } from '../support/component.ts';
import { startNats } from '../support/nats.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { scrape, total as sumOf } from '../support/scrape.ts';

const WORKERS = 10;
const KILL_EVERY_MS = 5_000;
const START_EVERY_MS = 60;
const MINUTE = 60_000;

interface Engine {
  readonly name: string;
  readonly needs: string;
  readonly forMs: number;
  start(): Promise<{
    url: string;
    queue: JobQueue /** What it holds, in bytes. */;
    holds?(): Promise<number>;
    end(): unknown;
  }>;
  /** The queue in the program of a worker. */
  source(url: string): string;
}

const ENGINES: readonly Engine[] = [
  {
    name: 'BullMQ',
    needs: 'redis-server',
    forMs: 5 * MINUTE,
    async start() {
      const redis = await startRedis();
      const holds = async () => Number(/^used_memory:(\d+)/m.exec(await redis.cli('info', 'memory'))?.[1]);
      return {
        url: redis.url,
        queue: bullmqQueue('kill', { url: redis.url }),
        holds,
        end: () => redis.kill('SIGKILL'),
      };
    },
    source: (url) => `bullmqQueue('kill', { url: '${url}' })`,
  },
  {
    name: 'NATS JetStream',
    needs: 'nats-server',
    forMs: 1.5 * MINUTE,
    async start() {
      const nats = await startNats();
      return { url: nats.url, queue: natsQueue('kill', { servers: nats.url }), end: () => nats.kill('SIGKILL') };
    },
    source: (url) => `natsQueue('kill', { servers: '${url}' })`,
  },
];

/** Each start and each end of the work is noted under the idempotency key of its job, in another Redis. */
const workerProgram = (queue: string, effects: string) => `
  import { Redis } from 'ioredis';
  import { task, workflow } from '${ENTRY.main}';
  import { bullmqQueue, natsQueue, startWorker } from '${ENTRY.queue}';
  import { register } from '${ENTRY.sdk}';
  const effects = new Redis('${effects}');
  const work = (name, change) => task(name, async (n, context) => {
    await effects.hincrby('started', context.idempotencyKey, 1);
    await new Promise((resolve) => setTimeout(resolve, 200 + (n % 10) * 30));
    await effects.hincrby('ended', context.idempotencyKey, 1);
    return change(n);
  });
  const sdk = await register({ traces: false });
  const primitives = { twice: work('twice', (n) => 2 * n), plusOne: workflow('part', work('plus one', (n) => n + 1)) };
  await startWorker({ queue: ${queue}, primitives, concurrency: 4 });
  console.log('ready ' + sdk.metricsUrl);`;

const twice = task('twice', (n: number) => 2 * n);
const plusOne = workflow(
  'part',
  task('plus one', (n: number) => n + 1),
);

let telemetry: TestTelemetry;
let effects: Redis;

beforeEach(() => {
  telemetry = startTestTelemetry({ sampler: new AlwaysOffSampler() });
});

afterEach(async () => {
  endChildren();
  await telemetry.stop();
  await effects?.kill('SIGKILL');
});

for (const engine of ENGINES) {
  it.skipIf(component(engine.needs) === undefined || component('redis-server') === undefined)(
    `loses no workflow and counts none twice while workers are killed, on ${engine.name}`,
    async () => {
      effects = await startRedis();
      const { url, queue, holds, end } = await engine.start();
      const program = workerProgram(engine.source(url), effects.url);
      const seen = new Map<Child, { metricsUrl: string; redeliveries: number; workflows: number }>();
      const startWorker = async () => {
        const child = runModule(program);
        seen.set(child, { metricsUrl: await child.says('ready '), redeliveries: 0, workflows: 0 });
        return child;
      };
      /** What a worker counted is gone with it: it is read every second. */
      const readAll = () =>
        Promise.all(
          [...seen].map(async ([child, counts]) => {
            const read = await scrape(counts.metricsUrl).catch(() => undefined);
            if (read === undefined) return;
            seen.set(child, {
              ...counts,
              redeliveries: sumOf(read, 'tta_queue_redeliveries_total') ?? 0,
              workflows: sumOf(read, 'tta_workflow_executions_total') ?? 0,
            });
          }),
        );

      const workers = await Promise.all(Array.from({ length: WORKERS }, startWorker));
      const heldBefore = await holds?.();
      const report = workflow(
        'report',
        sequential(distribute('twice', twice, { queue }), distribute('plusOne', plusOne, { queue })),
      );
      const until = performance.now() + engine.forMs;
      const producing = (async () => {
        const sent = [];
        for (let n = 0; performance.now() < until; n += 1) {
          const began = performance.now();
          const took = () => performance.now() - began;
          sent.push(
            report.execute(n).then(
              (output) => ({ n, output, ms: took() }),
              (error: unknown) => ({ n, output: String(error), ms: took() }),
            ),
          );
          await sleep(START_EVERY_MS);
        }
        return Promise.all(sent);
      })();
      let killed = 0;
      const killing = (async () => {
        while (performance.now() + KILL_EVERY_MS < until) {
          const next = performance.now() + KILL_EVERY_MS;
          while (performance.now() < next) {
            await readAll();
            await sleep(Math.min(1_000, Math.max(0, next - performance.now())));
          }
          workers.shift()?.kill('SIGKILL');
          killed += 1;
          workers.push(await startWorker());
        }
      })();
      const [results] = await Promise.all([producing, killing]);
      await readAll();

      const client = new Client(effects.url);
      const started = await client.hgetall('started');
      const ended = await client.hgetall('ended');
      client.disconnect();
      const total = (counts: Record<string, string>) => Object.values(counts).reduce((sum, n) => sum + Number(n), 0);
      const counted = (field: 'redeliveries' | 'workflows') =>
        [...seen.values()].reduce((sum, each) => sum + each[field], 0);
      const stats = await queue.stats();
      const slowest = Math.max(...results.map(({ ms }) => ms));
      process.stdout.write(
        `${engine.name}: ${results.length} workflows, ${killed} workers killed, ${total(started)} starts of ${2 * results.length} jobs, ` +
          `${counted('redeliveries')} redeliveries seen, the slowest workflow took ${Math.round(slowest)} ms, ` +
          `${await holds?.()} bytes held at the end, ${heldBefore} at the start\n`,
      );

      expect(results.filter(({ n, output }) => output !== 2 * n + 1)).toEqual([]);
      // Every job has taken effect at least once, and nothing but the jobs has.
      expect(Object.keys(started).length).toBe(2 * results.length);
      expect(Object.keys(ended).length).toBe(2 * results.length);
      expect(total(started)).toBeGreaterThan(2 * results.length);
      expect(counted('redeliveries')).toBeGreaterThan(0);
      // The workflows are counted here, once each, also that inside the second job; and by no worker.
      await telemetry.expectMetric('tta_workflow_executions_total', {}, 2 * results.length);
      for (const workflow_name of ['report', 'part'])
        await telemetry.expectMetric(
          'tta_workflow_executions_total',
          { workflow_name, status: 'success' },
          results.length,
        );
      expect(counted('workflows')).toBe(0);
      expect(stats).toMatchObject({ waiting: 0, running: 0, delayed: 0, dead: 0 });
      await telemetry.expectMetric('tta_queue_callers', {}, 0);
      await telemetry.expectMetric('tta_queue_lost_jobs_total', {}, 0);
      if (holds !== undefined) expect(await holds()).toBeLessThan(20_000_000);
      await queue.close();
      await end();
    },
    engine.forMs + 5 * MINUTE,
  );
}
