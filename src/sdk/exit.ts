/**
 * Delivers the last spans when the process ends: by a signal, or because it has nothing left to do. How the process
 * ends stays the same: the program's own handlers run, its exit code is kept, and a signal without a handler kills it.
 * `process.exit()` and an uncaught error leave no time to deliver spans: call `await shutdown()` before them.
 */
import { constants } from 'node:os';
import { systemClock } from '../platform/clock.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** One Ctrl-C can arrive twice: from the terminal, and again from npm. A signal after this time is a second Ctrl-C. */
const SAME_KEYPRESS_MS = 500;
/** How long process 1 waits for the end by its own signal before it exits by itself. */
const INIT_GRACE_MS = 100;

export interface ExitHooks {
  /** Delivers the spans that have ended. Called when the program handles the signal itself. */
  flush(): Promise<void>;
  /** Delivers the spans and ends telemetry. Called when the process is about to end. */
  shutdown(): Promise<void>;
}

/** Calls the hooks when the process ends. Returns a function that removes its listeners. */
export function onExit({ flush, shutdown }: ExitHooks): () => void {
  let leavingSince: number | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listeners(signal).some((listener) => listener !== onSignal)) {
      // The program decides. Some handlers act only when no other listener is left, so this one removes itself.
      process.removeListener(signal, onSignal);
      void flush();
      return;
    }
    const now = systemClock.now();
    if (leavingSince === undefined) {
      leavingSince = now;
      void shutdown().finally(() => die(signal));
    } else if (now - leavingSince >= SAME_KEYPRESS_MS) {
      die(signal);
    }
  };
  const onBeforeExit = () => void shutdown();
  const release = () => {
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
    process.removeListener('beforeExit', onBeforeExit);
  };
  const die = (signal: NodeJS.Signals) => {
    release();
    process.kill(process.pid, signal);
    // The kernel ignores a signal to process 1 of a container when that process has no handler for it.
    if (process.pid === 1) systemClock.after(INIT_GRACE_MS, () => process.exit(128 + constants.signals[signal]));
  };

  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  process.once('beforeExit', onBeforeExit);
  return release;
}
