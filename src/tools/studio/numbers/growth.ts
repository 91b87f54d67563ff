/** By how much counters have grown from one reading of an endpoint to the next. Pure. */
import type { Reading } from './reading.ts';

/** What is known of the process behind an endpoint. It is kept over a restart of Studio, so that nothing counts twice. */
export interface Known {
  readonly atMs: number;
  readonly startMs: number | null;
  readonly values: ReadonlyMap<number, number>;
}

export interface Growth {
  /** When the counters began to grow by this much; `null` where it is not known by how much they grew. */
  readonly sinceMs: number | null;
  readonly atMs: number;
  readonly counters: ReadonlyMap<number, number>;
}

/** The start of a process is told in fractions of a second that differ a little from one clock to another. */
const SAME_START_MS = 1_000;

/**
 * A counter that falls was set to 0 in between, and so were all of a process that has another start. A series that is new
 * in a process has grown from 0: our counters begin there. Of a process that does not tell its start, the first reading
 * says nothing.
 */
export function growthOf(known: Known | undefined, reading: Reading): { growth: Growth; known: Known } {
  const { atMs, startMs } = reading;
  const isSame =
    known !== undefined &&
    (startMs === null || known.startMs === null || Math.abs(startMs - known.startMs) < SAME_START_MS);
  const values = new Map(isSame ? known.values : []);
  const counters = new Map<number, number>();
  for (const [id, value] of reading.counters) {
    const before = values.get(id) ?? 0;
    counters.set(id, value < before ? value : value - before);
    values.set(id, value);
  }
  const restartMs = known === undefined || startMs === null ? startMs : Math.max(startMs, known.atMs);
  const sinceMs = isSame ? known.atMs : restartMs;
  return {
    growth: { sinceMs: sinceMs === null ? null : Math.min(sinceMs, atMs), atMs, counters },
    known: { atMs, startMs: startMs ?? (isSame ? known.startMs : null), values },
  };
}
