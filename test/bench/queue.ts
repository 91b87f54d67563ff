/**
 * What `distribute` costs beside bare BullMQ (`add` and `waitUntilFinished`), in alternating rounds on one Redis. Each
 * worker is a process, and gives back the text that it got. Both ends have the SDK, with every span sampled.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents } from 'bullmq';
import { task } from '../../src/index.js';
import { bullmqQueue, distribute } from '../../src/queue/index.js';
import { type Redis, startRedis } from '../support/redis.js';
import { quantile } from './measure.js';

/** The size of a text in kB, and how many calls one round measures. */
const SIZES = [
  { kB: 1, count: 600 },
  { kB: 10, count: 600 },
  { kB: 100, count: 150 },
];
const WORKERS = [1, 2, 4, 8];
const ROUNDS = 21;
const WARM_UP = 3;
const IDLE_MS = 10_000;
const KINDS = ['ours', 'bare'] as const;
type Kind = (typeof KINDS)[number];
type Call = (text: string) => Promise<unknown>;

/** Ours and bare, and the ratio of both: medians over the rounds, with the middle half of the ratios. */
export interface Pair {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly bare: number;
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

class Samples {
  readonly #values: Record<Kind, number[]> = { ours: [], bare: [] };

  add(kind: Kind, value: number): void {
    this.#values[kind].push(value);
  }

  pair(name: string, unit: string): Pair {
    const { ours, bare } = this.#values;
    const ratios = ours.map((value, round) => value / (bare[round] ?? Number.NaN));
    return {
      ...{ name, unit, ours: quantile(ours, 0.5), bare: quantile(bare, 0.5) },
      ...{ ratio: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) },
    };
  }
}

const script = fileURLToPath(new URL('./queue-worker.js', import.meta.url));
const orderOf = (round: number) => (round % 2 === 0 ? KINDS : KINDS.toReversed());
const now = () => performance.now();

async function startWorkers(count: number, kind: Kind, redis: Redis, name: string, concurrency: number, workMs = 0) {
  const start = async () => {
    const child = fork(script, [kind, redis.url, name, `${concurrency}`, `${workMs}`], { execArgv: [] });
    const [said] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    if (said !== 'ready') throw new Error(`a worker of the bench ended with ${said}`);
    return child;
  };
  return Promise.all(Array.from({ length: count }, start));
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  const ended = children.map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(ended);
}

/** The two ways to call, each with a queue of its own. */
function callers(redis: Redis, name: string) {
  const connection = { url: redis.url };
  const queue = new Queue(`bare-${name}`, { connection });
  queue.setMaxListeners(10_000);
  const events = new QueueEvents(`bare-${name}`, { connection });
  const removeOnComplete = { age: 600, count: 1_000 };
  const echo = task('echo', (text: string) => text);
  const oursQueue = bullmqQueue(`ours-${name}`, { url: redis.url });
  const remote = distribute('echo', echo, { queue: oursQueue });
  const calls: Record<Kind, Call> = {
    ours: (text) => remote.execute(text),
    bare: async (text) => (await queue.add('echo', text, { removeOnComplete })).waitUntilFinished(events),
  };
  return { calls, close: () => Promise.all([oursQueue.close(), queue.close(), events.close()]) };
}

/** Milliseconds of the middle one of so many calls, one after the other. */
async function latency(call: Call, text: string, count: number): Promise<number> {
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const start = now();
    await call(text);
    times.push(now() - start);
  }
  return quantile(times, 0.5);
}

/** Jobs in a second, with so many calls at a time. */
async function throughput(call: Call, text: string, count: number, together: number): Promise<number> {
  let left = count;
  const start = now();
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await call(text);
    }
  };
  await Promise.all(Array.from({ length: together }, caller));
  return count / ((now() - start) / 1_000);
}

