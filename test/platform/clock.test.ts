import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../src/platform/clock.ts';
import { createVirtualClock } from '../../src/testing/index.ts';

const reason = new Error('stop');

describe('sleep', () => {
  it('ends when the time has passed, and not before', async () => {
    const clock = createVirtualClock();
    let awake = false;
    const sleeping = clock.sleep(100).then(() => {
      awake = true;
    });
    await clock.advance(99);
    expect(awake).toBe(false);
    await clock.advance(1);
    await sleeping;
    expect(awake).toBe(true);
  });

  it('rejects with the reason in the tick of the abort, and leaves no timer and no listener', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(60_000, controller.signal);
    expect(clock.pending).toBe(1);
    controller.abort(reason);
    expect(clock.pending).toBe(0);
    await expect(sleeping).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('leaves no listener when it has ended by itself', async () => {
    const clock = createVirtualClock();
    const { signal } = new AbortController();
    const sleeping = clock.sleep(10, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await clock.advance(10);
    await sleeping;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('sets no timer and no listener when the signal is already aborted', async () => {
    const clock = createVirtualClock();
    const signal = AbortSignal.abort(reason);
    await expect(clock.sleep(10, signal)).rejects.toBe(reason);
    expect([clock.pending, getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
  });
});

describe('the clock of the machine', () => {
  /** The longest delay, in milliseconds, that `setTimeout` can hold. */
  const LONGEST_TIMER_MS = 2 ** 31 - 1;
  let clock: Clock;
  beforeEach(async () => {
    // A whole number: sums with it are exact.
    vi.spyOn(performance, 'timeOrigin', 'get').mockReturnValue(Date.UTC(2026, 0, 1));
    vi.resetModules();
    ({ systemClock: clock } = await import('../../src/platform/clock.ts'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('calls back once, when the time has passed', () => {
    const callback = vi.fn();
    clock.after(100, callback);
    vi.advanceTimersByTime(99);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(callback).toHaveBeenCalledOnce();
  });

  it.each([0, -1, Number.NEGATIVE_INFINITY])('calls back soon, not at once, after %d ms', (ms) => {
    const callback = vi.fn();
    clock.after(ms, callback);
    expect(callback).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
  });

  it('does not call back after it was cancelled', () => {
    const callback = vi.fn();
    clock.after(100, callback)();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(1_000);
    expect(callback).not.toHaveBeenCalled();
  });

  it.each([LONGEST_TIMER_MS + 1, 5 * LONGEST_TIMER_MS])(
    'waits %d ms, which is longer than a timer of Node.js',
    (ms) => {
      const callback = vi.fn();
      clock.after(ms, callback);
      vi.advanceTimersByTime(ms - 1);
      expect(callback).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      expect(callback).toHaveBeenCalledOnce();
    },
  );

  it('can cancel a wait that is longer than a timer, at any time', () => {
    const stop = clock.after(3 * LONGEST_TIMER_MS, () => {});
    vi.advanceTimersByTime(2 * LONGEST_TIMER_MS + 1);
    expect(vi.getTimerCount()).toBe(1);
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('never calls back after an infinite time', () => {
    const callback = vi.fn();
    const stop = clock.after(Number.POSITIVE_INFINITY, callback);
    vi.advanceTimersByTime(10 * LONGEST_TIMER_MS);
    expect(callback).not.toHaveBeenCalled();
    stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  describe('has a time that', () => {
    /** What the machine's two clocks say, in milliseconds since the program began. */
    const machine = { monotonic: 0, wall: 0 };
    beforeEach(() => {
      Object.assign(machine, { monotonic: 0, wall: 0 });
      vi.spyOn(performance, 'now').mockImplementation(() => machine.monotonic);
      vi.spyOn(Date, 'now').mockImplementation(() => performance.timeOrigin + machine.wall);
    });
    const pass = (monotonic: number, wall = monotonic) => {
      machine.monotonic += monotonic;
      machine.wall += wall;
    };
    const now = () => clock.now() - performance.timeOrigin;
    const date = () => (clock.date?.() ?? Number.NaN) - performance.timeOrigin;

    it('is milliseconds since the Unix epoch, with fractions', () => {
      pass(1.25);
      expect([clock.now(), clock.date?.()]).toEqual(Array(2).fill(performance.timeOrigin + 1.25));
    });

    it.each([-3_600_000, 3_600_000, Date.UTC(2099, 0, 1)])(
      'goes on at the same rate when the wall clock is set by %d ms, while the date follows',
      (step) => {
        pass(5_000);
        expect([now(), date()]).toEqual([5_000, 5_000]);
        pass(2_000, step);
        expect([now(), date()]).toEqual([7_000, 5_000 + step]);
        pass(1_000);
        expect([now(), date()]).toEqual([8_000, 6_000 + step]);
      },
    );

    it('has its right date again after one wrong reading of the wall clock', () => {
      pass(1, Date.UTC(2099, 0, 1));
      expect(date()).toBe(Date.UTC(2099, 0, 1));
      pass(1, 1 - Date.UTC(2099, 0, 1));
      expect([now(), date()]).toEqual([2, 1]);
    });

    it('has a date finer than that of the wall clock, which may be less than a second ahead', () => {
      pass(5_000.25, 5_999);
      expect(date()).toBe(5_000.25);
    });

    it('never decreases when the wall clock jumps', () => {
      let latest = Number.NEGATIVE_INFINITY;
      for (const jump of [0, 90_000, -500_000, 2_000, 7_000_000, -1, 999, 1_001]) {
        pass(1_000, 1_000 + jump);
        expect(now()).toBeGreaterThan(latest);
        latest = now();
      }
    });
  });
});
