/** What a fault is: what has to be told of it, and what must not. */
import type { Labels } from '../../../support/webhook.ts';

/** One alert as a notification told it. */
export interface Told {
  readonly labels: Labels;
  readonly description: string;
  /** Seconds from the begin of the fault to the notification. */
  readonly afterSeconds: number;
}

export interface Expectations {
  /** What is wrong, as a sentence. */
  readonly fault: string;
  /** The alerts that have to be told, and what their text has to say. None: no alert may fire. */
  readonly raises: Readonly<Record<string, RegExp | ((told: Told) => void)>>;
  /** Alerts that may be told too, and why that is right. @default none */
  readonly mayRaise?: Readonly<Record<string, string>>;
  /** How long it may take until all are told. @default 12 */
  readonly withinMinutes?: number;
  /** How long the fault lasts at least, so that what must not fire has the time to. @default 10 */
  readonly lastsMinutes?: number;
  /**
   * How long it may take until all that was told is told to be over: the longest window is half an hour. `never` in the
   * time of a test. @default 35
   */
  readonly resolvedWithinMinutes?: number | 'never';
}
