import { inBackground } from '../../platform/background.ts';
import { type Clock, systemClock } from '../../platform/clock.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** npm hands a Ctrl-C on to a program that the terminal has told already: the second one at once is the same. */
const SAME_PRESS_MS = 500;

export interface Stop {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal;
  /** Ends the process by the signal that came, as whoever started it expects; does nothing when none came. */
  leave(): Promise<void>;
}

/** Turns the first signal into an abort; another one after a moment ends the process there and then. */
export function stopOnSignals(clock: Clock = systemClock): Stop {
  const controller = new AbortController();
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const raise = (signal: NodeJS.Signals) => {
    for (const one of SIGNALS) process.removeListener(one, listen);
    process.kill(process.pid, signal);
  };
  const listen = (signal: NodeJS.Signals) => {
    if (first === undefined) {
      first = { signal, at: clock.now() };
      controller.abort(new Error(`stopped by ${signal}`));
    } else if (clock.now() - first.at > SAME_PRESS_MS) raise(signal);
  };
  for (const signal of SIGNALS) process.on(signal, listen);
  if (process.env.npm_lifecycle_event !== undefined) whenOrphaned(() => listen('SIGTERM'));
  return {
    signal: controller.signal,
    async leave() {
      if (first === undefined) {
        for (const one of SIGNALS) process.removeListener(one, listen);
        return;
      }
      raise(first.signal);
      // The first process of a container is spared by its own signals.
      await clock.sleep(200);
      process.exit(first.signal === 'SIGINT' ? 130 : 143);
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
