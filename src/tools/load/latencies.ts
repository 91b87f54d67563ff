import { importOptional } from '../../platform/optional.ts';

/** Milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Latencies {
  record(ms: number): void;
  summary(): LatencySummary;
}

const MICROSECONDS = 1_000;
const LONGEST_MS = 3_600_000;

/**
 * An HdrHistogram of microseconds up to an hour, exact to three digits, of a fixed size however many are recorded.
 *
 * @throws Error with the install line where `hdr-histogram-js` is missing
 */
export async function createLatencies(): Promise<Latencies> {
  const { build } = await importOptional('tta load', 'hdr-histogram-js', () => import('hdr-histogram-js'));
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_MS * MICROSECONDS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / MICROSECONDS;
  return {
    record: (ms) => histogram.recordValue(Math.round(Math.min(Math.max(ms, 0), LONGEST_MS) * MICROSECONDS)),
    summary: () => ({
      count: histogram.totalCount,
      mean: histogram.totalCount === 0 ? 0 : histogram.mean / MICROSECONDS,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: histogram.maxValue / MICROSECONDS,
    }),
  };
}
