/** Calls `callback` once after `ms` milliseconds, unless the process ends before. Returns a function that cancels it. */
export function inBackground(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  timer.unref();
  return () => clearTimeout(timer);
}
