import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { watchDepth } from '../../src/queue/depth-watch.ts';
import type { QueueStats } from '../../src/queue/index.ts';

const STATS: QueueStats = { waiting: 3, running: 1, delayed: 0, dead: 2, oldestMs: 40, workers: 1 };

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(stats: () => Promise<QueueStats>) {
  const queue = { stats: vi.fn(stats) };
  const record = { depth: vi.fn(), failed: vi.fn() };
  return { queue, record, release: watchDepth(queue, record) };
}

describe('what a queue holds', () => {
  it('is asked after a second, and every five seconds from then on', async () => {
    const { queue, record, release } = watched(async () => STATS);
    await vi.advanceTimersByTimeAsync(999);
    expect(queue.stats).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(record.depth.mock.calls).toEqual([[STATS]]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(record.depth.mock.calls).toEqual([[STATS], [STATS], [STATS]]);
    expect(record.failed).not.toHaveBeenCalled();
    release();
  });

  it('is not asked by a process that made one short call', async () => {
    const { queue, record, release } = watched(async () => STATS);
    release();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(queue.stats).not.toHaveBeenCalled();
    expect(record.depth.mock.calls).toEqual([[undefined]]);
  });

  it('is asked once for all that hold the watch, and until the last one has let go', async () => {
    const { queue, record, release } = watched(async () => STATS);
    const second = watchDepth(queue, record);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(queue.stats).toHaveBeenCalledTimes(1);
    release();
    release();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(queue.stats).toHaveBeenCalledTimes(2);
    second();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(queue.stats).toHaveBeenCalledTimes(2);
    expect(record.depth).toHaveBeenLastCalledWith(undefined);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is asked again when the watch is held again', async () => {
    const { queue, record, release } = watched(async () => STATS);
    release();
    await vi.advanceTimersByTimeAsync(60_000);
    watchDepth(queue, record);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(record.depth).toHaveBeenLastCalledWith(STATS);
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('down'))],
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
  ] as const)('is unknown, and not nothing, when the engine %s', async (_, stats) => {
    const { record } = watched(stats);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(record.depth.mock.calls).toEqual([[undefined]]);
    expect(record.failed.mock.calls).toEqual([['stats', new Error('down')]]);
  });

  it('is unknown while the engine does not answer, and known again when it does', async () => {
    const answers: ((stats: QueueStats) => void)[] = [];
    const { record } = watched(() => new Promise((resolve) => answers.push(resolve)));
    await vi.advanceTimersByTimeAsync(6_000);
    expect(record.depth.mock.calls).toEqual([[undefined]]);
    expect(record.failed.mock.calls).toEqual([['stats', new Error('no answer within 5000 ms')]]);
    answers[0]?.({ ...STATS, waiting: 99 });
    answers[1]?.(STATS);
    await vi.advanceTimersByTimeAsync(0);
    expect(record.depth.mock.calls).toEqual([[undefined], [STATS]]);
  });
});
