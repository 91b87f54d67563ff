/** Signals: ours, and those of a caller, which a test environment or a polyfill may have made. */
import { setMaxListeners } from 'node:events';

/** A controller whose signal may have any number of listeners: each branch of the work may add one. */
export function manyListenersController(): AbortController {
  const controller = new AbortController();
  try {
    setMaxListeners(0, controller.signal);
  } catch {
    // A test environment (jsdom, happy-dom) has its own signals. Only those of Node.js warn of many listeners.
  }
  return controller;
}

/** Whether a value is an AbortSignal, whichever class made it. */
export function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>;
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  );
}

/** The reason of an aborted signal. Signals of older polyfills have none. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : signal.reason;
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
