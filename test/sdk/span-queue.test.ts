import { TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Verdict } from '../../src/sdk/answer.ts';
import { SpanQueue, type SpanQueueOptions } from '../../src/sdk/span-queue.ts';
import type { SpanRequest } from '../../src/sdk/span-request.ts';
import { lostSpans } from '../../src/telemetry/lost-spans.ts';
import { settled } from '../../src/testing/index.ts';

type Answer = (verdict: Verdict) => void;
const collectGarbage = (globalThis as { gc?: () => void }).gc as () => void;
const OK: Verdict = { kind: 'delivered', rejected: 0, reason: '' };
const REFUSED: Verdict = { kind: 'refused', reason: '500 no' };
const TIMED_OUT: Verdict = { kind: 'timed_out', reason: 'no answer' };
const UNREACHABLE: Verdict = { kind: 'unreachable', reason: 'ECONNREFUSED' };
const TOO_LARGE: Verdict = { kind: 'too_large', reason: '413' };
const busy = (retryAfterMs?: number): Verdict => ({ kind: 'busy', reason: '503', retryAfterMs });

const resource = { attributes: {} };
const instrumentationScope = { name: 'test' };
let made = 0;
const span = (attributes: Record<string, unknown> = {}): ReadableSpan => {
  made += 1;
  const spanId = made.toString(16).padStart(16, '0');
  const context = { traceId: '1'.repeat(32), spanId, traceFlags: TraceFlags.SAMPLED };
  return {
    ...{ name: 's', kind: 0, startTime: [1, 0], endTime: [2, 0], status: { code: 0 } },
    ...{ attributes, events: [], links: [], resource, instrumentationScope, spanContext: () => context },
  } as unknown as ReadableSpan;
};
interface Body {
  readonly resourceSpans: { scopeSpans: { spans: { spanId: string }[] }[] }[];
}
const idsIn = (body: Uint8Array) =>
  (JSON.parse(Buffer.from(body).toString()) as Body).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ spanId }) => spanId)),
  );

/** A queue whose collector is the test. Each span is a batch, unless `options` say otherwise. */
function queueOver(answer: (answer: Answer, body: Uint8Array) => void, options: Partial<SpanQueueOptions> = {}) {
  const failures: string[] = [];
  const queue = new SpanQueue({
    client: {
      send: (body) => ({
        verdict: new Promise((resolve) => answer(resolve, body)),
        isHandedOver: () => true,
      }),
    },
    batchSize: 1,
    scheduleDelayMs: 5_000,
    maxPending: 100_000,
    maxPendingBytes: 1e9,
    slowFailureMs: 1_000,
    longestLastWaitMs: 5_000,
    onFailure: (kind, reason) => failures.push(`${kind}: ${reason}`),
    ...options,
  });
  const hand = (count: number) => {
    for (let i = 0; i < count; i++) queue.add(span());
  };
  return { queue, hand, failures };
}

const REASONS = ['queue_full', 'export_failed', 'shutdown'] as const;
const lostSoFar = () => REASONS.map((reason) => lostSpans(reason).value);
const lostSince = (before: readonly number[]) => lostSoFar().map((count, i) => count - (before[i] as number));

/** Takes over the timers and the clock that measures a request. */
function fakeTime() {
  // At the time 0: a `Date` ahead of `performance` would move the clock forward.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'], now: 0 });
}

