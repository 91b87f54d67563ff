/**
 * A worker thread has providers of its own: its spans leave from it, and the main thread collects its counts. Where the main
 * thread does not, that is said when a worker without an endpoint makes its first span: many never do.
 *
 * A thread that exits ends its workers at once, without an `exit` of theirs. So it asks them before, by a message, to send
 * the spans that they have, and waits for it. All threads share one array: whether the warning was given, and the state
 * of each worker.
 */
import cluster from 'node:cluster';
import { types } from 'node:util';
import {
  BroadcastChannel,
  getEnvironmentData,
  isMainThread,
  setEnvironmentData,
  threadId,
  type Worker,
} from 'node:worker_threads';
import { systemClock } from '../platform/clock.ts';
import { processWide } from '../platform/process-wide.ts';
import type { SpanProcessor } from './span-types.ts';
import { warn } from './warn.ts';

const NAME = 'tta-primitives/worker-threads';
/** The element with the warning; after it one element per thread. */
const WARNED = 0;
const SLOTS = 1024;
/** States of a worker. One that has made no span has only counts to hand over. */
const [IDLE, MADE_SPANS, SENDING, SENT] = [1, 2, 3, 4];
/** How many milliseconds a worker has to begin. One that computes for longer does not see the message in time. */
const LONGEST_TURN_MS = 200;

const slotOf = (thread: number) => 1 + (thread % SLOTS);

/** Made by the main thread. In a worker that was started before that, an array that nobody else has. */
function sharedStates(): Int32Array {
  const known = getEnvironmentData(NAME);
  if (types.isInt32Array(known)) return known;
  const states = new Int32Array(new SharedArrayBuffer(4 * (1 + SLOTS)));
  // The data is this thread's, and that of the threads that it starts.
  setEnvironmentData(NAME, states);
  return states;
}

/** In a worker: the processor that waits for its first span. */
export function workerNotice(): SpanProcessor[] {
  if (isMainThread) return [];
  const states = sharedStates();
  return [
    {
      onStart: () => {
        if (Atomics.compareExchange(states, slotOf(threadId), IDLE, MADE_SPANS) !== IDLE) return;
        if (own.hasEndpoint || Atomics.exchange(states, WARNED, 1) !== 0) return;
        warn(
          'The spans of this worker thread are delivered, but its counts are at no endpoint, because the main thread has ' +
            'not called register. An endpoint of its own: register({ prometheus: { port } }) in the worker.',
        );
      },
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ];
}

/** The workers that this thread has started, how long its exit may wait for them, and whether it has an endpoint itself. */
const own = processWide('workers', () => ({
  running: new Set<Worker>(),
  isFollowed: false,
  longestWaitMs: 0,
  hasEndpoint: false,
  pushes: false,
}));

/** A worker that has an endpoint of its own is not warned of. */
export function noteEndpoint(hasEndpoint: boolean): void {
  own.hasEndpoint = hasEndpoint;
}

/**
 * Follows the workers that are started from now on, also after a shutdown, until this thread exits.
 *
 * @param pushes whether a collector gets the metrics at the end
 */
export function followWorkers(longestWaitMs: number, pushes: boolean): void {
  own.longestWaitMs = longestWaitMs;
  own.pushes = pushes;
  if (own.isFollowed) return;
  own.isFollowed = true;
  sharedStates();
  process.on('worker', (worker) => {
    own.running.add(worker);
    worker.once('exit', () => own.running.delete(worker));
  });
  process.prependOnceListener('exit', askWorkers);
}

/** The workers of this thread that were followed from their start and have not ended. */
export function runningWorkers(): Iterable<Worker> {
  return own.running;
}

/** Lets the workers of this thread send the spans that they have and hand over their counts, and waits for it. */
export function askWorkers(): void {
  const states = sharedStates();
  // Of a process that ends, only the primary of its cluster and a collector get counts.
  const needsCounts = !isMainThread || cluster.isWorker || own.pushes;
  const threads = [...own.running]
    .map((worker) => worker.threadId)
    .filter((thread) => {
      const state = states[slotOf(thread)];
      return state === MADE_SPANS || state === SENDING || (needsCounts && state === IDLE);
    });
  if (threads.length === 0) return;
  const askedAt = systemClock.now();
  const wait = (thread: number, state: number, ms: number) =>
    Atomics.wait(states, slotOf(thread), state, Math.max(0, askedAt + ms - systemClock.now()));
  const channel = new BroadcastChannel(NAME);
  channel.postMessage(threads);
  for (const thread of threads) {
    wait(thread, IDLE, LONGEST_TURN_MS);
    wait(thread, MADE_SPANS, LONGEST_TURN_MS);
  }
  for (const thread of threads) wait(thread, SENDING, own.longestWaitMs);
  channel.close();
}

/** In a worker: calls `sendLast` when the thread that has started it exits. Returns a function that ends that. */
export function answerAsked(sendLast: () => void): () => void {
  if (isMainThread) return () => {};
  const states = sharedStates();
  const slot = slotOf(threadId);
  const become = (state: number) => {
    Atomics.store(states, slot, state);
    Atomics.notify(states, slot);
  };
  // An earlier thread may have had this element.
  become(IDLE);
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = (event: unknown) => {
    // All threads hear it, also those that another thread has started.
    if (!(event as { readonly data: readonly number[] }).data.includes(threadId)) return;
    become(SENDING);
    sendLast();
    become(SENT);
  };
  channel.unref();
  return () => channel.close();
}
