/** Which instrument a metric comes from, and what it is. */
import { createHash } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import type { FamilyType } from './family.ts';
import { cut, labelText } from './names.ts';
import { DATA_POINT, TEMPORALITY } from './sdk-values.ts';
import type { Stream } from './series.ts';

const MAX_TEXT_LENGTH = 255;
const NONE: ReadonlySet<string> = new Set();

/** The same for all reports of one instrument. */
export function keyOf(
  { name, version, schemaUrl }: InstrumentationScope,
  { descriptor, ...metric }: MetricData,
): string {
  const { dataPointType } = metric;
  const isMonotonic = 'isMonotonic' in metric && metric.isMonotonic;
  return JSON.stringify([
    ...[name, version, schemaUrl, descriptor.name, instrumentOf(descriptor)].map(short),
    dataPointType,
    isMonotonic,
  ]);
}

/** The key is kept, and a view may give an instrument any name. */
function short(text: unknown): unknown {
  if (typeof text !== 'string' || text.length <= MAX_TEXT_LENGTH) return text;
  return createHash('sha256').update(text).digest('base64');
}

export function typeOf(metric: MetricData): FamilyType | undefined {
  const { dataPointType } = metric;
  if (dataPointType === DATA_POINT.histogram || isExponential(metric)) return 'histogram';
  if (dataPointType === DATA_POINT.gauge) return 'gauge';
  if (dataPointType !== DATA_POINT.sum) return undefined;
  return metric.isMonotonic ? 'counter' : 'gauge';
}

export function isExponential({ dataPointType }: MetricData): boolean {
  return dataPointType === DATA_POINT.exponentialHistogram;
}

/** What the numbers of a metric are: see `Meaning`. */
export function meaningOf({ dataPointType, aggregationTemporality }: MetricData): 'delta' | 'sum' | 'value' {
  if (dataPointType === DATA_POINT.gauge) return 'value';
  return aggregationTemporality === TEMPORALITY.cumulative ? 'sum' : 'delta';
}

/** What is kept of a scope. */
export function scopeOf({ name, version, schemaUrl }: InstrumentationScope): InstrumentationScope {
  return {
    name: cut(String(name ?? ''), MAX_TEXT_LENGTH),
    ...(version === undefined ? {} : { version: cut(String(version), MAX_TEXT_LENGTH) }),
    ...(schemaUrl === undefined ? {} : { schemaUrl: cut(String(schemaUrl), MAX_TEXT_LENGTH) }),
  };
}

export function createStream(
  scope: InstrumentationScope,
  metric: MetricData,
  { scopeLabels, keyEnd }: Pick<Stream, 'scopeLabels' | 'keyEnd'>,
): Stream {
  const { descriptor, dataPointType, dataPoints } = metric;
  return {
    scope,
    metric: {
      descriptor: {
        ...descriptor,
        name: cut(descriptor.name, MAX_TEXT_LENGTH),
        description: helpOf(metric),
        unit: cut(String(descriptor.unit ?? ''), MAX_TEXT_LENGTH),
      },
      dataPointType: isExponential(metric) ? DATA_POINT.histogram : dataPointType,
      ...('isMonotonic' in metric ? { isMonotonic: metric.isMonotonic } : {}),
    } as Stream['metric'],
    startTime: dataPoints[0]?.startTime ?? [0, 0],
    scopeLabels,
    keyEnd,
    observable: isObservable(metric),
  };
}

/** What made the measurements. The type of the SDK does not name it. */
function instrumentOf(descriptor: MetricData['descriptor']): unknown {
  return (descriptor as { readonly type?: unknown }).type;
}

/** A report has all series of such an instrument: one that it does not have is not there any more. */
export function isObservable({ descriptor }: MetricData): boolean {
  return String(instrumentOf(descriptor)).startsWith('OBSERVABLE');
}

/** The set of labels to which the SDK adds what is above its own limit. */
export function isOverflow(attributes: Attributes): boolean {
  return attributes['otel.metric.overflow'] === true;
}

export function helpOf({ descriptor }: MetricData): string {
  return cut(String(descriptor.description ?? '')).replaceAll('\0', '\uFFFD');
}

/** The labels that OpenTelemetry gives every series of a scope. */
export function scopeLabels({ name, version, schemaUrl }: InstrumentationScope): string {
  return labelText(
    {
      otel_scope_name: name,
      ...(version ? { otel_scope_version: version } : {}),
      ...(schemaUrl ? { otel_scope_schema_url: schemaUrl } : {}),
    },
    NONE,
  );
}

export function isSameScope(a: InstrumentationScope, b: InstrumentationScope): boolean {
  return a.name === b.name && a.version === b.version && a.schemaUrl === b.schemaUrl;
}
