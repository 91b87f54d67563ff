/** Programs that measure anything under any name, and what the exporter shows of them. */
import type { Attributes, Meter } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import fc from 'fast-check';
import { PrometheusExporter } from '../../src/prometheus/index.ts';

const WORDS = [
  ...['foo', 'foo_total', 'foo.total', 'foo_count', 'foo_sum', 'foo_bucket', 'foo_created', 'Foo', 'foo__x', 'foo.x'],
  ...[
    'target',
    'target_info',
    'le',
    'job',
    '1st',
    '_',
    '__',
    'é',
    '',
    '__name__',
    'm'.repeat(300),
    'a\nb',
    'x"y',
    '\0',
  ],
];
const KEYS = [
  ...['job', 'instance', 'le', 'quantile', '__name__', 'exported_job', 'otel.scope.name', 'otel_scope_name', 'region'],
  ...[
    'http.method',
    'http_method',
    '1st',
    '',
    'é',
    'ü',
    '__x',
    '__proto__',
    'constructor',
    'a b',
    'otel.metric.overflow',
  ],
];
const text = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('', 'GET', '__other__', 'a\\b"c\nd\re', '\ud800', '\0', 'x'.repeat(1_000_000)),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)) },
);
const name = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...WORDS) }, { weight: 1, arbitrary: text });
const key = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: text });
const value = fc.oneof(
  { weight: 4, arbitrary: text },
  fc.constantFrom(
    null,
    undefined,
    1,
    true,
    Number.NaN,
    Symbol('s'),
    () => 1,
    ['a', 'b'],
    [],
    {},
    {
      toJSON: () => undefined,
    },
  ),
);
const attributes = fc
  .array(fc.tuple(key, value), { maxLength: 5 })
  .map((entries) => Object.fromEntries(entries) as Attributes);
const number = fc.oneof(
  fc.double(),
  fc.integer({ min: 0, max: 5 }),
  fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e308, 5e-324),
);
const bounds = fc.oneof(fc.constant([0.5, 1, 2]), fc.array(number, { maxLength: 4 }));
const KINDS = [
  'counter',
  'upDown',
  'gauge',
  'histogram',
  'observedCounter',
  'observedGauge',
  'observedUpDown',
] as const;
const measurement = fc.record({
  kind: fc.constantFrom(...KINDS),
  scope: fc.constantFrom('a', 'b', ''),
  version: fc.constantFrom(undefined, '1', '2'),
  name,
  description: text,
  bounds,
  attributes,
  value: number,
});
type Measurement = typeof measurement extends fc.Arbitrary<infer T> ? T : never;
export const anyProgram = fc.record({
  scrapes: fc.array(fc.array(measurement, { maxLength: 12 }), { minLength: 1, maxLength: 3 }),
  withoutScopeInfo: fc.boolean(),
  constant: fc.boolean(),
  prefix: fc.constantFrom('', 'p', '1 é'),
  maxSeriesPerMetric: fc.constantFrom(1, 2, 2_000),
  maxSamples: fc.constantFrom(1, 7, 30, 50_000),
  exponential: fc.boolean(),
});

/** Records as a user's program does: what the SDK itself refuses is refused there. */
function record(meter: Meter, each: Measurement): void {
  const { kind, name, description, attributes, value } = each;
  const options = { description };
  const observe = (result: { observe(value: number, attributes: Attributes): void }) =>
    result.observe(value, attributes);
  if (kind === 'counter') meter.createCounter(name, options).add(value, attributes);
  else if (kind === 'upDown') meter.createUpDownCounter(name, options).add(value, attributes);
  else if (kind === 'gauge') meter.createGauge(name, options).record(value, attributes);
  else if (kind === 'observedCounter') meter.createObservableCounter(name, options).addCallback(observe);
  else if (kind === 'observedGauge') meter.createObservableGauge(name, options).addCallback(observe);
  else if (kind === 'observedUpDown') meter.createObservableUpDownCounter(name, options).addCallback(observe);
  else {
    const advice = { explicitBucketBoundaries: each.bounds as number[] };
    meter.createHistogram(name, { ...options, advice }).record(value, attributes);
  }
}

export interface Page {
  readonly text: string;
  readonly openMetrics: string;
  readonly maxSamples: number;
}

/** The scrapes of the program. */
export async function pagesOf(options: typeof anyProgram extends fc.Arbitrary<infer T> ? T : never): Promise<Page[]> {
  const { scrapes, constant, exponential, ...rest } = options;
  const exporter = new PrometheusExporter({
    ...rest,
    preventServerStart: true,
    ...(constant ? { withResourceConstantLabels: /^(job|region|le|__name__)$/ } : {}),
  });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ job: 'shop', region: 'eu', le: '1', __name__: 'x', 'a.b': 1, a_b: 2 }),
    readers: [exporter],
    views: exponential
      ? [{ instrumentName: 'foo*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }].slice(0, 1)
      : [],
  });
  const pages: Page[] = [];
  for (const measurements of scrapes) {
    for (const each of measurements) {
      try {
        record(provider.getMeter(each.scope, each.version), each);
      } catch {
        // The SDK throws for attributes that cannot be JSON, and for bounds that are no numbers.
      }
    }
    const textNow = await exporter.text();
    const openMetrics = await exporter.text('openmetrics');
    pages.push({ text: textNow, openMetrics, maxSamples: options.maxSamples });
  }
  await provider.shutdown();
  return pages;
}
