/** Metrics as OTLP: what OpenTelemetry's own serializer writes, in requests of a limited size. */
import { JsonMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { DataPointType, type MetricData, type ScopeMetrics } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMetrics } from '../../src/sdk/metrics-request.ts';

const START_MS = 1_000_010;
const AT_MS = 2_000_000;
const WHOLE = Number.MAX_SAFE_INTEGER;
const times = { startMs: START_MS, atMs: AT_MS, zeroMs: AT_MS - 5 };
const attributes = fc.dictionary(
  fc.constantFrom('a', 'b.c', 'd_e'),
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true })),
);
const hrTime = (ms: number) => [Math.floor(ms / 1_000), (ms % 1_000) * 1e6];
const pointOf = <T>(value: fc.Arbitrary<T>) =>
  fc.record({
    attributes,
    value,
    startTime: fc.constant(hrTime(START_MS - 10)),
    endTime: fc.constant(hrTime(AT_MS)),
  });
const bounds = [0.5, 1, 2.5];
const histogramValue = fc.array(fc.nat(1_000), { minLength: 4, maxLength: 4 }).chain((counts) =>
  fc.record({
    buckets: fc.constant({ boundaries: bounds, counts }),
    sum: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
    count: fc.constant(counts.reduce((sum, each) => sum + each, 0)),
  }),
);
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const metric = fc
  .record({
    descriptor: fc.record({
      name: fc.string({ minLength: 1 }),
      description: fc.string({ unit: 'grapheme' }),
      unit: fc.string(),
      valueType: fc.constant(1),
    }),
    aggregationTemporality: fc.constant(1),
  })
  .chain((common) =>
    fc
      .oneof(
        fc.record({
          dataPointType: fc.constant(DataPointType.SUM),
          isMonotonic: fc.boolean(),
          dataPoints: fc.array(pointOf(number), { minLength: 1, maxLength: 5 }),
        }),
        fc.record({
          dataPointType: fc.constant(DataPointType.GAUGE),
          dataPoints: fc.array(pointOf(number), { minLength: 1, maxLength: 5 }),
        }),
        fc.record({
          dataPointType: fc.constant(DataPointType.HISTOGRAM),
          dataPoints: fc.array(pointOf(histogramValue), { minLength: 1, maxLength: 5 }),
        }),
      )
      .map((data) => ({ ...common, ...data }) as unknown as MetricData),
  );
const scopes = fc.uniqueArray(
  fc.record({
    scope: fc.record({ name: fc.string({ minLength: 1 }), version: fc.constant('1') }),
    metrics: fc.array(metric, { minLength: 1, maxLength: 4 }),
  }),
  { minLength: 1, maxLength: 3, selector: ({ scope }) => scope.name },
);

interface Written {
  resourceMetrics: { scopeMetrics: { scope: object; metrics: Record<string, unknown>[] }[] }[];
}

