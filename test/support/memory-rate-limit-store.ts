import type { RateLimitAnswer, RateLimitRequest, RateLimitReturn, RateLimitStore } from '../../src/index.ts';
import { type Bucket, filled, fullBucket } from '../../src/resilience/token-bucket.ts';

/** A bucket that several rate limits share, on the clock of a test. */
export function memoryRateLimitStore(clock: { now(): number }, { processes = 1, fails = () => false as boolean } = {}) {
  const asked: RateLimitRequest[] = [];
  const returned: RateLimitReturn[] = [];
  let bucket: Bucket | undefined;
  let last = Number.NEGATIVE_INFINITY;
  let epoch = 1;
  const store: RateLimitStore = {
    async take(request): Promise<RateLimitAnswer> {
      asked.push(request);
      if (fails()) throw new Error('redis://me:secret@host is away');
      const now = clock.now();
      const before = filled(request, bucket ?? fullBucket(request), now);
      const waitMs = Math.max(0, ((request.weight - before.available) * request.perMs) / request.permits);
      const granted = waitMs <= (request.longestMs ?? Number.POSITIVE_INFINITY);
      bucket = granted ? { ...before, available: before.available - request.weight } : before;
      if (granted) last = now + waitMs;
      return { granted, waitMs, readyAt: now + waitMs, available: bucket.available, processes, epoch };
    },
    giveBack(permits) {
      returned.push(permits);
      const { weight, readyAt, perMs, burst } = permits;
      const before = filled(permits, bucket ?? fullBucket(permits), clock.now());
      const back = Math.min(weight, weight - ((last - readyAt) * permits.permits) / perMs);
      if (back <= 0 || permits.epoch !== epoch) return;
      bucket = { ...before, available: Math.min(burst, before.available + back) };
      if (last === readyAt) last -= (back * perMs) / permits.permits;
    },
  };
  /** As a Redis that was emptied. */
  const lose = () => {
    bucket = undefined;
    epoch += 1;
  };
  return { store, asked, returned, lose };
}
