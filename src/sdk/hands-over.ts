import type { Format, Parts } from '../prometheus/format.ts';

/** A worker waits this long for its callbacks and its threads, in milliseconds: then its answer is in time for the scrape. */
export const ANSWER_MS = 700;

/** A process or a thread whose metrics another one serves, or will serve when it is there. */
export interface HandsOver {
  /** Whether another process serves the metrics. */
  isElsewhere(): boolean;
  /** The same, after a wait for one that may be there in a moment. */
  isServed(): Promise<boolean>;
  /** The text of all processes; `undefined` where nobody serves it. */
  read(format: Format): Promise<Parts | undefined> | undefined;
  /** Hands over no more: this thread has an endpoint of its own. */
  withdraw(): void;
  /** Hands over for the last time. */
  leave(): Promise<void>;
  /** The same without waiting, for a process that exits. */
  leaveNow(): void;
}
