/**
 * What `distribute` costs beside bare BullMQ (`add` and `waitUntilFinished`), and beside that with OpenTelemetry by hand, in
 * alternating rounds on one Redis. Each end is a process, and a worker gives back the text that it got.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Redis, startRedis } from '../support/redis.js';
import { quantile } from './measure.js';
import type { Round, RoundResult } from './queue-child.js';
import { KINDS, type Kind } from './queue-ends.js';

/** The size of a text in kB, and how many calls one round measures. */
const SIZES = [
  { kB: 1, count: 600 },
  { kB: 10, count: 600 },
  { kB: 100, count: 150 },
];
const WORKERS = [1, 2, 4, 8];
const ROUNDS = 21;
const WARM_UP = 3;
const GROWTH_ROUNDS = 6;
const IDLE_MS = 10_000;

/** Medians over the rounds. */
export interface QueueRow {
  readonly name: string;
  readonly unit: string;
  readonly values: Readonly<Record<Kind, number>>;
  /** Medians of the rounds' own ratios, with the middle half of them. */
  readonly ratios: readonly { readonly ratio: number; readonly low: number; readonly high: number }[];
}

/** What is compared: with all telemetry, without any, and all that we add. */
export const COMPARED: readonly (readonly [Kind, Kind])[] = [
  ['ours', 'by hand'],
  ['ours without SDK', 'bare'],
  ['ours', 'bare'],
];

class Samples {
  readonly #values: Readonly<Record<Kind, number[]>> = byKind(() => []);

  add(kind: Kind, value: number): void {
    this.#values[kind].push(value);
  }

  row(name: string, unit: string): QueueRow {
    const ratios = COMPARED.map(([one, other]) => {
      const all = this.#values[one].map((value, round) => value / (this.#values[other][round] ?? Number.NaN));
      return { ratio: quantile(all, 0.5), low: quantile(all, 0.25), high: quantile(all, 0.75) };
    });
    return { name, unit, values: byKind((kind) => quantile(this.#values[kind], 0.5)), ratios };
  }
}

function byKind<T>(make: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind) => [kind, make(kind)])) as Record<Kind, T>;
}

/** Each kind is at each place of the order as often as at the others. */
function orderOf(round: number): Kind[] {
  const first = round % KINDS.length;
  return [...KINDS.slice(first), ...KINDS.slice(0, first)];
}

const script = fileURLToPath(new URL('./queue-child.js', import.meta.url));

async function start(role: 'worker' | 'caller', kind: Kind, redis: Redis, name: string, concurrency = 0, workMs = 0) {
  const queueName = `${kind}-${name}`.replaceAll(' ', '-');
  const child = fork(script, [role, kind, redis.url, queueName, `${concurrency}`, `${workMs}`], {
    execArgv: ['--no-warnings'],
  });
  const [said] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (said !== 'ready') throw new Error(`a ${role} of the bench ended with ${said}`);
  return child;
}

async function end(children: readonly ChildProcess[]): Promise<void> {
  const ended = children.map((child) => once(child, 'exit'));
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(ended);
}

async function ask<T>(child: ChildProcess, message: Round | 'usage'): Promise<T> {
  const answer = once(child, 'message');
  child.send(message);
  return (await answer)[0] as T;
}

/** The time that a process has used of the processor, in microseconds. */
async function processorTime(child: ChildProcess): Promise<number> {
  const { user, system } = await ask<NodeJS.CpuUsage>(child, 'usage');
  return user + system;
}

/** What Redis has done until now: all commands, those of scripts too; its processor's microseconds; its connections. */
async function work(redis: Redis) {
  const info = await redis.cli('info', 'all');
  const sum = (pattern: RegExp) => [...info.matchAll(pattern)].reduce((total, [, value]) => total + Number(value), 0);
  return {
    commands: sum(/^cmdstat_[^:]+:calls=(\d+)/gm),
    redis: sum(/^used_cpu_(?:user|sys):([\d.]+)/gm) * 1e6,
    connections: sum(/^connected_clients:(\d+)/gm) - 1,
  };
}

