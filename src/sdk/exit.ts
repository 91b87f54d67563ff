/**
 * Delivers the last spans when the process, or this worker thread, ends: by a signal, because there is no more work, by
 * `process.exit()`, by an uncaught error or by an unhandled rejection. The end itself does not change: the program's own
 * handlers run, its exit code is kept, and a signal without a handler kills the process. SIGKILL, a crash of Node.js,
 * `worker.terminate()` and an error in a handler of `uncaughtException` leave no time to deliver spans.
 */
import { isMainThread } from 'node:worker_threads';
import { onEndSignals } from '../platform/signals.ts';
import { askWorkers } from './worker-threads.ts';

export interface ExitHooks {
  /** Delivers the spans that have ended. Called when the program handles the signal itself. */
  flush(): Promise<void>;
  /** Delivers the spans that have ended. Called when there is no more work, unless another handler starts some. */
  finish(): Promise<void>;
  /** Delivers the spans and ends telemetry. Called when a signal ends the process. */
  shutdown(): Promise<void>;
  /** Delivers what is left before it returns. Called when the process exits: nothing asynchronous runs any more. */
  sendLast(): void;
}

/** Calls the hooks when the process ends. Returns a function that removes its listeners. */
export function onExit({ flush, finish, shutdown, sendLast }: ExitHooks): () => void {
  const releaseSignals = isMainThread ? onSignals(flush, shutdown) : () => {};
  // Each time that the work comes to an end: a handler of the program may start more.
  const onBeforeExit = () => void finish();
  process.on('beforeExit', onBeforeExit);
  // The first listener: another one may throw, or exit at once.
  process.prependOnceListener('exit', sendLast);
  return () => {
    releaseSignals();
    process.removeListener('beforeExit', onBeforeExit);
    process.removeListener('exit', sendLast);
  };
}

/** A worker thread gets no signals. */
function onSignals(flush: () => Promise<void>, shutdown: () => Promise<void>): () => void {
  const signals = onEndSignals({
    onFirst: (signal) =>
      void shutdown().finally(() => {
        // A signal ends the process without an exit.
        askWorkers();
        return signals.end(signal);
      }),
    onOthers: () => void flush(),
  });
  return signals.release;
}
