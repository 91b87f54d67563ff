import { abortReason } from '../../platform/abort.ts';
import { inBackground } from '../../platform/background.ts';

/** Settles as `work` does, or rejects with the reason of the signal. */
export function untilAborted<T>(work: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortReason(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort);
    work.then(resolve, reject).then(() => signal.removeEventListener('abort', onAbort));
  });
}

/** Resolves after `ms` milliseconds. It does not keep the process alive. */
export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => inBackground(ms, resolve));
}
