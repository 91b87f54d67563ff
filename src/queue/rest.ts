import { inBackground } from '../platform/background.ts';

/** Resolves after `ms` milliseconds, or when the signal aborts. It does not keep the process alive. */
export function rest(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const cancel = inBackground(ms, end);
    signal?.addEventListener('abort', end);
  });
}

/** Runs a step again and again, with `everyMs` milliseconds before each, until the signal aborts. An error goes to `failed`. */
export async function repeatedly(
  step: () => Promise<unknown>,
  everyMs: number,
  signal: AbortSignal,
  failed: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      if (everyMs > 0) await rest(everyMs, signal);
      if (!signal.aborted) await step();
    } catch (error) {
      if (signal.aborted) return;
      failed(error);
      await rest(Math.max(everyMs, 100), signal);
    }
  }
}
