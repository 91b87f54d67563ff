/** The parts of a span in which nothing worked: it waited for its turn, or for the next try. */
import { microsecondsOf } from './read.ts';
import { endUs, type StudioSpan } from './span.ts';

export const WAIT_KINDS = ['backoff', 'rate_limit', 'queue', 'lost_worker'] as const;
export type WaitKind = (typeof WAIT_KINDS)[number];

export interface Wait {
  readonly kind: WaitKind;
  /** Microseconds since the Unix epoch. */
  readonly startUs: number;
  readonly durationUs: number;
}

/** What a policy waits for stands at its beginning: then it lets the work run. */
const AT_START: readonly (readonly [WaitKind, string])[] = [
  ['rate_limit', 'tta.rate_limit.wait_seconds'],
  ['queue', 'tta.bulkhead.wait_seconds'],
];

/** The waits in the order of time, none of them outside of the span. */
export function waitsOf(span: StudioSpan): readonly Wait[] {
  const end = endUs(span);
  const waits: Wait[] = [];
  const add = (kind: WaitKind, startUs: number, durationUs: number) => {
    const from = Math.max(startUs, span.startUs);
    const clipped = Math.min(durationUs, end - from);
    if (clipped > 0) waits.push({ kind, startUs: from, durationUs: clipped });
  };
  for (const [kind, attribute] of AT_START) add(kind, span.startUs, microsecondsOf(span.attributes[attribute]) ?? 0);
  for (const { name, atUs, attributes } of span.events) {
    if (name === 'tta.retry') add('backoff', atUs, microsecondsOf(attributes['tta.retry.delay_seconds']) ?? 0);
  }
  return waits.sort((one, other) => one.startUs - other.startUs);
}
