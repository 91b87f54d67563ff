import { inBackground } from '../../platform/background.ts';
import { onEndSignals } from '../../platform/signals.ts';

export interface Stop {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Ends the process by the signal that came, as whoever started it expects; does nothing when none came. */
  leave(): Promise<void>;
}

/** Turns the first signal into an abort; another one after a moment ends the process at once. */
export function stopOnSignals(): Stop {
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
    async leave() {
      if (first === undefined) signals.release();
      else await signals.end(first);
    },
  };
}

const LOOK_FOR_PARENT_MS = 500;

/** A SIGTERM to npm ends npm and its shell, but does not reach the program: it sees that its parent has gone. */
function whenOrphaned(leave: () => void): void {
  const parent = process.ppid;
  const look = () => (process.ppid === parent ? inBackground(LOOK_FOR_PARENT_MS, look) : leave());
  look();
}
