/** The primary of a cluster serves the metrics of its workers. */
import cluster, { type Worker } from 'node:cluster';
import { randomBytes } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { readFileSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize } from 'node:v8';
import type { InternalExporter } from '../prometheus/exporter-types.ts';
import type { Format } from '../prometheus/format.ts';
import { type Address, ours, type Primary, post, type ToPrimary } from './cluster-messages.ts';
import { PRIMARY } from './cluster-worker.ts';
import { Inbox, type Numbered } from './outbox.ts';
import type { Workers } from './workers.ts';

/** Collects from the workers that are forked now and later. Returns a function that ends it. */
export function collectFromCluster(
  place: Address | undefined,
  exporter: InternalExporter,
  workers: Workers,
): () => void {
  const files = join(tmpdir(), `tta-primitives-${randomBytes(12).toString('hex')}`);
  // Not the token: every process that this one starts can read the variable.
  const address = place && { host: place.host, port: place.port };
  const primary: Primary = { address, pid: process.pid, files };
  /** By worker: what ends that it is followed. */
  const followed = new Map<Worker, () => void>();

  const follow = (worker: Worker) => {
    if (followed.has(worker)) return;
    const inbox = new Inbox();
    const source = String(worker.id);
    const channel: EventEmitter = worker.process;
    const onMessage = (message: unknown) => {
      const said = ours<ToPrimary>(message);
      if (said === undefined) return;
      if (said.act === 'who') post(worker, { act: 'collect', primary });
      else if (said.act === 'hello') {
        workers.join(source, () => post(worker, { act: 'ask' }));
      } else if (said.act === 'read') {
        const answer = (text?: string) => post(worker, { act: 'text', id: said.id, text });
        exporter.text(said.format as Format).then(answer, () => answer());
      } else {
        const reports = inbox.take([{ number: said.number, bytes: Buffer.from(said.bytes, 'base64') }]);
        workers[said.act === 'leave' ? 'left' : 'heard'](source, reports);
        post(worker, { act: 'confirm', number: said.number });
      }
    };
    // A worker may go on without the channel: it leaves its last reports in a file.
    const onDisconnect = () => workers.left(source);
    const onExit = () => {
      followed.delete(worker);
      workers.left(source, inbox.take(readLast(`${files}-${worker.id}`)));
    };
    channel.on('internalMessage', onMessage);
    worker.once('disconnect', onDisconnect).once('exit', onExit);
    followed.set(worker, () => {
      channel.removeListener('internalMessage', onMessage);
      worker.removeListener('disconnect', onDisconnect).removeListener('exit', onExit);
    });
    post(worker, { act: 'collect', primary });
  };

  process.env[PRIMARY] = JSON.stringify(primary);
  cluster.on('fork', follow);
  for (const worker of Object.values(cluster.workers ?? {})) if (worker !== undefined) follow(worker);
  return () => {
    delete process.env[PRIMARY];
    cluster.removeListener('fork', follow);
    for (const unfollow of followed.values()) unfollow();
  };
}

/** The last reports of a worker that has ended. Most have left some; one that was killed has not. */
function readLast(file: string): Numbered[] {
  try {
    const last: Numbered[] = deserialize(readFileSync(file));
    unlinkSync(file);
    return last;
  } catch {
    return [];
  }
}
