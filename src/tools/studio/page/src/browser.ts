/** The browser: its time, timers and address. No other file of the page reads them. */

/** Milliseconds since the Unix epoch. */
export function now(): number {
  return Date.now();
}

/** Calls back once after a time. Returns a function that cancels it. */
export function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}

/** Calls back again and again. Returns a function that ends it. */
export function every(ms: number, callback: () => void): () => void {
  const timer = setInterval(callback, ms);
  return () => clearInterval(timer);
}
