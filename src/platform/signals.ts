import type { EventEmitter } from 'node:events';
import { constants } from 'node:os';
import { type Clock, systemClock } from './clock.ts';

/** The signals that ask a process to end. nodemon sends SIGUSR2, Windows SIGBREAK; a system without a signal ignores it. */
const END_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGBREAK'] as const;
/** One Ctrl-C can arrive twice: from the terminal, and again from npm. A signal after this time is a second Ctrl-C. */
const SAME_PRESS_MS = 500;
/** How many milliseconds a process waits, after it has sent itself the signal, before it exits. */
const GRACE_MS = 100;

export interface EndSignalOptions {
  /** Called once, at the first signal. */
  readonly onFirst: (signal: NodeJS.Signals) => void;
  /**
   * Called instead of `onFirst` when other code listens to the signal: that code decides, and this listener is removed
   * until the other code has removed its own. So the signal that a handler sends to its own process arrives here.
   * @default none: `onFirst` is called also when other code listens
   */
  readonly onOthers?: () => void;
  readonly clock?: Clock;
}

export interface EndSignals {
  /** Does the same as when this signal arrives. */
  receive(signal: NodeJS.Signals): void;
  /** Removes the listeners. */
  release(): void;
  /** Ends the process by this signal, as its parent expects. Resolves only when other code listens to it and decides. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Listens to the signals that ask a process to end. A second one ends it at once, unless it is the same key press. */
export function onEndSignals({ onFirst, onOthers, clock = systemClock }: EndSignalOptions): EndSignals {
  const events: EventEmitter = process;
  let firstAt: number | undefined;

  const receive = (signal: NodeJS.Signals) => {
    if (onOthers !== undefined && process.listeners(signal).some((listener) => listener !== receive)) {
      // Some listeners act only when there is no other listener, so this one removes itself.
      process.removeListener(signal, receive);
      onOthers();
      return;
    }
    const now = clock.now();
    if (firstAt === undefined) {
      firstAt = now;
      onFirst(signal);
    } else if (now - firstAt >= SAME_PRESS_MS) void end(signal);
  };
  const onRemoved = (event: string | symbol) => {
    const signal = END_SIGNALS.find((each) => each === event);
    if (signal !== undefined && process.listenerCount(signal) === 0) process.on(signal, receive);
  };
  const release = () => {
    events.removeListener('removeListener', onRemoved);
    for (const signal of END_SIGNALS) process.removeListener(signal, receive);
  };
  const end = async (signal: NodeJS.Signals) => {
    release();
    process.kill(process.pid, signal);
    await clock.sleep(GRACE_MS);
    // The kernel ignores a signal to process 1 of a container when that process has no handler for it.
    if (process.listenerCount(signal) === 0) process.exit(128 + constants.signals[signal]);
  };

  for (const signal of END_SIGNALS) {
    // It is the first listener, so that it is removed before the other listeners are called.
    if (onOthers === undefined) process.on(signal, receive);
    else process.prependListener(signal, receive);
  }
  // Also for a program that removes all listeners before it adds its own.
  if (onOthers !== undefined) events.on('removeListener', onRemoved);
  return { receive, release, end };
}
