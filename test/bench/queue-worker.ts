/** A worker of the bench, in a process of its own: `bare` is BullMQ alone, `ours` has the SDK with every span sampled. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'bullmq';
import { task } from '../../src/index.js';
import { bullmqQueue, startWorker } from '../../src/queue/index.js';
import { startSdk } from './sdk.js';

const [kind, url = '', name = '', concurrency, workMs] = process.argv.slice(2);

async function echo(text: string): Promise<string> {
  if (Number(workMs) > 0) await sleep(Number(workMs));
  return text;
}

if (kind === 'bare') {
  const worker = new Worker(name, (job) => echo(job.data), { connection: { url }, concurrency: Number(concurrency) });
  await worker.waitUntilReady();
} else {
  startSdk(true);
  const primitives = { echo: task('echo', echo) };
  await startWorker({ queue: bullmqQueue(name, { url }), primitives, concurrency: Number(concurrency) });
}
process.send?.('ready');
process.on('message', () => process.send?.(process.cpuUsage()));
process.on('disconnect', () => process.exit());
