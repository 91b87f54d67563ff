/** The ways to have a text given back by another process, of which each has a caller and a worker. */
import { setTimeout as sleep } from 'node:timers/promises';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { task } from '../../src/index.js';
import { bullmqQueue, distribute, startWorker } from '../../src/queue/index.js';
import { byHand } from './reference.js';

/**
 * `bare`: BullMQ alone, no telemetry. `by hand`: the same with a span, a counter and a histogram at both ends, and the
 * trace in the job. `ours without SDK` and `ours`: `distribute` and `startWorker`. `by hand` and `ours` have the SDK, with
 * every span sampled.
 */
export const KINDS = ['bare', 'by hand', 'ours without SDK', 'ours'] as const;
export type Kind = (typeof KINDS)[number];

export interface End {
  readonly url: string;
  readonly name: string;
}

type Call = (text: string) => Promise<unknown>;

/** Makes the calls of a kind. */
export function caller(kind: Kind, { url, name }: End): Call {
  if (kind.startsWith('ours')) {
    const echo = task('echo', (text: string) => text);
    const remote = distribute('echo', echo, { queue: bullmqQueue(name, { url }) });
    return (text) => remote.execute(text);
  }
  const connection = { url };
  const queue = new Queue(name, { connection });
  queue.setMaxListeners(10_000);
  const events = new QueueEvents(name, { connection });
  const removeOnComplete = { age: 600, count: 1_000 };
  const send = async (data: unknown) => (await queue.add('echo', data, { removeOnComplete })).waitUntilFinished(events);
  if (kind === 'bare') return send;
  return byHand('distribute', 'echo', (text: string) => {
    const headers = {};
    propagation.inject(context.active(), headers);
    return send({ headers, text });
  });
}

interface WorkerSettings {
  readonly concurrency: number;
  /** How long a job waits, in milliseconds. */
  readonly workMs: number;
}

export async function startEcho(
  kind: Kind,
  { url, name }: End,
  { concurrency, workMs }: WorkerSettings,
): Promise<void> {
  async function echo(text: string): Promise<string> {
    if (workMs > 0) await sleep(workMs);
    return text;
  }
  if (kind.startsWith('ours')) {
    const primitives = { echo: task('echo', echo) };
    await startWorker({ queue: bullmqQueue(name, { url }), primitives, concurrency });
    return;
  }
  const observed = byHand('task', 'echo', echo);
  const work =
    kind === 'bare'
      ? (data: string) => echo(data)
      : ({ headers, text }: { headers: object; text: string }) =>
          context.with(propagation.extract(ROOT_CONTEXT, headers), observed, undefined, text);
  const worker = new Worker(name, (job) => work(job.data), { connection: { url }, concurrency });
  await worker.waitUntilReady();
}
