/** Our own writer of OTLP against that of OpenTelemetry. */
import { createTraceState } from '@opentelemetry/api';
import { JsonTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeSpans, splitRequest } from '../../src/sdk/span-request.ts';

const hex = (length: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => !/^0+$/.test(id));
const words = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'toString', '\u2028'),
);
/** What an `intValue` or a `doubleValue` of the wire holds exactly: OpenTelemetry writes 1e300 as an integer. */
const numbers = fc
  .oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.maxSafeInteger(), fc.constantFrom(-0, 2 ** 53, 5e-324))
  .filter((value) => !Number.isInteger(value) || Math.abs(value) < 2 ** 63);
const values = fc.oneof(
  ...[words, numbers, fc.boolean(), fc.uint8Array()],
  ...[fc.array(words), fc.array(numbers), fc.dictionary(words, fc.oneof(words, numbers))],
);
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const attributes = fc.dictionary(words, values, { maxKeys: 6 });
const time = fc.tuple(fc.nat(4e9), fc.nat(999_999_999));
const dropped = fc.nat(3);
const schemaUrl = optional(fc.constantFrom('https://opentelemetry.io/schemas/1.30.0', ''));
const context = fc.record({
  traceId: hex(32),
  spanId: hex(16),
  traceFlags: fc.constantFrom(0, 1, 3),
  isRemote: optional(fc.boolean()),
  traceState: optional(fc.constantFrom(createTraceState('a=b,c=d'))),
});
const scopes = [{ name: 'a' }, { name: 'b', version: '1', schemaUrl: 'https://b' }, { name: 'b', version: '2' }];
const resources = fc.record({ attributes, schemaUrl });
const spans = fc.array(resources, { minLength: 1, maxLength: 2 }).chain((few) =>
  fc.array(
    fc
      .record({
        ...{ name: words, kind: fc.nat(4), own: context, parentSpanContext: optional(context), attributes },
        ...{ startTime: time, endTime: time, droppedAttributesCount: dropped },
        ...{ droppedEventsCount: dropped, droppedLinksCount: dropped },
        status: fc.record({ code: fc.nat(2), message: optional(words) }),
        links: fc.array(fc.record({ context, attributes: optional(attributes), droppedAttributesCount: dropped })),
        events: fc.array(fc.record({ name: words, time, attributes: optional(attributes) })),
        resource: fc.constantFrom(...few),
        instrumentationScope: fc.constantFrom(...scopes),
      })
      .map(({ own, ...span }) => ({ ...span, spanContext: () => own }) as unknown as ReadableSpan),
    { minLength: 1, maxLength: 5 },
  ),
);

/**
 * Without what says the same as its absence: empty texts and lists, counts of 0. Integers are texts. OpenTelemetry writes the
 * schema of a resource twice: the wire has it beside the resource only.
 */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    const isValue = /Value$/.test(key);
    if (key === 'intValue') return [[key, String(each)]];
    if (!isValue && (each === '' || each === 0 || (Array.isArray(each) && each.length === 0))) return [];
    if (key === 'resource') return [[key, normal({ ...(each as object), schemaUrl: '' })]];
    return [[key, normal(each)]];
  });
  return Object.fromEntries(entries);
}
const read = (body: Uint8Array | undefined) => normal(JSON.parse(Buffer.from(body as Uint8Array).toString()));

it('a request says what OpenTelemetry itself would say of the same span', () => {
  fc.assert(
    fc.property(spans, (some) => {
      for (const span of some) {
        const { requests, unreadable } = encodeSpans([span]);
        expect([requests.length, unreadable]).toEqual([1, 0]);
        expect(read(requests[0]?.body)).toEqual(read(JsonTraceSerializer.serializeRequest([span])));
      }
    }),
    { numRuns: 500 },
  );
});

it('its two halves say the same as the whole', () => {
  const spansOf = (body: Uint8Array) =>
    (read(body) as { resourceSpans: { scopeSpans: { spans: object[] }[] }[] }).resourceSpans.flatMap(
      ({ scopeSpans, ...resource }) =>
        scopeSpans.flatMap(({ spans: group, ...scope }) => group.map((span) => ({ resource, scope, span }))),
    );
  fc.assert(
    fc.property(
      spans.filter(({ length }) => length > 1),
      (some) => {
        const [whole] = encodeSpans(some).requests;
        if (whole === undefined) return expect.unreachable();
        const halves = splitRequest(whole);
        expect(halves.flatMap(({ body }) => spansOf(body))).toEqual(spansOf(whole.body));
      },
    ),
    { numRuns: 100 },
  );
});
