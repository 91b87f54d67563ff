/**
 * The end of the process. What it decides stays decided: its own handlers, its exit code, death by the signal.
 * `process.exit` and an uncaught error leave no time to deliver anything; before them, `await shutdown()`.
 */
import { constants } from 'node:os';
import { systemClock } from '../platform/clock.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** A terminal can send one Ctrl-C twice (to npm and by npm), so only a later one is somebody who will not wait. */
const SAME_KEYPRESS_MS = 500;
const INIT_GRACE_MS = 100;

export interface ExitHooks {
  /** Delivers what there is, for a program that handles the signal itself. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Returns how to let go of the process's signals and its end. */
export function onExit({ flush, shutdown }: ExitHooks): () => void {
  let leavingSince: number | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    if (process.listeners(signal).some((listener) => listener !== onSignal)) {
      // Others decide. Some of them act only once they are alone, so ours goes first.
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
    // The kernel keeps from process 1 of a container every signal that it does not handle.
    if (process.pid === 1) systemClock.after(INIT_GRACE_MS, () => process.exit(128 + constants.signals[signal]));
  };

  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  process.once('beforeExit', onBeforeExit);
  return release;
}
