import { importError } from '../../platform/optional.ts';

/** The count of the recorded values; all other fields are milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LatencyHistogram {
  record(ms: number): void;
  summary(): LatencySummary;
}

const MICROSECONDS_PER_MS = 1_000;
const MAX_MS = 3_600_000;

/**
 * An HdrHistogram of microseconds up to one hour. It is exact to three digits, and its size does not grow with the
 * number of values.
 *
 * @throws Error with the install line when `hdr-histogram-js` is missing
 */
export async function createLatencyHistogram(): Promise<LatencyHistogram> {
  const { build } = await load();
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_MS * MICROSECONDS_PER_MS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
  const percentile = (percent: number) => histogram.getValueAtPercentile(percent) / MICROSECONDS_PER_MS;
  return {
    record: (ms) => histogram.recordValue(Math.round(Math.min(Math.max(ms, 0), MAX_MS) * MICROSECONDS_PER_MS)),
    summary: () => ({
      count: histogram.totalCount,
      mean: histogram.totalCount === 0 ? 0 : histogram.mean / MICROSECONDS_PER_MS,
      p50: percentile(50),
      p90: percentile(90),
      p99: percentile(99),
      p999: percentile(99.9),
      max: histogram.maxValue / MICROSECONDS_PER_MS,
    }),
  };
}

async function load() {
  try {
    return await import('hdr-histogram-js');
  } catch (error) {
    throw importError('tta load', ['hdr-histogram-js'], error);
  }
}
