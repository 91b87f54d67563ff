export interface MemorySample {
  /** Milliseconds from any origin. */
  readonly at: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** All numbers are megabytes. */
export interface MemoryReport {
  /** Resident memory: the first, the largest and the last sample. */
  readonly start: number;
  readonly max: number;
  readonly end: number;
  /** The used heap: the first, the largest and the last sample. */
  readonly heapStart: number;
  readonly heapMax: number;
  readonly heapEnd: number;
  /** The growth of resident memory per minute in the second half, after the warm-up. It is about 0 without a leak. */
  readonly slopePerMinute: number;
  /** The growth of the used heap per minute in the second half. */
  readonly heapSlopePerMinute: number;
}

const MEGABYTE = 1e6;
const MS_PER_MINUTE = 60_000;

/** @param samples in the order of their time, at least one */
export function memoryReport(samples: readonly MemorySample[]): MemoryReport {
  const resident = samples.map(({ residentBytes }) => residentBytes / MEGABYTE);
  const heap = samples.map(({ heapBytes }) => heapBytes / MEGABYTE);
  const half = Math.floor(samples.length / 2);
  const minutes = samples.slice(half).map(({ at }) => at / MS_PER_MINUTE);
  return {
    start: resident[0] ?? 0,
    max: Math.max(...resident),
    end: resident.at(-1) ?? 0,
    heapStart: heap[0] ?? 0,
    heapMax: Math.max(...heap),
    heapEnd: heap.at(-1) ?? 0,
    slopePerMinute: slope(minutes, resident.slice(half)),
    heapSlopePerMinute: slope(minutes, heap.slice(half)),
  };
}

/** The slope of the least-squares line through the points; 0 when all points have the same x. */
function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
  return spread > 0 ? xs.reduce((sum, x, i) => sum + (x - x0) * ((ys[i] ?? y0) - y0), 0) / spread : 0;
}
