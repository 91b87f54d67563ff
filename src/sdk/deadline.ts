import { systemClock } from '../platform/clock.ts';

/**
 * Resolves to `true` when `work` resolves or rejects within `ms` milliseconds, otherwise to `false`. Keeps the process
 * alive until it resolves, because `work` may have no timer or connection that keeps the process alive.
 */
export async function settlesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const settled = new AbortController();
  const inTime = work.then(
    () => true,
    () => true,
  );
  const late = systemClock.sleep(ms, settled.signal).then(
    () => false,
    () => true,
  );
  const result = await Promise.race([inTime, late]);
  settled.abort();
  return result;
}
