/** What the page can ask of the samples, as data. A test writes each in PromQL and compares it with the dashboards. */

/** The values of labels that a series must have, or must not have. */
export type Where = Readonly<
  Record<string, { readonly only: readonly string[] } | { readonly not: readonly string[] }>
>;

export interface Selector {
  readonly metric: string;
  readonly where?: Where;
  /** Without the imaginary dollars of the offline model, where there are any others. */
  readonly billed?: true;
}

export type Measure =
  /** By how much a counter grew, as a rate. */
  | { readonly kind: 'rate'; readonly of: Selector; readonly perSeconds: number }
  /** By how much a counter grew. */
  | { readonly kind: 'increase'; readonly of: Selector }
  /** The growth of one counter divided by that of others. */
  | { readonly kind: 'share'; readonly part: Selector; readonly whole: readonly Selector[] }
  /** `metric` ends in `_bucket`. */
  | { readonly kind: 'quantile'; readonly q: number; readonly of: Selector }
  /** Where a gauge stands. */
  | { readonly kind: 'gauge'; readonly of: Selector };

export function metricsOf(measure: Measure): readonly string[] {
  if (measure.kind === 'share') return [measure.part, ...measure.whole].map(({ metric }) => metric);
  return [measure.of.metric];
}

/** As `VALID` and `FAILED` of the dashboards. */
export const VALID: Where = { outcome: { not: ['cancelled', 'superseded'] } };
export const FAILED: Where = { outcome: { not: ['success', 'cancelled', 'superseded'] } };

export const rate = (metric: string, where?: Where): Measure => ({
  kind: 'rate',
  of: of(metric, where),
  perSeconds: 1,
});
export const perHour = (metric: string): Measure => ({ kind: 'rate', of: of(metric), perSeconds: 3_600 });
export const increase = (metric: string, where?: Where): Measure => ({ kind: 'increase', of: of(metric, where) });
export const gauge = (metric: string): Measure => ({ kind: 'gauge', of: of(metric) });
export const quantile = (q: number, histogram: string): Measure => ({
  kind: 'quantile',
  q,
  of: of(`${histogram}_bucket`),
});
export const share = (metric: string, part: Where, whole?: Where): Measure => ({
  kind: 'share',
  part: of(metric, part),
  whole: [of(metric, whole)],
});

export const billed = (measure: Measure): Measure =>
  measure.kind === 'rate' || measure.kind === 'increase'
    ? { ...measure, of: { ...measure.of, billed: true } }
    : measure;

function of(metric: string, where?: Where): Selector {
  return where === undefined ? { metric } : { metric, where };
}