async function oneWorker(redis: Redis, progress: (done: number) => void): Promise<QueueRow[]> {
  const workers = byKind((kind) => start('worker', kind, redis, 'sizes', 50));
  const callers = byKind((kind) => start('caller', kind, redis, 'sizes'));
  const samples = SIZES.map(() => ({ latency: new Samples(), rate: new Samples() }));
  const perJob = { caller: new Samples(), worker: new Samples(), redis: new Samples(), commands: new Samples() };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [i, { kB, count }] of SIZES.entries()) {
      for (const kind of orderOf(round + i)) {
        const [caller, worker] = [await callers[kind], await workers[kind]];
        const usage = async () => ({
          ...(await work(redis)),
          caller: await processorTime(caller),
          worker: await processorTime(worker),
        });
        const bytes = kB * 1_000;
        const { latency } = await ask<RoundResult>(caller, { bytes, count: 60, together: 1 });
        const before = await usage();
        const { rate } = await ask<RoundResult>(caller, { bytes, count, together: 50 });
        const after = await usage();
        if (round < WARM_UP) continue;
        samples[i]?.latency.add(kind, latency);
        samples[i]?.rate.add(kind, rate);
        if (i > 0) continue;
        for (const what of ['caller', 'worker', 'redis', 'commands'] as const)
          perJob[what].add(kind, (after[what] - before[what]) / count);
      }
    }
    progress((round + 1) / ROUNDS);
  }
  await end(await Promise.all([...Object.values(callers), ...Object.values(workers)]));
  return [
    ...SIZES.map(({ kB }, i) => samples[i]?.latency.row(`${kB} kB, one call at a time`, 'ms')),
    ...SIZES.map(({ kB }, i) => samples[i]?.rate.row(`${kB} kB, 50 calls at a time`, 'jobs/s')),
    perJob.caller.row('processor time of the caller, 1 kB', 'µs'),
    perJob.worker.row('processor time of the worker, 1 kB', 'µs'),
    perJob.redis.row('processor time of Redis, 1 kB', 'µs'),
    perJob.commands.row('commands of Redis, those of scripts too', ''),
  ].filter((row) => row !== undefined);
}

/** Jobs that wait for 50 ms, as for a model, five at a time on each worker. */
async function growth(redis: Redis): Promise<QueueRow[]> {
  const rows = [];
  for (const count of WORKERS) {
    const name = `growth-${count}`;
    const samples = new Samples();
    const latencies = new Samples();
    const ends = byKind((kind) =>
      Promise.all([
        start('caller', kind, redis, name),
        ...Array.from({ length: count }, () => start('worker', kind, redis, name, 5, 50)),
      ]),
    );
    for (let round = 0; round < GROWTH_ROUNDS; round += 1) {
      for (const kind of orderOf(round)) {
        const [caller] = await ends[kind];
        const busy = await ask<RoundResult>(caller, { bytes: 1_000, count: 300 * count, together: 10 * count });
        const idle = await ask<RoundResult>(caller, { bytes: 1_000, count: 5, together: 1 });
        if (round === 0) continue;
        samples.add(kind, busy.rate);
        latencies.add(kind, idle.latency - 50);
      }
    }
    await end((await Promise.all(Object.values(ends))).flat());
    const workers = `${count} ${count === 1 ? 'worker' : 'workers'}, jobs of 50 ms`;
    rows.push(
      samples.row(`${workers}, 5 at a time on each`, 'jobs/s'),
      latencies.row(`${workers}, one call: what is above 50 ms`, 'ms'),
    );
  }
  return rows;
}

/** What eight workers that have nothing to do ask of Redis, for each of them. */
async function idle(redis: Redis): Promise<QueueRow[]> {
  const commands = new Samples();
  const connections = new Samples();
  for (const kind of KINDS) {
    const before = await work(redis);
    const workers = await Promise.all(Array.from({ length: 8 }, () => start('worker', kind, redis, 'idle', 5)));
    const first = await work(redis);
    await sleep(IDLE_MS);
    const last = await work(redis);
    commands.add(kind, (last.commands - first.commands) / (IDLE_MS / 1_000) / workers.length);
    connections.add(kind, (last.connections - before.connections) / workers.length);
    await end(workers);
  }
  return [
    commands.row('commands of Redis for an idle worker', 'in a second'),
    connections.row('connections for a worker', ''),
  ];
}

export async function measureQueue(progress: (done: number) => void): Promise<QueueRow[]> {
  const redis = await startRedis();
  try {
    return [...(await oneWorker(redis, progress)), ...(await growth(redis)), ...(await idle(redis))];
  } finally {
    await redis.kill('SIGKILL');
  }
}
