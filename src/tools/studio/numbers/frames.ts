/**
 * What was read, by time: in each frame, by how much counters grew and where gauges stood. Frames of five seconds are kept
 * for two hours, of a minute for two days, of a quarter of an hour as long as the retention. All are in memory, within a
 * limit of bytes, and each that changes goes to the journal too, which is on the disk.
 */

import { laterGauge } from './gauges.ts';
import type { Growth } from './growth.ts';
import type { SeriesBook } from './series.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** The lengths of frames in milliseconds, and how long those of each are kept. */
export const RESOLUTIONS = [
  { lengthMs: 5 * SECOND, keptMs: 2 * HOUR },
  { lengthMs: 60 * SECOND, keptMs: 2 * DAY },
  { lengthMs: 900 * SECOND, keptMs: Number.POSITIVE_INFINITY },
] as const;
export const RAW_MS = RESOLUTIONS[0].lengthMs;
const LONGEST_MS = RESOLUTIONS[2].lengthMs;
/** A longer time without a reading is a gap. */
export const GAP_MS = 3 * RAW_MS;
const FRAME_BYTES = 100;

export interface Frame {
  readonly lengthMs: number;
  /** Its start, a multiple of its length. */
  readonly atMs: number;
  /** How much of it was observed. */
  readonly coveredMs: number;
  readonly samples: Samples;
}

export interface Samples {
  readonly ids: Uint32Array;
  readonly values: Float64Array;
}

/** What counters grew by in a time in which nothing was read: it is not known when they did. */
export interface Gap {
  readonly sinceMs: number;
  readonly atMs: number;
  readonly samples: Samples;
}

/** Where frames go so that they survive a restart. */
export interface FrameJournal {
  writeFrame(frame: Frame): void;
  writeGap(gap: Gap): void;
  /** Removes the frames of a length that begin before a time. With the length 0: the gaps that end before it. */
  remove(lengthMs: number, beforeMs: number): void;
}

interface OpenFrame {
  atMs: number;
  coveredMs: number;
  readonly values: Map<number, number>;
}

export interface Frames {
  /** Adds what was read of one endpoint. */
  add(growth: Growth): void;
  /** Sets where the gauges of all endpoints stand now. */
  setGauges(atMs: number, gauges: ReadonlyMap<number, number>): void;
  restore(frames: Iterable<Frame>, gaps: Iterable<Gap>): void;
  /** The frames of a length that overlap a time, the oldest first. */
  between(lengthMs: number, fromMs: number, toMs: number): readonly Frame[];
  gaps(): readonly Gap[];
  /** The series that were read in a time, to a quarter of an hour. */
  presentIn(fromMs: number, toMs: number): ReadonlySet<number>;
  /** The start of the oldest that is kept; `null` when there is nothing. */
  oldestMs(): number | null;
  /** Writes to the journal what has changed, and what could not be written before. */
  flush(): void;
  /** What was flushed is kept now. */
  flushed(): void;
  /** Removes what is too old or too much. */
  tidy(nowMs: number): void;
  /** The series of which something is kept. */
  used(): ReadonlySet<number>;
}

export interface FrameLimits {
  readonly retentionMs: number;
  /** Of the frames of each length, and of the gaps. */
  readonly maxBytes: number;
}

