import { systemClock } from '../platform/clock.ts';

/**
 * Whether `work` settles, either way, within `ms` milliseconds. Keeps the process alive for so long: what it waits for
 * may hold nothing that would.
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
