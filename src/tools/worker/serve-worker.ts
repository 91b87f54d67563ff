/** The inside of a worker process. It ends with the program that has started it. */

import { untilAborted } from '../../platform/abort.ts';
import { systemClock } from '../../platform/clock.ts';
import { foreignMessage } from '../../platform/foreign-text.ts';
import { messageOf } from '../../platform/message-of.ts';
import { onEndSignals } from '../../platform/signals.ts';
import { type Codec, type JobQueue, startWorker, type Worker, type WorkerOptions } from '../../queue/index.ts';
import { openQueue, type QueuePlace } from './engine.ts';
import type { Primitives } from './load-primitives.ts';
import type { WorkerCommand, WorkerMessage, WorkerSettings } from './messages.ts';

export interface MadeWork {
  readonly primitives: Primitives;
  /** What a worker does not take. @default nothing */
  readonly leftOut?: readonly string[];
  /** The queue that the jobs come from. @default the one of the settings */
  readonly queue?: JobQueue;
  /** More codecs, beside JSON. @default none */
  readonly codecs?: readonly Codec[];
  /** The error that the work has seen last, for the user. */
  lastError?(): string | undefined;
}

/** How long the end of the process waits for an engine that does not answer. */
const CLOSE_MS = 2_000;
/** How often the queue is asked whether it answers. */
const WATCH_MS = 5_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

function send(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

/** Waits for its settings, makes the primitives, and runs jobs until it is told to stop. */
export function serveWorker<Work>(make: (work: Work, place: QueuePlace | undefined) => Promise<MadeWork>): void {
  const stopping = new AbortController();
  let isOrphan = false;
  let endedBy: NodeJS.Signals | undefined;
  const signals = onEndSignals({
    onFirst(signal) {
      endedBy = signal;
      stopping.abort();
    },
  });
  process.once('disconnect', () => {
    // The program has ended for the second time it was told to, or has crashed while it waited for this process.
    if (stopping.signal.aborted) process.exit(1);
    isOrphan = true;
    stopping.abort();
  });

  async function run(settings: WorkerSettings<Work>): Promise<void> {
    const { register } = await import('../../sdk/index.ts');
    // Before the module is loaded: what it makes is observed.
    const telemetry = await register(settings.telemetry);
    const { primitives, leftOut = [], codecs = [], lastError, ...made } = await make(settings.work, settings.queue);
    const queue = made.queue ?? openQueue(settings.queue as QueuePlace);
    process.on('message', async (command: WorkerCommand<Work>) => {
      if ('stop' in command) stopping.abort();
      else if ('read' in command)
        await send({ id: command.read, reading: { metrics: await telemetry.metrics(), lastError: lastError?.() } });
    });
    await send({
      ready: {
        queue: { name: queue.name, engine: queue.engine },
        primitives: Object.keys(primitives),
        leftOut,
        metricsUrl: telemetry.metricsUrl,
        metricsError: telemetry.metricsError?.message,
      },
    });
    const { concurrency, graceMs } = settings;
    if (settings.watches) void watch(queue, stopping.signal);
    const worker = await startWhenReached({ queue, primitives, codecs, concurrency }, stopping.signal);
    await untilAborted(stopping.signal);
    if (worker !== undefined) await send({ stopped: await worker.stop(graceMs) });
    await telemetry.shutdown();
    const ended = isOrphan && settings.isOwnQueue ? queue.remove() : Promise.resolve();
    const closed = ended.then(() => queue.close());
    await Promise.race([closed.catch(() => {}), systemClock.sleep(CLOSE_MS)]);
    if (endedBy === undefined) process.exit(0);
    await signals.end(endedBy);
  }

  process.once('message', (command: WorkerCommand<Work>) => {
    if (!('start' in command)) return;
    run(command.start).catch(async (error: unknown) => {
      await send({ failed: messageOf(error) });
      process.exit(1);
    });
  });
}

/** Says when the queue does not answer, and when it answers again. */
async function watch(queue: JobQueue, signal: AbortSignal): Promise<void> {
  let isAway = false;
  while (!signal.aborted) {
    const away = await queue.stats().then(
      () => undefined,
      (error: unknown) => foreignMessage(error),
    );
    if (!signal.aborted) {
      if (away !== undefined && !isAway) await send({ away });
      if (away === undefined && isAway) await send({ back: true });
    }
    isAway = away !== undefined;
    await systemClock.sleep(WATCH_MS, signal).catch(() => {});
  }
}

/** Tries until the engine can be reached; `undefined` if the process is told to stop before. */
async function startWhenReached(options: WorkerOptions, signal: AbortSignal): Promise<Worker | undefined> {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return await Promise.race([startWorker(options), untilAborted(signal)]);
    } catch (error) {
      if (error instanceof TypeError || error instanceof RangeError) throw error;
      await systemClock.sleep(pauseMs, signal).catch(() => {});
    }
  }
  return undefined;
}
