/**
 * Calls `callback` once after `ms` milliseconds. The timer does not keep the process alive. Returns a function that
 * cancels it.
 */
export function inBackground(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
