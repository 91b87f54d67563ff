import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

/** The time of another machine. All times are milliseconds since the epoch. */
export interface ClockReading {
  /** The server that sent the time, as a noun: `the endpoint`. */
  readonly source: string;
  readonly time: number;
  /** The real time may be later than `time` by this much: a Date header has whole seconds. */
  readonly precisionMs: number;
  /** When we sent the request and received the answer, by our clock. The time was read between the two. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

const WARNING_MS = 1_000;
const FAILURE_MS = 30_000;

export function checkClock(readings: readonly ClockReading[]): Finding {
  if (readings.length === 0) return skipped('clock', 'no server sends its time');
  const skews = readings.map((reading) => ({ source: reading.source, ms: skewOf(reading) }));
  const worst = skews.reduce((a, b) => (Math.abs(b.ms) > Math.abs(a.ms) ? b : a));
  const skewMs = Math.abs(worst.ms);
  if (skewMs <= WARNING_MS)
    return ok('clock', `Our clock agrees with that of ${skews.map(({ source }) => source).join(' and of ')}`);
  const detail = `The clock of ${worst.source} is ${(skewMs / 1_000).toFixed(1)} s ${worst.ms > 0 ? 'ahead of' : 'behind'} ours`;
  return (skewMs > FAILURE_MS ? failure : warning)('clock', detail, REMEDY.clock);
}

/** The smallest skew that explains the reading, in milliseconds: positive when the other clock is ahead of ours. */
function skewOf({ time, precisionMs, sentAt, receivedAt }: ClockReading): number {
  const smallest = time - receivedAt;
  const largest = time + precisionMs - sentAt;
  return smallest > 0 ? smallest : largest < 0 ? largest : 0;
}