/** Numbers and texts of numbers are one thing in OTLP, and fields without a value are left out. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, each]) => each !== undefined && !(key.startsWith('dropped') && each === 0))
    .map(([key, each]) => {
      if (key === 'intValue' || key === 'doubleValue') return ['number', Number(each)];
      if (/Nano$|^count$/.test(key)) return [key, String(each)];
      return [key, key === 'bucketCounts' ? (each as unknown[]).map(String) : plain(each)];
    });
  return Object.fromEntries(entries.sort());
}

const encode = (scopeMetrics: readonly ScopeMetrics[], mostBytes = WHOLE, isNew = () => false) =>
  [...encodeMetrics({ 'service.name': 'shop' }, { scopeMetrics, times, isNew }, mostBytes)]
    .filter((body) => body !== undefined)
    .map((body) => Buffer.from(body).toString());

describe('requests with metrics', () => {
  it('are what the serializer of OpenTelemetry writes', () => {
    fc.assert(
      fc.property(scopes, (scopeMetrics) => {
        const resource = resourceFromAttributes({ 'service.name': 'shop' });
        const bytes = JsonMetricsSerializer.serializeRequest({
          resource,
          scopeMetrics: scopeMetrics as ScopeMetrics[],
        });
        const [own = ''] = encode(scopeMetrics as ScopeMetrics[]);
        expect(plain(JSON.parse(own))).toEqual(plain(JSON.parse(Buffer.from(bytes as Uint8Array).toString())));
      }),
    );
  });

  it('are split where they are too large, and have every point once', () => {
    fc.assert(
      fc.property(scopes, fc.integer({ min: 1, max: 3_000 }), (scopeMetrics, mostBytes) => {
        const given = scopeMetrics as unknown as ScopeMetrics[];
        const points = (bodies: readonly string[]) =>
          bodies
            .flatMap((body) => (JSON.parse(body) as Written).resourceMetrics)
            .flatMap(({ scopeMetrics: groups }) =>
              groups.flatMap(({ scope, metrics }) =>
                metrics.flatMap(({ name, sum, gauge, histogram }) =>
                  ((sum ?? gauge ?? histogram) as { dataPoints: object[] }).dataPoints.map((point) =>
                    JSON.stringify([scope, name, point]),
                  ),
                ),
              ),
            )
            .sort();
        const bodies = encode(given, mostBytes);
        expect(points(bodies)).toEqual(points(encode(given)));
        const largest = Math.max(...points(encode(given)).map((point) => Buffer.byteLength(point)));
        for (const body of bodies) expect(Buffer.byteLength(body)).toBeLessThan(mostBytes + largest + 1_000);
      }),
    );
  });

  const counterOf = (value: number, labels = {}): ScopeMetrics[] => [
    {
      scope: { name: 'own' },
      metrics: [
        {
          descriptor: { name: 'c', description: '', unit: '', valueType: 1 },
          aggregationTemporality: 1,
          dataPointType: DataPointType.SUM,
          isMonotonic: true,
          dataPoints: [{ attributes: labels, value, startTime: [0, 0], endTime: [0, 0] }],
        },
      ],
    },
  ];
  interface Point {
    readonly timeUnixNano: string;
    readonly startTimeUnixNano: string;
    readonly asDouble: unknown;
    readonly attributes: readonly { readonly key: string }[];
  }
  const pointsOf = (body = ''): readonly Point[] => {
    const [group] = (JSON.parse(body) as Written).resourceMetrics;
    return (group?.scopeMetrics[0]?.metrics[0]?.sum as { dataPoints: Point[] } | undefined)?.dataPoints ?? [];
  };

  it('have points at 0 before that of a counter that is new, none before the start', () => {
    const points = pointsOf(encode(counterOf(3), WHOLE, () => true)[0]);
    expect(points.map(({ asDouble }) => asDouble)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
    const at = points.map(({ timeUnixNano }) => Number(timeUnixNano) / 1e6);
    expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
    expect(at.at(-2)).toBe(times.zeroMs);
    expect(
      points.every(({ startTimeUnixNano, timeUnixNano }) => BigInt(startTimeUnixNano) <= BigInt(timeUnixNano)),
    ).toBe(true);
    expect(pointsOf(encode(counterOf(0), WHOLE, () => true)[0])).toHaveLength(1);
    expect(pointsOf(encode(counterOf(3))[0])).toHaveLength(1);
  });

  it.each([
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [1e308, 1e308],
    [2 ** 60, 2 ** 60],
  ])('have the value %d', (value, written) => {
    expect(pointsOf(encode(counterOf(value))[0])[0]?.asDouble).toBe(written);
  });

  it.each([
    [
      { job: 1, le: 2, quantile: 3, instance: 4, __name__: 5 },
      ['exported___name__', 'exported_instance', 'exported_job', 'exported_le', 'exported_quantile'],
    ],
    [{ '': 1, ключ: 2, __: 3 }, ['key_']],
    [{ 'http.method': 1, http_method: 2 }, ['http.method', 'http_method']],
    [JSON.parse('{"__proto__":1,"constructor":2}'), ['__proto__', 'constructor']],
  ])('have only labels that Prometheus takes: %j', (labels, keys) => {
    const [point] = pointsOf(encode(counterOf(1, labels))[0]);
    expect(point?.attributes.map(({ key }) => key).sort()).toEqual(keys);
  });
});
