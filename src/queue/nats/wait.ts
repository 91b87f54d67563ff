import { abortReason } from '../../platform/abort.ts';
import { systemClock } from '../../platform/clock.ts';

/** Settles as `work` does, or rejects with the reason of the signal. */
export function unlessAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortReason(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    work.then(resolve, reject).then(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Settles as `work` does, at the latest after `ms` milliseconds. It keeps the process alive until then. */
export async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  const settled = new AbortController();
  try {
    await Promise.race([work, systemClock.sleep(ms, settled.signal)]);
  } finally {
    settled.abort();
  }
}
