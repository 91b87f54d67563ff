import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { modelCall, root, span, spanIdOf, traceIdOf } from './spans.ts';
import { NOW_MS, STORES } from './stores.ts';

const DAY_MS = 86_400_000;
/** Text that cannot be compressed. */
const noise = (bytes: number) => randomBytes(bytes / 2).toString('hex');

describe.each(STORES)('the limits of the store in $name', ({ open }) => {
  const maxBytes = 8 * 1024 * 1024;

  it('hold in bytes: what has not changed for longest is deleted, and what is under way stays', () => {
    const store = open({ limits: { maxBytes } });
    store.add([root('first')], NOW_MS);
    let largest = 0;
    for (let at = 0; at < 300; at++) {
      store.add([root(`run ${at}`, { attributes: { text: noise(60_000) } })], NOW_MS);
      store.add([modelCall('under way', { id: `call ${at}` })], NOW_MS);
      largest = Math.max(largest, store.state().bytes);
    }
    store.tidy(NOW_MS);
    expect(largest).toBeLessThanOrEqual(maxBytes);
    expect(store.run(traceIdOf('first'))).toBeUndefined();
    expect(store.run(traceIdOf('under way'))).toMatchObject({ spans: 300, status: 'running', droppedSpans: 0 });
    expect(store.spans(traceIdOf('under way'), 0, 1_000).spans).toHaveLength(300);
    expect(store.run(traceIdOf('run 299'))).toBeDefined();
    const { runs } = store.state();
    expect(runs).toBeGreaterThan(10);
    expect(store.runs({ limit: 1_000 }).runs).toHaveLength(runs);
    // What was deleted is not found any more.
    expect(store.runs({ limit: 1_000, text: 'digest' }).runs).toHaveLength(runs - 1);
    expect(store.runs({ limit: 9, text: spanIdOf('call 7') }).runs).toHaveLength(1);
  });

  it('hold for one run: what is too much is counted, and its end is kept all the same', () => {
    const store = open({ limits: { maxBytes } });
    for (let at = 0; at < 12; at++) {
      const children = Array.from({ length: 1_000 }, (_, index) =>
        span('large', { id: `${at} ${index}`, parentSpanId: spanIdOf('root'), attributes: { text: noise(400) } }),
      );
      store.add(children, NOW_MS);
    }
    store.add([span('large', { id: 'bad', parentSpanId: spanIdOf('root'), status: 'error' }), root('large')], NOW_MS);
    const row = store.run(traceIdOf('large'));
    expect(row).toMatchObject({ spans: 12_002, status: 'success' });
    const { spans, last } = store.spans(traceIdOf('large'), 0, 20_000);
    expect(spans.length).toBe(12_002 - (row?.droppedSpans ?? 0));
    expect(last).toBe(spans.length);
    expect(row?.droppedSpans).toBeGreaterThan(1_000);
    expect(spans.slice(-2).map(({ spanId }) => spanId)).toEqual([spanIdOf('bad'), spanIdOf('root')]);
    expect(store.state().bytes).toBeLessThanOrEqual(maxBytes);
  });

  it('hold in days since the last span came', () => {
    const store = open({ limits: { retentionDays: 2 } });
    store.add([root('old')], NOW_MS - 3 * DAY_MS);
    store.add([modelCall('long')], NOW_MS - 3 * DAY_MS);
    store.add([root('new')], NOW_MS - DAY_MS);
    store.add([root('long')], NOW_MS);
    store.tidy(NOW_MS);
    expect(store.runs({ limit: 9 }).runs.map(({ traceId }) => traceId)).toEqual([traceIdOf('new'), traceIdOf('long')]);
    expect(store.state()).toMatchObject({ runs: 2, retentionDays: 2 });
  });

  it('hold when the clock is set: what came in the future stays until that is past', () => {
    let nowMs = NOW_MS + 30 * DAY_MS;
    const store = open({ limits: { retentionDays: 2 }, now: () => nowMs });
    store.add([root('ahead')], nowMs);
    nowMs = NOW_MS;
    store.add([modelCall('now')], nowMs);
    store.tidy(nowMs);
    expect(store.runs({ limit: 9 }).runs.map(({ status }) => status)).toEqual(['running', 'success']);
    store.add([root('now')], nowMs);
    store.tidy(NOW_MS + 33 * DAY_MS);
    expect(store.state().runs).toBe(0);
  });

  it('hold for spans larger than the limit', () => {
    const store = open({ limits: { maxBytes } });
    store.add([root('huge', { attributes: { text: noise(2 * maxBytes) } })], NOW_MS);
    store.add([root('small')], NOW_MS);
    expect(store.run(traceIdOf('huge'))).toMatchObject({ spans: 1, droppedSpans: 1 });
    expect(store.spans(traceIdOf('small'), 0, 9).spans).toHaveLength(1);
    expect(store.state().bytes).toBeLessThanOrEqual(maxBytes);
  });
});
