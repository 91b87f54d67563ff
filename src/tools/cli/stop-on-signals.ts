import { inBackground } from '../../platform/background.ts';
import { onEndSignals } from '../../platform/signals.ts';

export interface StopOnSignals {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Ends the process by the signal that arrived, as its parent expects. Does nothing without a signal. */
  endProcess(): Promise<void>;
}

/** Aborts at the first signal. A second signal ends the process at once. */
export function stopOnSignals(): StopOnSignals {
  const controller = new AbortController();
  let first: NodeJS.Signals | undefined;
  const signals = onEndSignals({
    onFirst(signal) {
      first = signal;
      controller.abort(new Error(`stopped by ${signal}`));
    },
  });
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(() => signals.receive('SIGTERM'));
  return {
    signal: controller.signal,
    async endProcess() {
      if (first === undefined) signals.release();
      else await signals.end(first);
    },
  };
}

const PARENT_CHECK_MS = 500;

/**
 * Calls `onOrphaned` when the parent process has ended. A SIGTERM to npm ends npm and its shell, but this program does
 * not receive it.
 */
function whenOrphaned(onOrphaned: () => void): void {
  const parent = process.ppid;
  const check = () => (process.ppid === parent ? inBackground(PARENT_CHECK_MS, check) : onOrphaned());
  check();
}
