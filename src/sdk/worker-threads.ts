/**
 * A worker thread has providers of its own: its spans leave from it, and its counts are not at the endpoint of the main
 * thread, which has the port. That is said once per process, when a worker makes its first span: many workers never do.
 */
import { types } from 'node:util';
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';
import type { SpanProcessor } from './span-types.ts';
import { warn } from './warn.ts';

/** Memory that all threads of the process share: whether it has been said. */
const SAID = 'tta-primitives/worker-threads';

/** In the main thread: prepares its workers. In a worker: the processor that waits for the first span. */
export function workerNotice(): SpanProcessor[] {
  if (isMainThread) {
    if (getEnvironmentData(SAID) === undefined) setEnvironmentData(SAID, new Int32Array(new SharedArrayBuffer(4)));
    return [];
  }
  const said = getEnvironmentData(SAID);
  const shared = types.isInt32Array(said) ? said : new Int32Array(1);
  return [
    {
      onStart: () => {
        if (shared[0] !== 0 || Atomics.exchange(shared, 0, 1) !== 0) return;
        warn(
          'The spans of worker threads are delivered, but their counts are not at the endpoint of the main thread. ' +
            'An endpoint of its own: register({ prometheus: { port } }) in the worker.',
        );
      },
      onEnd: () => {},
      forceFlush: async () => {},
      shutdown: async () => {},
    },
  ];
}
