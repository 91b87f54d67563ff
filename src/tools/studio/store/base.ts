import type { RunRecord } from './absorb.ts';

/** What is kept elsewhere already, and goes on here. */
export interface Base {
  arrivals(): number;
  change(): number;
  find(traceId: string): RunRecord | undefined;
  /** Whether the run with this arrival has the span. */
  has(arrival: number, spanId: string): boolean;
}

export const NOTHING: Base = { arrivals: () => 0, change: () => 0, find: () => undefined, has: () => false };
