import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-node';
import { describe, expect, it } from 'vitest';
import { SpanQueue } from '../../src/sdk/span-queue.ts';

type Done = Parameters<SpanExporter['export']>[1];
const OK = { code: 0 };
const spans = (n: number) => Array.from({ length: n }, () => ({}) as ReadableSpan);

/** A queue over an exporter whose answers the test gives. */
function queueOver(answer: (done: Done) => void) {
  const failures: (Error | undefined)[] = [];
  const queue = new SpanQueue({
    exporter: { export: (_, done) => answer(done), shutdown: async () => {} },
    maxPending: 100_000,
    slowFailureMs: 1_000,
    onFirstFailure: (error) => failures.push(error),
  });
  const hand = (count: number) => {
    for (let i = 0; i < count; i++) if (queue.admit()) queue.export(spans(1), () => {});
  };
  return { queue, hand, failures };
}

describe('the queue', () => {
  it('sends four batches at once, the others as those end', async () => {
    const open: Done[] = [];
    let most = 0;
    const { queue, hand } = queueOver((done) => {
      open.push(done);
      most = Math.max(most, open.length);
    });
    hand(20);
    const flushed = queue.forceFlush();
    for (let done = open.shift(); done !== undefined; done = open.shift()) done(OK);
    await flushed;
    expect(most).toBe(4);
    expect(queue.close()).toBe(0);
  });

  it('gets through a long queue whose exports end before they return', async () => {
    const open: Done[] = [];
    const { queue, hand } = queueOver((done) => {
      if (open.length < 4) open.push(done);
      else done(OK);
    });
    hand(50_000);
    const flushed = queue.forceFlush();
    for (const done of [...open]) done(OK);
    await flushed;
    expect(queue.close()).toBe(0);
  });

  it('takes an exporter that throws, or answers twice, for one that failed, or answered once', async () => {
    let calls = 0;
    const { queue, hand, failures } = queueOver((done) => {
      calls += 1;
      if (calls === 1) throw new Error('cannot be written as JSON');
      done(OK);
      done(OK);
    });
    hand(2);
    await queue.forceFlush();
    expect(calls).toBe(2);
    expect(failures).toEqual([new Error('cannot be written as JSON')]);
    hand(1);
    expect(queue.close()).toBe(0);
  });

  it('counts what is under way when it is closed once, whatever becomes of it', async () => {
    const open: Done[] = [];
    const { queue, hand } = queueOver((done) => open.push(done));
    hand(6);
    expect(queue.close()).toBe(6);
    for (const done of open) done(OK);
    await queue.forceFlush();
    expect(queue.close()).toBe(6);
    expect(queue.admit()).toBe(false);
  });
});
