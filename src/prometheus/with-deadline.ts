import { inBackground } from '../platform/background.ts';
import { readProperty } from '../platform/read-property.ts';

/** The text of the SDK's own error of that kind, which has no other mark. */
const TIMED_OUT = 'Operation timed out.';

/** Settles as `work` does, or rejects after `ms` milliseconds. The work goes on. */
export function withDeadline<T>(ms: number | undefined, work: () => Promise<T>): Promise<T> {
  if (ms === undefined) return work();
  return new Promise((resolve, reject) => {
    const cancel = inBackground(ms, () => reject(new Error(TIMED_OUT)));
    work().then(resolve, reject).finally(cancel);
  });
}

export function isTimeout(error: unknown): boolean {
  return readProperty(error, 'message') === TIMED_OUT;
}
