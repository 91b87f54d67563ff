/** Shows in the metrics what a queue holds, while a part of this process needs the queue. */
import { inBackground } from '../platform/background.ts';
import type { QueueRecorder } from '../telemetry/record/queue.ts';
import type { JobQueue, QueueStats } from './job-queue.ts';

/** How often the engine is asked, and how long it may take to answer, in milliseconds. */
const EVERY_MS = 5_000;
/** When it is asked first. Later than most calls end: a program that makes one call does not ask. */
const FIRST_MS = 1_000;

type Record = Pick<QueueRecorder, 'depth' | 'failed'>;

class DepthWatch {
  readonly #queue: Pick<JobQueue, 'stats'>;
  #holders = 0;
  #isOn = false;

  constructor(queue: Pick<JobQueue, 'stats'>) {
    this.#queue = queue;
  }

  hold(record: Record): () => void {
    this.#holders += 1;
    if (!this.#isOn) {
      this.#isOn = true;
      inBackground(FIRST_MS, () => this.#look(record));
    }
    let held = true;
    return () => {
      if (held) this.#holders -= 1;
      held = false;
    };
  }

  /** What an engine says later than the next look is not used: it may be old. */
  #look(record: Record): void {
    if (this.#holders === 0) {
      this.#isOn = false;
      record.depth(undefined);
      return;
    }
    let isDue = true;
    const answer = (stats: QueueStats | undefined, error?: unknown) => {
      if (!isDue) return;
      isDue = false;
      record.depth(stats);
      if (stats === undefined) record.failed('stats', error);
    };
    statsOf(this.#queue).then(answer, (error: unknown) => answer(undefined, error));
    inBackground(EVERY_MS, () => {
      answer(undefined, new Error(`no answer within ${EVERY_MS} ms`));
      this.#look(record);
    });
  }
}

/** Engines are foreign code: one may throw at once. */
async function statsOf(queue: Pick<JobQueue, 'stats'>): Promise<QueueStats> {
  return queue.stats();
}

const watches = new WeakMap<object, DepthWatch>();

/**
 * Asks the queue every 5 seconds what it holds, until the function that it returns is called. A worker holds the watch for
 * its life. A producer holds it while a call waits: where no worker runs, only a producer can show that jobs wait. Many holders
 * in one process ask once.
 */
export function watchDepth(queue: Pick<JobQueue, 'stats'>, record: Record): () => void {
  let watch = watches.get(queue);
  if (watch === undefined) {
    watch = new DepthWatch(queue);
    watches.set(queue, watch);
  }
  return watch.hold(record);
}
