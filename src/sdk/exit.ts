/**
 * Delivers the last spans when the process ends: by a signal, or because it has no more work. The end itself does not
 * change: the program's own handlers run, its exit code is kept, and a signal without a handler kills the process.
 * `process.exit()` and an uncaught error leave no time to deliver spans: call `await shutdown()` before them.
 */
import { onEndSignals } from '../platform/signals.ts';

export interface ExitHooks {
  /** Delivers the spans that have ended. Called when the program handles the signal itself. */
  flush(): Promise<void>;
  /** Delivers the spans and ends telemetry. Called when the process is about to end. */
  shutdown(): Promise<void>;
}

/** Calls the hooks when the process ends. Returns a function that removes its listeners. */
export function onExit({ flush, shutdown }: ExitHooks): () => void {
  const signals = onEndSignals({
    onFirst: (signal) => void shutdown().finally(() => signals.end(signal)),
    onOthers: () => void flush(),
  });
  const onBeforeExit = () => void shutdown();
  process.once('beforeExit', onBeforeExit);
  return () => {
    signals.release();
    process.removeListener('beforeExit', onBeforeExit);
  };
}