/** What Redis has done until now: all commands, those of scripts too; its processor's seconds; its connections. */
async function work(redis: Redis) {
  const info = await redis.cli('info', 'all');
  const sum = (pattern: RegExp) => [...info.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  return {
    commands: sum(/^cmdstat_[^:]+:calls=(\d+)/gm),
    seconds: sum(/^used_cpu_(?:user|sys):([\d.]+)/gm),
    connections: sum(/^connected_clients:(\d+)/gm) - 1,
  };
}

/** The time that this process and a worker have used of the processor, in microseconds. */
async function processorTime([worker]: readonly ChildProcess[]): Promise<number> {
  const answer = worker && once(worker, 'message');
  worker?.send('usage');
  const usages = [process.cpuUsage(), ...((await answer) as NodeJS.CpuUsage[])];
  return usages.reduce((sum, { user, system }) => sum + user + system, 0);
}

async function besideBare(redis: Redis, progress: (done: number) => void): Promise<Pair[]> {
  const workers = {
    ours: await startWorkers(1, 'ours', redis, 'ours-sizes', 50),
    bare: await startWorkers(1, 'bare', redis, 'bare-sizes', 50),
  };
  const { calls, close } = callers(redis, 'sizes');
  const samples = SIZES.map(() => ({ latency: new Samples(), throughput: new Samples() }));
  const perJob = { ends: new Samples(), commands: new Samples(), seconds: new Samples() };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, { kB, count }] of SIZES.entries()) {
      const text = 'x'.repeat(kB * 1_000);
      for (const kind of orderOf(round + i)) {
        const one = await latency(calls[kind], text, 60);
        const before = { ...(await work(redis)), ends: await processorTime(workers[kind]) };
        const many = await throughput(calls[kind], text, count, 50);
        const after = { ends: await processorTime(workers[kind]), ...(await work(redis)) };
        if (round < WARM_UP) continue;
        samples[i]?.latency.add(kind, one);
        samples[i]?.throughput.add(kind, many);
        if (i > 0) continue;
        perJob.ends.add(kind, (after.ends - before.ends) / count);
        perJob.commands.add(kind, (after.commands - before.commands) / count);
        perJob.seconds.add(kind, ((after.seconds - before.seconds) / count) * 1e6);
      }
    }
    progress((round + 1) / ROUNDS);
  }
  await close();
  await end([...workers.ours, ...workers.bare]);
  return [
    ...SIZES.map(({ kB }, i) => samples[i]?.latency.pair(`${kB} kB, one call at a time`, 'ms')),
    ...SIZES.map(({ kB }, i) => samples[i]?.throughput.pair(`${kB} kB, 50 calls at a time`, 'jobs/s')),
    perJob.ends.pair('processor time of both ends for a job of 1 kB', 'µs'),
    perJob.seconds.pair('processor time of Redis for it', 'µs'),
    perJob.commands.pair('commands of Redis for it, those of scripts too', ''),
  ].filter((pair) => pair !== undefined);
}

/** Jobs that wait for 50 ms, as for a model, five at a time on each worker. */
async function growth(redis: Redis): Promise<Pair[]> {
  const pairs = [];
  for (const count of WORKERS) {
    const name = `growth-${count}`;
    const workers = await Promise.all(KINDS.map((kind) => startWorkers(count, kind, redis, `${kind}-${name}`, 5, 50)));
    const { calls, close } = callers(redis, name);
    const samples = new Samples();
    for (let round = 0; round < 6; round += 1) {
      for (const kind of orderOf(round)) {
        const rate = await throughput(calls[kind], 'x'.repeat(1_000), 300 * count, 10 * count);
        if (round > 0) samples.add(kind, rate);
      }
    }
    await close();
    await end(workers.flat());
    pairs.push(samples.pair(`${count} ${count === 1 ? 'worker' : 'workers'}, jobs of 50 ms, 5 at a time`, 'jobs/s'));
  }
  return pairs;
}

/** What eight workers that have nothing to do ask of Redis, for each of them. */
async function idle(redis: Redis): Promise<Pair[]> {
  const commands = new Samples();
  const connections = new Samples();
  for (const kind of KINDS) {
    const before = await work(redis);
    const workers = await startWorkers(8, kind, redis, `${kind}-idle`, 5);
    const first = await work(redis);
    await sleep(IDLE_MS);
    const last = await work(redis);
    commands.add(kind, (last.commands - first.commands) / (IDLE_MS / 1_000) / workers.length);
    connections.add(kind, (last.connections - before.connections) / workers.length);
    await end(workers);
  }
  return [
    commands.pair('commands of Redis for an idle worker', 'in a second'),
    connections.pair('connections for a worker', ''),
  ];
}

export async function measureQueue(progress: (done: number) => void): Promise<Pair[]> {
  const redis = await startRedis();
  try {
    return [...(await besideBare(redis, progress)), ...(await growth(redis)), ...(await idle(redis))];
  } finally {
    await redis.kill('SIGKILL');
  }
}
