import { setImmediate } from 'node:timers';

/**
 * Calls `callback` once after `ms` milliseconds. The timer does not keep the process alive. Returns a function that
 * cancels it.
 */
export function inBackground(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  // In a test environment (jsdom) a timer is a number.
  timer.unref?.();
  return () => clearTimeout(timer);
}

/** Calls `callback` after the callbacks that are due. A test environment (jsdom) has no `setImmediate` of its own. */
export function afterCallbacks(callback: () => void): void {
  setImmediate(callback);
}
