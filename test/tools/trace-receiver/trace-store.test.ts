import { describe, expect, it } from 'vitest';
import { ATTR } from '../../../src/telemetry/semconv.ts';
import type { ReceivedSpan } from '../../../src/tools/trace-receiver/otlp.ts';
import { createTraceStore } from '../../../src/tools/trace-receiver/trace-store.ts';

let ids = 0;

function span(trace: number, more: Partial<ReceivedSpan> = {}): ReceivedSpan {
  ids += 1;
  return {
    traceId: trace.toString(16).padStart(32, '0'),
    spanId: ids.toString(16).padStart(16, '0'),
    parentSpanId: undefined,
    name: `span ${ids}`,
    service: 'test',
    start: 1_700_000_000_000_000_000n + BigInt(trace) * 1_000_000n,
    end: 1_700_000_000_000_000_001n + BigInt(trace) * 1_000_000n,
    status: 'unset',
    statusMessage: '',
    attributes: {},
    ...more,
  };
}

describe('the trace store', () => {
  it('shows the newest trace first, with times exact to the nanosecond', () => {
    const store = createTraceStore();
    store.add([span(1), span(3), span(2)]);
    const traces = store.traces();
    expect(traces.map(({ traceId }) => Number.parseInt(traceId, 16))).toEqual([3, 2, 1]);
    expect(traces[0]).toMatchObject({
      start: '2023-11-14T22:13:20.003Z',
      startTimeUnixNano: '1700000000003000000',
      durationMs: 0.000001,
    });
  });

  it('adds up the cost of model calls, from the attribute that the library sets', () => {
    const store = createTraceStore();
    store.add([0.1, 0.2, Number.NaN, 0].map((cost) => span(1, { attributes: { [ATTR.cost]: cost } })));
    store.add([span(1, { attributes: { [ATTR.cost]: 'free' } }), span(1, { status: 'error' })]);
    expect(store.traces()[0]).toMatchObject({ dollars: 0.3, errors: 1, spanCount: 6 });
  });

  it('names a trace after its root, and until that is received, after its earliest span', () => {
    const store = createTraceStore();
    const root = span(1, { name: 'root' });
    store.add([span(1, { name: 'child', parentSpanId: root.spanId })]);
    expect(store.traces()[0]?.name).toBe('child');
    store.add([root]);
    expect(store.traces()[0]?.name).toBe('root');
  });

  it('counts a span that is sent twice once', () => {
    const store = createTraceStore();
    const twice = span(1, { attributes: { [ATTR.cost]: 1 } });
    store.add([twice, twice]);
    store.add([twice]);
    expect(store.received()).toBe(1);
    expect(store.traces()[0]).toMatchObject({ spanCount: 1, dollars: 1 });
  });

  it('drops the trace that has been idle for the longest time, and counts it', () => {
    const store = createTraceStore({ maxTraces: 2 });
    store.add([span(1), span(2), span(1), span(3)]);
    expect(store.traces().map(({ traceId }) => Number.parseInt(traceId, 16))).toEqual([3, 1]);
    expect(store.dropped()).toEqual({ traces: 1, spans: 1 });
    expect(store.received()).toBe(4);
  });

  it('drops the first spans of a trace that has too many, but keeps its totals', () => {
    const store = createTraceStore({ maxSpansPerTrace: 10 });
    store.add(Array.from({ length: 25 }, () => span(1, { attributes: { [ATTR.cost]: 1 }, status: 'error' })));
    const root = span(1, { name: 'root' });
    store.add([root]);
    const [trace] = store.traces();
    expect(trace).toMatchObject({ name: expect.any(String), spanCount: 26, droppedSpans: 16, dollars: 25, errors: 25 });
    expect(trace?.spans).toHaveLength(10);
    expect(trace?.spans.some(({ spanId }) => spanId === root.spanId)).toBe(true);
    expect(store.dropped()).toEqual({ traces: 0, spans: 16 });
  });

  it('keeps the limit of spans in all traces', () => {
    const store = createTraceStore({ maxSpans: 50, maxTraces: 40, maxSpansPerTrace: 1_000 });
    store.add(Array.from({ length: 500 }, (_, i) => span(i % 30)));
    const stored = () => store.traces().reduce((sum, { spans }) => sum + spans.length, 0);
    expect(stored()).toBeLessThanOrEqual(50);
    store.add(Array.from({ length: 200 }, () => span(99)));
    expect(stored()).toBe(50);
    expect(stored() + store.dropped().spans).toBe(store.received());
  });

  it.each([{ maxTraces: 0 }, { maxSpans: 1.5 }, { maxSpansPerTrace: Number.NaN }])('refuses %j', (limits) => {
    expect(() => createTraceStore(limits)).toThrow(RangeError);
  });
});
