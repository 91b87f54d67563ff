/**
 * `tta-primitives/views`: the Prometheus names and labels of the instruments, as data. A MeterProvider with `ttaViews`
 * and a Prometheus exporter serves the metrics of `schema`.
 */
import type { AggregationType, ViewOptions } from '@opentelemetry/sdk-metrics';
import { ATTR, MAX_SERIES, SCOPE } from '../src/telemetry/semconv.ts';
import { executions } from './executions.ts';
import { relabel } from './labels.ts';
import { llm } from './llm.ts';
import { policies } from './policies.ts';
import { process } from './process.ts';
import { protection } from './protection.ts';
import { queue } from './queue.ts';
import type { Row } from './row.ts';
import { telemetry } from './telemetry.ts';

export type { InstrumentName } from '../src/telemetry/semconv.ts';
export type { Row } from './row.ts';

/** Every metric of the schema, the most important first. */
export const schema: readonly Row[] = [
  ...executions,
  ...llm,
  ...policies,
  ...protection,
  ...queue,
  ...telemetry,
  ...process,
];

const metricOf = new Map<unknown, string>(schema.map(({ instrument, metric }) => [instrument, metric]));

/** A value instead of an import: this file must load without the SDK, so that `register` can report that it is missing. */
const EXPLICIT_BUCKET_HISTOGRAM: AggregationType.EXPLICIT_BUCKET_HISTOGRAM = 4;

function viewOf({ instrument, metric, labels, bounds, meaning }: Row): ViewOptions {
  return {
    meterName: SCOPE,
    instrumentName: instrument,
    name: metric,
    description: plainText(meaning),
    attributesProcessors: [relabel(labels, ATTR.instrument in labels ? metricOf : undefined)],
    // The instruments have at most MAX_SERIES series each; the SDK adds one for its own overflow.
    aggregationCardinalityLimit: MAX_SERIES + 1,
    ...(bounds === undefined
      ? {}
      : { aggregation: { type: EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [...bounds] } } }),
  };
}

/** The text of a HELP line, which cannot have Markdown. */
function plainText(meaning: string): string {
  return meaning.replaceAll('`', '');
}

/**
 * The schema as views.
 *
 * @example
 * new MeterProvider({ views: [...ttaViews], readers: [new PrometheusExporter({ withoutScopeInfo: true })] });
 */
export const ttaViews: readonly ViewOptions[] = schema.map(viewOf);
