import { type Finding, failure, ok, skipped, warning } from './finding.ts';
import { REMEDY } from './remedies.ts';

/** What another machine says the time is. All in milliseconds since the epoch. */
export interface Reading {
  readonly of: string;
  readonly at: number;
  /** The time may be later than `at` by this much: a Date header has whole seconds. */
  readonly precision: number;
  /** Between these two, by our own clock, it was told. */
  readonly sentAt: number;
  readonly receivedAt: number;
}

const SANE_MS = 1_000;
const HARMFUL_MS = 30_000;

export function examineClock(readings: readonly Reading[]): Finding {
  if (readings.length === 0) return skipped('clock', 'nobody tells the time');
  const skews = readings.map((reading) => ({ of: reading.of, ms: skew(reading) }));
  const worst = skews.reduce((a, b) => (Math.abs(b.ms) > Math.abs(a.ms) ? b : a));
  const away = Math.abs(worst.ms);
  if (away <= SANE_MS)
    return ok('clock', `Our clock agrees with that of ${skews.map(({ of }) => of).join(' and of ')}`);
  const detail = `The clock of ${worst.of} is ${(away / 1_000).toFixed(1)} s ${worst.ms > 0 ? 'ahead of' : 'behind'} ours`;
  return (away > HARMFUL_MS ? failure : warning)('clock', detail, REMEDY.clock);
}

/** By how much it is ahead at least; 0 where the reading fits our time. */
function skew({ at, precision, sentAt, receivedAt }: Reading): number {
  const least = at - receivedAt;
  const most = at + precision - sentAt;
  return least > 0 ? least : most < 0 ? most : 0;
}
