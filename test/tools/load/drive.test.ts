import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/platform/clock.ts';
import { createVirtualClock } from '../../../src/testing/index.ts';
import { type Done, type DriveOptions, drive } from '../../../src/tools/load/drive.ts';

type Request = (n: number, clock: Clock) => Promise<unknown>;

function start({ request, ...more }: Omit<Partial<DriveOptions>, 'request'> & { request: Request }) {
  const clock = createVirtualClock();
  const done: Done[] = [];
  const driven = drive({
    clock,
    rate: 10,
    concurrency: 4,
    durationMs: 1_000,
    signal: new AbortController().signal,
    onDone: (one) => done.push(one),
    ...more,
    request: (n) => request(n, clock),
  });
  return { clock, done, driven };
}

describe('drive', () => {
  it('begins requests when they are due, as many as the rate and the duration make', async () => {
    const begun: number[] = [];
    const { clock, driven, done } = start({
      request: async (_, { now }) => void begun.push(now()),
    });
    const t0 = begun[0] ?? 0;
    await clock.advance(1_000);
    expect(await driven).toEqual({ begun: 10, notBegun: 0, seconds: 0.9 });
    expect(begun.map((at) => Math.round(at - t0))).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(done.every(({ failure }) => failure === undefined)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('charges a stall to those who stood behind it, not to the one that stalled alone', async () => {
    const { clock, driven, done } = start({
      concurrency: 1,
      durationMs: 1_000,
      request: (n, clock) => (n === 0 ? clock.sleep(500) : Promise.resolve()),
    });
    await clock.advance(1_000);
    await driven;
    const rounded = done.map(({ sinceDueMs, sinceBegunMs }) => [Math.round(sinceDueMs), Math.round(sinceBegunMs)]);
    expect(rounded.slice(0, 7)).toEqual([
      [500, 500],
      [400, 0],
      [300, 0],
      [200, 0],
      [100, 0],
      [0, 0],
      [0, 0],
    ]);
    expect(rounded).toHaveLength(10);
  });

  it('tells how many were due and never begun when the rate is too high', async () => {
    const { clock, driven, done } = start({ concurrency: 2, request: (_, clock) => clock.sleep(400) });
    await clock.advance(5_000);
    const { begun, notBegun } = await driven;
    expect(begun).toBe(6);
    expect(notBegun).toBe(4);
    expect(done).toHaveLength(6);
  });

  it('without a rate begins the next as soon as one ends, never more at once than it may', async () => {
    let running = 0;
    let most = 0;
    const { clock, driven, done } = start({
      rate: undefined,
      concurrency: 3,
      request: async (_, clock) => {
        most = Math.max(most, ++running);
        await clock.sleep(100);
        running -= 1;
      },
    });
    await clock.advance(2_000);
    expect((await driven).notBegun).toBe(0);
    expect(most).toBe(3);
    expect(done).toHaveLength(30);
  });

  it('begins nothing more once it is stopped, and waits for what is under way', async () => {
    const stop = new AbortController();
    const { clock, driven, done } = start({ signal: stop.signal, request: (_, clock) => clock.sleep(250) });
    await clock.advance(150);
    stop.abort();
    await clock.advance(1_000);
    expect(await driven).toMatchObject({ begun: 2, notBegun: 0 });
    expect(done.map(({ sinceBegunMs }) => Math.round(sinceBegunMs))).toEqual([250, 250]);
    expect(clock.pending).toBe(0);
  });

  it('counts a rejection as a failure, whatever it was rejected with', async () => {
    const { clock, driven, done } = start({
      rate: 2,
      request: (n) => Promise.reject(n === 0 ? new Error('busy') : undefined),
    });
    await clock.advance(1_000);
    await driven;
    expect(done.map(({ failure }) => (failure as Error).message)).toEqual(['busy', 'rejected with nothing']);
  });
});
