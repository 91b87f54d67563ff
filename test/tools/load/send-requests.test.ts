import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/platform/clock.ts';
import { createVirtualClock } from '../../../src/testing/index.ts';
import { type RequestResult, type SendOptions, sendRequests } from '../../../src/tools/load/send-requests.ts';

type Request = (n: number, clock: Clock) => Promise<unknown>;

function start({ request, ...more }: Omit<Partial<SendOptions>, 'request'> & { request: Request }) {
  const clock = createVirtualClock();
  const results: RequestResult[] = [];
  const sent = sendRequests({
    clock,
    rate: 10,
    concurrency: 4,
    durationMs: 1_000,
    signal: new AbortController().signal,
    onResult: (result) => results.push(result),
    ...more,
    request: (n) => request(n, clock),
  });
  return { clock, results, sent };
}

describe('sendRequests', () => {
  it('starts requests at their scheduled times, at the rate and for the duration', async () => {
    const starts: number[] = [];
    const { clock, sent, results } = start({
      request: async (_, { now }) => void starts.push(now()),
    });
    const t0 = starts[0] ?? 0;
    await clock.advance(1_000);
    expect(await sent).toEqual({ started: 10, notStarted: 0, seconds: 0.9 });
    expect(starts.map((at) => Math.round(at - t0))).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
    expect(results.every(({ failure }) => failure === undefined)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('counts a stall in the latency of the requests behind it, not only in that of the stalled request', async () => {
    const { clock, sent, results } = start({
      concurrency: 1,
      durationMs: 1_000,
      request: (n, clock) => (n === 0 ? clock.sleep(500) : Promise.resolve()),
    });
    await clock.advance(1_000);
    await sent;
    const rounded = results.map(({ sinceScheduledMs, sinceStartMs }) => [
      Math.round(sinceScheduledMs),
      Math.round(sinceStartMs),
    ]);
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

  it('counts requests that were never started when the rate is too high', async () => {
    const { clock, sent, results } = start({ concurrency: 2, request: (_, clock) => clock.sleep(400) });
    await clock.advance(5_000);
    const { started, notStarted } = await sent;
    expect(started).toBe(6);
    expect(notStarted).toBe(4);
    expect(results).toHaveLength(6);
  });

  it('without a rate starts a request when another one ends, within the concurrency', async () => {
    let running = 0;
    let maxRunning = 0;
    const { clock, sent, results } = start({
      rate: undefined,
      concurrency: 3,
      request: async (_, clock) => {
        maxRunning = Math.max(maxRunning, ++running);
        await clock.sleep(100);
        running -= 1;
      },
    });
    await clock.advance(2_000);
    expect((await sent).notStarted).toBe(0);
    expect(maxRunning).toBe(3);
    expect(results).toHaveLength(30);
  });

  it('starts no more requests after the abort, and waits for the open ones', async () => {
    const stop = new AbortController();
    const { clock, sent, results } = start({ signal: stop.signal, request: (_, clock) => clock.sleep(250) });
    await clock.advance(150);
    stop.abort();
    await clock.advance(1_000);
    expect(await sent).toMatchObject({ started: 2, notStarted: 0 });
    expect(results.map(({ sinceStartMs }) => Math.round(sinceStartMs))).toEqual([250, 250]);
    expect(clock.pending).toBe(0);
  });

  it('counts a rejection as a failure, also one without an error', async () => {
    const { clock, sent, results } = start({
      rate: 2,
      request: (n) => Promise.reject(n === 0 ? new Error('busy') : undefined),
    });
    await clock.advance(1_000);
    await sent;
    expect(results.map(({ failure }) => (failure as Error).message)).toEqual(['busy', 'rejected with nothing']);
  });
});