export function createFrames(book: SeriesBook, journal: FrameJournal, { retentionMs, maxBytes }: FrameLimits): Frames {
  const closed = new Map<number, Frame[]>(RESOLUTIONS.map(({ lengthMs }) => [lengthMs, []]));
  const open = new Map<number, OpenFrame>();
  const gaps: Gap[] = [];
  const unwritten = { frames: new Set<Frame>(), gaps: new Set<Gap>() };
  const changed = new Set<number>();

  /**
   * The frame of a length at a time. An endpoint that answers late is counted in the newest; only a clock that was set back
   * begins one before it.
   */
  function frameAt(lengthMs: number, timeMs: number): OpenFrame {
    const atMs = Math.floor(timeMs / lengthMs) * lengthMs;
    const current = open.get(lengthMs);
    if (current !== undefined && atMs <= current.atMs && current.atMs - timeMs < LONGEST_MS) return current;
    if (current !== undefined) {
      const frame = sealed(lengthMs, current);
      closed.get(lengthMs)?.push(frame);
      if (changed.delete(lengthMs)) unwritten.frames.add(frame);
    }
    const last = closed.get(lengthMs)?.at(-1);
    const resumed = last?.atMs === atMs ? closed.get(lengthMs)?.pop() : undefined;
    const fresh = { atMs, coveredMs: resumed?.coveredMs ?? 0, values: new Map(resumed && entriesOf(resumed.samples)) };
    open.set(lengthMs, fresh);
    return fresh;
  }

  const sealed = (lengthMs: number, { atMs, coveredMs, values }: OpenFrame): Frame => ({
    lengthMs,
    atMs,
    coveredMs,
    samples: samplesOf(values),
  });

  /** Marks the time up to a reading as observed. A reading at the very end of a frame belongs to it. */
  function cover(sinceMs: number, atMs: number): void {
    const first = Math.floor(sinceMs / RAW_MS) * RAW_MS;
    for (let slotMs = first; slotMs < atMs; slotMs += RAW_MS) {
      if (frameAt(RAW_MS, slotMs).coveredMs > 0) continue;
      for (const { lengthMs } of RESOLUTIONS) {
        frameAt(lengthMs, slotMs).coveredMs += RAW_MS;
        changed.add(lengthMs);
      }
    }
  }

  function between(lengthMs: number, fromMs: number, toMs: number): readonly Frame[] {
    const current = open.get(lengthMs);
    const all = [...(closed.get(lengthMs) ?? []), ...(current === undefined ? [] : [sealed(lengthMs, current)])];
    return all.filter(({ atMs }) => atMs < toMs && atMs + lengthMs > fromMs);
  }

  return {
    add({ sinceMs, atMs, counters }) {
      const isGap = sinceMs !== null && atMs - sinceMs > GAP_MS;
      cover(isGap || sinceMs === null ? atMs - 1 : sinceMs, atMs);
      if (isGap) {
        const grown = [...counters].filter(([, value]) => value > 0);
        const gap = { sinceMs, atMs, samples: samplesOf(new Map(grown)) };
        if (grown.length > 0) gaps.push(gap);
        if (grown.length > 0) unwritten.gaps.add(gap);
      }
      const isKnown = sinceMs !== null && !isGap;
      for (const { lengthMs } of RESOLUTIONS) {
        const frame = frameAt(lengthMs, atMs - 1);
        changed.add(lengthMs);
        for (const [id, value] of counters) {
          const grown = isKnown ? value : 0;
          // The longest frames have each series, also one that stands still: they tell which series there were.
          if (grown > 0 || lengthMs === LONGEST_MS) frame.values.set(id, (frame.values.get(id) ?? 0) + grown);
        }
      }
    },
    setGauges(atMs, gauges) {
      for (const { lengthMs } of RESOLUTIONS) {
        const frame = frameAt(lengthMs, atMs - 1);
        changed.add(lengthMs);
        for (const [id, value] of gauges) {
          frame.values.set(id, laterGauge(book.get(id)?.metric ?? '', frame.values.get(id) ?? Number.NaN, value));
        }
      }
    },
    restore(frames, oldGaps) {
      for (const frame of frames) closed.get(frame.lengthMs)?.push(frame);
      for (const list of closed.values()) list.sort((one, other) => one.atMs - other.atMs);
      gaps.push(...oldGaps);
    },
    between,
    gaps: () => gaps,
    presentIn: (fromMs, toMs) => new Set(between(LONGEST_MS, fromMs, toMs).flatMap(({ samples }) => [...samples.ids])),
    oldestMs() {
      let oldest = Number.POSITIVE_INFINITY;
      // A shorter frame tells more exactly where a longer one begins.
      for (const { lengthMs } of RESOLUTIONS.toReversed()) {
        const first = closed.get(lengthMs)?.[0] ?? open.get(lengthMs);
        if (first !== undefined && first.atMs < oldest + LONGEST_MS) oldest = first.atMs;
      }
      for (const { sinceMs } of gaps) oldest = Math.min(oldest, sinceMs);
      return Number.isFinite(oldest) ? oldest : null;
    },
    flush() {
      for (const gap of unwritten.gaps) journal.writeGap(gap);
      for (const frame of unwritten.frames) journal.writeFrame(frame);
      for (const lengthMs of changed) {
        const frame = open.get(lengthMs);
        if (frame !== undefined) journal.writeFrame(sealed(lengthMs, frame));
      }
    },
    flushed() {
      unwritten.gaps.clear();
      unwritten.frames.clear();
      changed.clear();
    },
    tidy(nowMs) {
      for (const { lengthMs, keptMs } of RESOLUTIONS) {
        const frames = closed.get(lengthMs) ?? [];
        const removed = excess(frames, nowMs - Math.min(keptMs, retentionMs), maxBytes);
        if (removed === 0) continue;
        for (const frame of frames.splice(0, removed)) unwritten.frames.delete(frame);
        journal.remove(lengthMs, frames[0]?.atMs ?? open.get(lengthMs)?.atMs ?? nowMs);
      }
      const removed = excess(gaps, nowMs - retentionMs, maxBytes);
      if (removed === 0) return;
      for (const gap of gaps.splice(0, removed)) unwritten.gaps.delete(gap);
      journal.remove(0, gaps[0]?.atMs ?? nowMs);
    },
    used() {
      const ids = new Set<number>();
      for (const { samples } of [...[...closed.values()].flat(), ...gaps]) for (const id of samples.ids) ids.add(id);
      for (const { values } of open.values()) for (const id of values.keys()) ids.add(id);
      return ids;
    },
  };
}

/** How many of the oldest are too old, or more than the limit of bytes. */
function excess(
  list: readonly { readonly atMs: number; readonly samples: Samples }[],
  oldestMs: number,
  maxBytes: number,
): number {
  let bytes = 0;
  let kept = list.length;
  while (kept > 0) {
    const { atMs, samples } = list[kept - 1] as { atMs: number; samples: Samples };
    bytes += FRAME_BYTES + 12 * samples.ids.length;
    if (atMs < oldestMs || bytes > maxBytes) break;
    kept -= 1;
  }
  return kept;
}

function samplesOf(values: ReadonlyMap<number, number>): Samples {
  return { ids: Uint32Array.from(values.keys()), values: Float64Array.from(values.values()) };
}

function entriesOf({ ids, values }: Samples): [number, number][] {
  return Array.from(ids, (id, index) => [id, values[index] ?? 0]);
}