describe('the queue', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends four batches at once, the others as those end', async () => {
    const open: Answer[] = [];
    let most = 0;
    const { queue, hand } = queueOver((answer) => {
      open.push(answer);
      most = Math.max(most, open.length);
    });
    hand(20);
    const flushed = queue.flush();
    while (open.length > 0) {
      for (const answer of open.splice(0)) answer(OK);
      await settled();
    }
    await flushed;
    expect(most).toBe(4);
    expect(queue.close()).toBe(0);
  });

  it('sends a batch when it is full, when its time is over, or when its spans take a megabyte', async () => {
    fakeTime();
    const sent: number[] = [];
    const { queue, hand } = queueOver((_, body) => sent.push(idsIn(body).length), { batchSize: 10 });
    hand(12);
    expect(sent).toEqual([10]);
    vi.advanceTimersByTime(4_999);
    expect(sent).toEqual([10]);
    vi.advanceTimersByTime(1);
    expect(sent).toEqual([10, 2]);
    queue.add(span({ text: 'x'.repeat(1024 * 1024) }));
    expect(sent).toEqual([10, 2, 1]);
    expect(vi.getTimerCount()).toBe(0);
    queue.close();
  });

  it('never exceeds the batch size nor four megabytes, however much has piled up', async () => {
    const sizes: { spans: number; bytes: number }[] = [];
    const { queue } = queueOver(
      (answer, body) => {
        sizes.push({ spans: idsIn(body).length, bytes: body.byteLength });
        answer(OK);
      },
      { batchSize: 50 },
    );
    for (let i = 0; i < 500; i++) queue.add(span({ text: 'x'.repeat(i % 3 === 0 ? 200_000 : 10) }));
    await queue.flush();
    expect(sizes.reduce((sum, { spans }) => sum + spans, 0)).toBe(500);
    expect(Math.max(...sizes.map(({ spans }) => spans))).toBeLessThanOrEqual(50);
    expect(Math.max(...sizes.map(({ bytes }) => bytes))).toBeLessThan(4.1 * 1024 * 1024);
  });

  it('takes no more bytes than it may hold', () => {
    const { queue } = queueOver(() => {}, { batchSize: 10, maxPendingBytes: 1_000_000 });
    const before = lostSoFar();
    for (let i = 0; i < 100; i++) queue.add(span({ text: 'x'.repeat(100_000) }));
    const [full = 0] = lostSince(before);
    expect(full).toBeGreaterThanOrEqual(90);
    expect(queue.close()).toBe(100 - full);
  });

  it('takes a client that rejects for a collector that refuses', async () => {
    let calls = 0;
    const { queue, hand, failures } = queueOver(() => {}, {
      client: {
        send: () => {
          calls += 1;
          return { verdict: Promise.reject(new Error('no thread')), isHandedOver: () => false };
        },
      },
    });
    hand(2);
    await queue.flush();
    expect(calls).toBe(2);
    expect(failures).toEqual(['refused: Error: no thread']);
  });

  it('counts a span that cannot be written, and delivers its neighbours', async () => {
    let arrived = 0;
    const { queue } = queueOver(
      (answer, body) => {
        arrived += idsIn(body).length;
        answer(OK);
      },
      { batchSize: 10 },
    );
    const before = lostSoFar();
    queue.add(span());
    queue.add({ ...span(), spanContext: () => ({ traceId: 'x', spanId: 'y', traceFlags: 1 }) } as ReadableSpan);
    queue.add(span());
    await queue.flush();
    expect(arrived).toBe(2);
    expect(lostSince(before)).toEqual([0, 1, 0]);
    expect(queue.close()).toBe(0);
  });

  it('counts the spans that the collector rejects in a request that it accepts', async () => {
    const { queue, failures } = queueOver((answer) => answer({ kind: 'delivered', rejected: 3, reason: 'too old' }), {
      batchSize: 10,
    });
    const before = lostSoFar();
    for (let i = 0; i < 10; i++) queue.add(span());
    await queue.flush();
    expect(lostSince(before)).toEqual([0, 3, 0]);
    expect(failures).toEqual(['rejected: too old']);
  });

  it('splits a request that is too large, and loses only the span that is too large alone', async () => {
    const arrived = new Set<string>();
    const { queue, failures } = queueOver(
      (answer, body) => {
        if (body.byteLength > 5_000) return answer(TOO_LARGE);
        for (const id of idsIn(body)) arrived.add(id);
        answer(OK);
      },
      { batchSize: 32 },
    );
    const before = lostSoFar();
    for (let i = 0; i < 32; i++) queue.add(span(i === 20 ? { text: 'x'.repeat(6_000) } : {}));
    await queue.flush();
    expect(arrived.size).toBe(31);
    expect(lostSince(before)).toEqual([0, 1, 0]);
    expect(failures).toEqual(['too_large: 413']);
    expect(queue.close()).toBe(0);
  });

  it('keeps the spans of a busy collector, waits as long as it asks, and sends them again', async () => {
    fakeTime();
    const verdicts = [busy(30_000), OK];
    const sent: string[][] = [];
    const { queue, hand } = queueOver((answer, body) => {
      sent.push(idsIn(body));
      answer(verdicts.shift() as Verdict);
    });
    const before = lostSoFar();
    hand(1);
    await settled();
    const flushed = queue.flush();
    vi.advanceTimersByTime(29_999);
    expect(sent).toHaveLength(1);
    vi.advanceTimersByTime(1);
    await flushed;
    expect(sent[1]).toEqual(sent[0]);
    expect(lostSince(before)).toEqual([0, 0, 0]);
    expect(queue.close()).toBe(0);
  });

  it('keeps the spans that reach nobody, and a flush does not wait for them', async () => {
    let verdict: Verdict = UNREACHABLE;
    let arrived = 0;
    const { queue, hand } = queueOver((answer, body) => {
      if (verdict === OK) arrived += idsIn(body).length;
      answer(verdict);
    });
    hand(10);
    await queue.flush();
    expect(arrived).toBe(0);
    verdict = OK;
    await queue.flush();
    expect(arrived).toBe(10);
    expect(queue.close()).toBe(0);
  });

  it('drains what ends meanwhile too', async () => {
    let more = 3;
    let arrived = 0;
    const { queue, hand } = queueOver((answer, body) => {
      arrived += idsIn(body).length;
      if (more-- > 0) hand(1);
      answer(OK);
    });
    hand(1);
    await queue.drain();
    expect(arrived).toBe(4);
    expect(queue.close()).toBe(0);
  });

  it.each([
    ['nobody listens', UNREACHABLE],
    ['the collector asks for a longer wait than there is', busy(60_000)],
  ])('drains no longer where %s', async (_, verdict) => {
    const { queue, hand } = queueOver((answer) => answer(verdict));
    hand(10);
    await queue.drain();
    expect(queue.close()).toBe(10);
  });

  it('hands over at the end what is not on its way, and counts what is not accepted', () => {
    const isHandedOver = [true, false];
    const { queue, hand } = queueOver(() => {}, {
      client: { send: () => ({ verdict: new Promise(() => {}), isHandedOver: () => isHandedOver.shift() ?? false }) },
    });
    hand(6);
    const before = lostSoFar();
    let left: readonly SpanRequest[] = [];
    queue.closeWith((requests) => {
      left = requests;
      return 4;
    });
    expect(left.flatMap(({ body }) => idsIn(body))).toHaveLength(5);
    // One of the five; and nobody knows whether the one that was on its way has arrived.
    expect(lostSince(before)).toEqual([0, 0, 2]);
    queue.closeWith(() => expect.unreachable());
  });

  it('sends at once what ends after its end, in another handler of the exit', () => {
    const { queue, hand } = queueOver(() => {});
    const before = lostSoFar();
    const sent: number[] = [];
    queue.closeWith((requests) => {
      const spans = requests.flatMap(({ body }) => idsIn(body)).length;
      sent.push(spans);
      return sent.length < 3 ? spans : 0;
    });
    hand(1);
    hand(1);
    expect(sent).toEqual([0, 1, 1]);
    expect(lostSince(before)).toEqual([0, 0, 1]);
  });

  it('counts what is under way when it is closed once, whatever becomes of it', async () => {
    const open: Answer[] = [];
    const { queue, hand } = queueOver((answer) => open.push(answer));
    const before = lostSoFar();
    hand(6);
    expect(queue.close()).toBe(6);
    for (const answer of open) answer(REFUSED);
    await queue.flush();
    expect(queue.close()).toBe(6);
    hand(1);
    expect(lostSince(before)).toEqual([0, 0, 7]);
  });

  it.each([
    ['sent', 1],
    ['waiting', 0],
  ])(
    'flushes until every span added before is delivered or lost, also if one that was %s is the last',
    async (_, index) => {
      const open: Answer[] = [];
      const { queue, hand } = queueOver((answer) => open.push(answer));
      let isFlushed = false;
      hand(5);
      void queue.flush().then(() => {
        isFlushed = true;
      });
      hand(1);
      for (const answer of [OK, REFUSED, OK, OK]) {
        open.splice(index, 1)[0]?.(answer);
        await settled();
        expect(isFlushed).toBe(false);
      }
      open.shift()?.(REFUSED);
      await settled();
      expect(isFlushed).toBe(true);
      expect(queue.close()).toBe(1);
    },
  );

  it('keeps no span of the program, not even one that waits', async () => {
    const { queue } = queueOver(() => {});
    const refs = Array.from({ length: 10 }, () => {
      const each = span();
      queue.add(each);
      return new WeakRef(each);
    });
    await vi.waitFor(
      () => {
        collectGarbage();
        expect(refs.filter((each) => each.deref() !== undefined)).toEqual([]);
      },
      { timeout: 10_000 },
    );
    expect(queue.close()).toBe(10);
  });

  it('pauses after a failure, longer after the next one, and a flush ends the pause', async () => {
    fakeTime();
    const open: Answer[] = [];
    let sent = 0;
    const { queue, hand } = queueOver((answer) => {
      open.push(answer);
      sent += 1;
    });
    const fail = async () => {
      open.pop()?.(REFUSED);
      await settled();
    };
    const sentAfter = (ms: number) => {
      vi.advanceTimersByTime(ms);
      return sent;
    };
    hand(1);
    await fail();
    hand(3);
    expect(sentAfter(999)).toBe(1);
    expect(sentAfter(1)).toBe(2);
    await fail();
    expect(sentAfter(1_999)).toBe(2);
    expect(sentAfter(1)).toBe(3);
    await fail();
    const flushed = queue.flush();
    expect(sentAfter(0)).toBe(4);
    open.pop()?.(OK);
    await flushed;
    expect(vi.getTimerCount()).toBe(0);
    hand(1);
    await fail();
    expect(vi.getTimerCount()).toBe(1);
    queue.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is closed while it drains by an answer that does not come, not by a fast refusal', async () => {
    fakeTime();
    const open: Answer[] = [];
    const { queue, hand } = queueOver((answer) => open.push(answer));
    const before = lostSoFar();
    hand(6);
    const drained = queue.drain();
    open.pop()?.(REFUSED);
    await settled();
    expect(lostSince(before)).toEqual([0, 1, 0]);
    vi.advanceTimersByTime(1_000);
    open.shift()?.(TIMED_OUT);
    await drained;
    expect(lostSince(before)).toEqual([0, 2, 4]);
    expect(queue.close()).toBe(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('counts every span once and reports each kind of failure once, whatever the collector does', async () => {
    const anyAnswer = fc.constantFrom(
      'ok',
      'ok later',
      'refused',
      'refused later',
      'too late',
      'half',
      'too large',
      'busy',
    );
    const property = fc.asyncProperty(fc.array(anyAnswer, { minLength: 1 }), fc.nat(60), async (answers, batches) => {
      const before = lostSoFar();
      const later: (() => void)[] = [];
      const tooLate: (() => void)[] = [];
      let requests = 0;
      const arrived = new Set<string>();
      const { queue, failures } = queueOver(
        (answer, body) => {
          const ids = idsIn(body);
          const deliver = (rejected: number) => {
            for (const id of ids.slice(rejected)) arrived.add(id);
            answer({ kind: 'delivered', rejected, reason: '' });
          };
          const next = answers[requests++ % answers.length];
          if (next === 'ok') deliver(0);
          if (next === 'half') deliver(Math.floor(ids.length / 2));
          if (next === 'ok later') later.push(() => deliver(0));
          if (next === 'refused') answer(REFUSED);
          if (next === 'refused later') later.push(() => answer(REFUSED));
          if (next === 'too late') tooLate.push(() => answer(REFUSED));
          if (next === 'too large') answer(requests < 100 ? TOO_LARGE : REFUSED);
          if (next === 'busy') answer(requests < 100 ? busy() : REFUSED);
        },
        { maxPending: 40, batchSize: 7 },
      );
      const hand = () => {
        for (let i = 0; i < batches; i++) queue.add(span());
      };
      hand();
      const flushed = queue.flush();
      await settled();
      for (const answer of later) answer();
      await settled();
      hand();
      // What is answered in this moment is under way.
      await settled();
      queue.close();
      await flushed;
      for (const answer of tooLate) answer();
      await settled();
      queue.add(span());
      const lost = lostSince(before) as [number, number, number];
      expect(arrived.size + lost[0] + lost[1] + lost[2]).toBe(2 * batches + 1);
      expect(new Set(failures).size).toBe(failures.length);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});
