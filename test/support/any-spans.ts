/** Sends spans with values of every JavaScript kind to a real Collector, and finds out what became of each. */
import { type Span, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect } from 'vitest';
import { register } from '../../src/sdk/index.ts';
import { lostSpans } from '../../src/telemetry/lost-spans.ts';
import { startCollector } from './collector.ts';
import { startSink } from './otlp-sink.ts';
import { eventually } from './prometheus.ts';

const circular: Record<string, unknown> = { name: 'circular' };
circular.self = circular;
const throwing = Object.defineProperty({}, 'x', {
  enumerable: true,
  get() {
    throw new Error('getter');
  },
});

const special: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 2 ** 63, -(2 ** 63), 1e308, 5e-324],
  ...[2n ** 63n, -(2n ** 63n), 10n ** 400n, Symbol('s'), () => 1, undefined, null, circular, throwing, new Date(NaN)],
  ...[
    '\ud800',
    '\udfff\ud800',
    '\u0000\u001b[31m',
    'x'.repeat(100_000),
    '"\\\u2028',
    new Uint8Array(3),
    new Map([[1, 2]]),
  ],
  ...[
    [1, 'a', null, Number.NaN],
    [[[[[[[[[[[[1]]]]]]]]]]]],
    new Error('e'),
    new Proxy({}, { ownKeys: () => [1] as never }),
  ],
);
const anyValue = fc.oneof(
  { weight: 3, arbitrary: special },
  {
    weight: 7,
    arbitrary: fc.anything({
      ...{
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withSparseArray: true,
      },
      ...{ withNullPrototype: true, withObjectString: true, withBoxedValues: true, maxDepth: 3 },
    }),
  },
);
const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', '', 'x'.repeat(5_000)));
const anySpan = fc.record({
  name: anyText,
  attributes: fc.array(fc.tuple(anyText, anyValue), { maxLength: 4 }),
  event: fc.option(fc.tuple(anyText, anyValue)),
  link: fc.option(fc.constantFrom('f'.repeat(32), 'not a trace id', '')),
  message: fc.option(anyText),
  startTime: fc.option(fc.constantFrom<unknown>(0, -1, Number.NaN, 1e300, [1, 2], [1.5, -3], new Date(Number.NaN))),
});

type AnySpan = typeof anySpan extends fc.Arbitrary<infer T> ? T : never;

/** The SDK checks what its methods are given. An exporter must be right with every SDK, so this writes into the span. */
function fill(span: Span, { attributes, event, link, message }: AnySpan): void {
  const inside = span as unknown as {
    attributes: Record<string, unknown>;
    events: unknown[];
    links: unknown[];
    status: unknown;
  };
  for (const [key, value] of attributes) inside.attributes[key] = value;
  if (event !== null) inside.events.push({ name: event[0], time: [1, 2], attributes: { value: event[1] } });
  if (link !== null) inside.links.push({ context: { traceId: link, spanId: 'e'.repeat(16), traceFlags: 1 } });
  if (message !== null) inside.status = { code: 2, message };
}

const lostSoFar = () =>
  (['queue_full', 'export_failed', 'shutdown'] as const).reduce((sum, reason) => sum + lostSpans(reason).value, 0);

/** Every one of `count` spans arrives, or is counted as lost; and none is counted that arrives. */
export async function expectEverySpanAccountedFor(program: string, count: number): Promise<void> {
  const sink = await startSink();
  const collector = await startCollector(program, 'laptop', { env: { TTA_COLLECTOR_TRACES: sink.url } });
  const before = lostSoFar();
  const sdk = await register({ prometheus: false, traces: { endpoint: collector.url }, flushTimeoutMs: 60_000 });
  const tracer = trace.getTracer('any');
  const samples = fc.sample(anySpan, 1_000);
  const ids = new Set<string>();
  for (let i = 0; i < count; i++) {
    const sample = samples[i % samples.length] as AnySpan;
    const { name, startTime } = sample;
    const span = tracer.startSpan(name, startTime === null ? {} : { startTime: startTime as number });
    ids.add(span.spanContext().spanId);
    fill(span, sample);
    span.end();
    if (i % 200 === 0) await new Promise(setImmediate);
    // A collector with little memory refuses spans for a while: what waits must not outgrow the queue, this is no test of that.
    if (i % 10_000 === 0) await sdk.flush();
  }
  await sdk.shutdown();
  const lost = lostSoFar() - before;
  const arrived = () => new Set(sink.spans.map(({ spanId }) => spanId));
  await eventually('the spans have arrived', async () => (arrived().size + lost >= count ? true : undefined));
  expect(ids.size).toBe(count);
  expect(arrived().size + lost).toBe(count);
  // Only a span that cannot be read at all may be lost.
  expect(lost / count).toBeLessThan(0.05);
  await sink.stop();
}
