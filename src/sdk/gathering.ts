/**
 * Where the metrics of this process or thread are served. The main thread serves those of its threads, the primary of a
 * cluster those of its workers. A worker whose options name an endpoint of its own, other than the primary's, keeps it.
 */
import cluster from 'node:cluster';
import { isMainThread } from 'node:worker_threads';
import type { Inside, InternalExporter } from '../prometheus/exporter-types.ts';
import type { Place } from '../prometheus/options.ts';
import type { Primary } from './cluster-messages.ts';
import { collectFromCluster } from './cluster-primary.ts';
import { handOverToPrimary } from './cluster-worker.ts';
import type { HandsOver } from './hands-over.ts';
import type { Settings } from './settings.ts';
import { collectFromThreads, type Threads } from './thread-main.ts';
import { handOverToMain } from './thread-worker.ts';
import { askWorkers } from './worker-threads.ts';
import { Workers } from './workers.ts';

/** How long a scrape waits for workers, in milliseconds. A worker waits less for its threads: see `ANSWER_MS`. */
const DEADLINE_MS = 1_000;
const THREADS_DEADLINE_MS = 300;

export interface Gathering {
  readonly inside: Pick<Inside, 'gather' | 'gatherNow' | 'readElsewhere'>;
  /** @param onServed called when another process begins to serve the metrics of this one */
  start(exporter: InternalExporter, settings: Settings, onServed: () => void): void;
  /** Whether another process serves the metrics, so that this one needs no endpoint. */
  isServed(): Promise<boolean>;
  /** Whether another process has the metrics of this one. */
  isElsewhere(): boolean;
  /** Called when this process opens an endpoint. */
  serve(place: Place | undefined): void;
  /** Hands over for the last time, and collects no more. */
  stop(): Promise<void>;
  /** Hands over while the thread or the process exits. */
  stopNow(): void;
}

export function createGathering(): Gathering {
  const isWorker = isMainThread && cluster.isWorker;
  let exporter: InternalExporter | undefined;
  let handsOver: HandsOver | undefined;
  let threads: Threads | undefined;
  let stopCluster: (() => void) | undefined;
  const workers = new Workers({
    deadlineMs: isWorker ? THREADS_DEADLINE_MS : DEADLINE_MS,
    change: (work) => void exporter?.change(work),
  });
  const gathering: Gathering = {
    inside: {
      gather: (sink, timeoutMs) => workers.gather(sink, timeoutMs),
      gatherNow: (sink) => {
        threads?.hearNow();
        workers.apply(sink);
      },
      readElsewhere: (format) => handsOver?.read(format),
    },
    start(made, { prometheus: place, servesCluster }, onServed) {
      exporter = made;
      process.prependOnceListener('exit', gathering.stopNow);
      if (isMainThread) threads = collectFromThreads(made, workers);
      if (isWorker) {
        const isThere = ({ address }: Primary) => address?.host === place?.host && address?.port === place?.port;
        handsOver = handOverToPrimary(made, (primary) => place === undefined || isThere(primary), onServed);
      } else if (!isMainThread && place === undefined) handsOver = handOverToMain(made, onServed);
      if (servesCluster) gathering.serve(place);
    },
    isServed: async () => (await handsOver?.isServed()) ?? false,
    isElsewhere: () => handsOver?.isElsewhere() ?? false,
    serve(place) {
      if (!isMainThread) {
        handsOver?.withdraw();
        handsOver = undefined;
      } else if (!isWorker && exporter !== undefined) stopCluster ??= collectFromCluster(place, exporter, workers);
    },
    async stop() {
      await handsOver?.leave();
      handsOver = undefined;
      threads?.stop();
      stopCluster?.();
      process.removeListener('exit', gathering.stopNow);
    },
    stopNow() {
      if (isWorker) askWorkers();
      handsOver?.leaveNow();
    },
  };
  return gathering;
}
