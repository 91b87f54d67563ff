export interface MemorySample {
  /** Milliseconds; only differences count. */
  readonly at: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
}

/** Megabytes. */
export interface MemoryReport {
  readonly start: number;
  readonly max: number;
  readonly end: number;
  /** Of the heap, likewise. */
  readonly heapStart: number;
  readonly heapMax: number;
  readonly heapEnd: number;
  /** What resident memory gained per minute over the second half, when all is warm: about 0 where nothing leaks. */
  readonly slopePerMinute: number;
  /** The same of the heap in use. */
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

/** Of the line with the least squares through the points; 0 where they do not make one. */
function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x0, y0] = [mean(xs), mean(ys)];
  const spread = xs.reduce((sum, x) => sum + (x - x0) ** 2, 0);
  return spread > 0 ? xs.reduce((sum, x, i) => sum + (x - x0) * ((ys[i] ?? y0) - y0), 0) / spread : 0;
}
