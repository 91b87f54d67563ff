/** The workers of `tta digest --workers`: processes that ask the models, with a queue of this run of the command. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../platform/clock.ts';
import { foreignMessage, foreignText } from '../../platform/foreign-text.ts';
import type { JobQueue } from '../../queue/index.ts';
import type { RegisterOptions } from '../../sdk/index.ts';
import { startCrew } from '../worker/crew.ts';
import { openQueue } from '../worker/engine.ts';
import type { WorkerReading } from '../worker/messages.ts';
import type { AskingWork } from './digest-worker.ts';
import { printError } from './print.ts';
import { addressText, engineFrom, type QueueOptions, queueAway } from './queue-options.ts';
import { workerEnvironment } from './worker-environment.ts';
import { workerLine } from './worker-line.ts';

export interface DigestWorkersOptions extends QueueOptions {
  readonly workers: number;
  /** How many parts are summarised at once, by all workers together. */
  readonly concurrency: number;
  readonly telemetry: Pick<RegisterOptions, 'modelCalls' | 'traces'>;
  readonly work: AskingWork;
}

export interface DigestWorkers {
  readonly queue: JobQueue;
  /** One line about each, for the user. */
  readonly about: readonly string[];
  /** The endpoints of those that have one. */
  urls(): readonly string[];
  read(): Promise<readonly WorkerReading[]>;
  close(): Promise<void>;
}

/** How long a worker may finish what it runs: nothing, once the run has ended. */
const GRACE_MS = 5_000;

/** How long the engine is waited for, by the first look and then by each part. */
const START_MS = 5_000;
/** How long the end waits for an engine that does not answer. */
const REMOVE_MS = 5_000;

/** @throws Error when the packages of the engine are missing, or the workers cannot start */
export async function startDigestWorkers(options: DigestWorkersOptions): Promise<DigestWorkers> {
  const { workers, concurrency, telemetry, work } = options;
  const engine = engineFrom(options);
  // Another digest at the same time has other models. The name is a label of the metrics, so it is always the same.
  const id = randomUUID().replaceAll('-', '');
  // In Redis, a user who is limited to the keys tta:* may have them.
  const prefix = 'redis' in engine ? `tta:${id}` : `tta_${id}`;
  const place = { name: 'digest', engine, prefix };
  const queue = openQueue(place, START_MS);
  await queue.stats().catch(async (error: unknown) => {
    await queue.close();
    throw new Error(
      `--workers needs a queue engine, and there is none at ${addressText(engine)}: start redis-server, or name another with --redis or --nats: ${foreignMessage(error)}`,
    );
  });
  const urls = new Map<number, string | undefined>();
  const lines = new Map<number, string>();
  const crew = startCrew<AskingWork>({
    program: new URL('./digest-worker.js', import.meta.url),
    workers,
    settings: {
      queue: place,
      isOwnQueue: true,
      concurrency: Math.ceil(concurrency / workers),
      graceMs: GRACE_MS,
      telemetry,
      work,
    },
    envOf: () => workerEnvironment({ port: 0 }),
    shown: false,
    events: {
      ready(n, pid, { metricsUrl, metricsError }) {
        urls.set(n, metricsUrl);
        lines.set(n, workerLine(n, pid, { metricsUrl, metricsError }));
      },
      ended(n, reason) {
        printError(`Worker ${n}: ${foreignText(reason)}. Its parts go to the others, and it is started again`);
      },
      away(why) {
        printError(queueAway(place.name, why));
      },
      stopped() {},
    },
  });
  try {
    await crew.started;
  } catch (error) {
    await queue.close();
    throw error;
  }
  async function remove(): Promise<void> {
    const late = new AbortController();
    try {
      await Promise.race([queue.remove(), systemClock.sleep(REMOVE_MS, late.signal)]);
    } catch (error) {
      printError(`The queue is left where it is, with the prefix ${prefix}: ${foreignMessage(error)}`);
    } finally {
      late.abort();
    }
  }

  const sorted = <T>(map: ReadonlyMap<number, T>) => [...map].sort(([a], [b]) => a - b).map(([, each]) => each);
  return {
    queue,
    about: [`Queue    ${place.name} in ${queue.engine} at ${addressText(engine)}`, ...sorted(lines)],
    urls: () => sorted(urls).filter((url) => url !== undefined),
    read: crew.read,
    async close() {
      await crew.stop();
      await remove();
      await queue.close();
    },
  };
}
