/** Executions that wait for permits of a shared rate limit, when what they wait for changes. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Clock, type RateLimitStore, rateLimit, task } from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { memoryRateLimitStore } from '../support/memory-rate-limit-store.ts';
import { captureWarnings } from '../support/warnings.ts';

describe('those who wait for permits of a shared rate limit', () => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  let begun: number;
  let startedAt: [id: string, ms: number][];
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
    begun = clock.now();
    startedAt = [];
    captureWarnings();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    expect(clock.pending).toBe(0);
    await telemetry.stop();
  });

  /** Two permits per second, one at once. */
  const limit = (store: RateLimitStore, more = {}) =>
    rateLimit(
      task('work', (id: string) => {
        startedAt.push([id, clock.now() - begun]);
      }),
      { name: 'a', algorithm: 'bucket', permits: 2, perMs: 1_000, burst: 1, store, ...more },
    );
  const times = (process: string) => startedAt.filter(([id]) => id.startsWith(process)).map(([, ms]) => ms);
  /** A process whose timers do not fire until `untilMs`. */
  const stalled = (untilMs: number): Clock => ({
    now: () => clock.now(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    after(ms, callback) {
      const dueMs = clock.now() - begun + ms;
      return clock.after(dueMs < untilMs ? Math.max(ms, untilMs - (clock.now() - begun)) : ms, callback);
    },
  });

  it('do not catch up when their process has stood still, and keep their order', async () => {
    const { store } = memoryRateLimitStore(clock);
    const [one, other] = [limit(store), limit(store)];
    const context = { clock: stalled(2_600) };
    const all = ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map((id) => one.execute(id, { context }));
    await clock.advance(2_600);
    all.push(...['b0', 'b1'].map((id) => other.execute(id, { context: { clock } })));
    await clock.advance(10_000);
    await Promise.all(all);
    expect(startedAt.map(([id]) => id).filter((id) => id.startsWith('a'))).toEqual([
      ...['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6'],
    ]);
    // Of the permits that were there while it stood still, the bucket kept one.
    for (const [i, [, ms]] of startedAt.entries()) expect(ms).toBeGreaterThanOrEqual(i < 1 ? 0 : 2_600 + (i - 2) * 500);
    expect(startedAt.at(-1)?.[1]).toBeLessThanOrEqual(2_600 + 8 * 500);
  });

  it('ask again, in their order, when the store has lost the bucket', async () => {
    const { store, lose } = memoryRateLimitStore(clock);
    const steady = limit(store);
    const all = [0, 1, 2, 3].map((id) => steady.execute(`a${id}`, { context: { clock } }));
    await settled();
    lose();
    all.push(steady.execute('a4', { context: { clock } }));
    await clock.advance(10_000);
    await Promise.all(all);
    // The new bucket was full: one has started more than the old one would have allowed.
    expect(times('a')).toEqual([0, 0, 500, 1_000, 1_500]);
    expect(startedAt[1]?.[0]).toBe('a4');
    expect(startedAt.slice(2).map(([id]) => id)).toEqual(['a1', 'a2', 'a3']);
  });

  it('are all that start until their permits are used, when the store is away', async () => {
    let isAway = false;
    const steady = limit(memoryRateLimitStore(clock, { fails: () => isAway }).store);
    const all = [0, 1, 2].map((id) => steady.execute(`a${id}`, { context: { clock } }));
    await settled();
    isAway = true;
    all.push(...[3, 4].map((id) => steady.execute(`a${id}`, { context: { clock } })));
    await clock.advance(10_000);
    await Promise.all(all);
    expect(times('a')).toEqual([0, 500, 1_000, 1_500, 2_000]);
  });

  it('wait in the line of the store as soon as it is there again, and are not refused then', async () => {
    let isAway = true;
    const { store } = memoryRateLimitStore(clock, { fails: () => isAway });
    const [one, other] = [limit(store, { maxWaitMs: 2_500 }), limit(store)];
    const all = [0, 1, 2, 3, 4, 5].map((id) => one.execute(`a${id}`, { context: { clock } }));
    await clock.advance(100);
    isAway = false;
    all.push(...[0, 1, 2].map((id) => other.execute(`b${id}`, { context: { clock } })));
    await settled();
    await clock.advance(1_000);
    all.push(one.execute('a6', { context: { clock } }).catch(() => {}));
    await clock.advance(10_000);
    await Promise.all(all);
    expect(times('b')).toEqual([100, 600, 1_100]);
    // It has learnt at 1,100 ms that the store is there.
    const late = startedAt.map(([, ms]) => ms).filter((ms) => ms >= 1_100);
    expect(late).toEqual(late.map((_, i) => 1_100 + i * 500));
  });

  it('share what their process may use, when two limits of it have one name', async () => {
    let isAway = false;
    const { store, asked } = memoryRateLimitStore(clock, { fails: () => isAway });
    const [one, other] = [limit(store), limit(store)];
    await one.execute('a', { context: { clock } });
    await clock.advance(500);
    await other.execute('b', { context: { clock } });
    isAway = true;
    expect(new Set(asked.map(({ process }) => process)).size).toBe(2);
  });
});
