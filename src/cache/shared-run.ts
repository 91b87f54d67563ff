import type { Account } from '../core/accounts.ts';
import { CancelScope } from '../core/cancellation.ts';
import { Worth } from './worth.ts';

/** A run of any cache. */
export type AnyRun = SharedRun<unknown>;

/** One run of a primitive, for all executions that ask for its key meanwhile. */
export class SharedRun<out V> {
  readonly scope = new CancelScope();
  /** What its model calls cost: each execution that shares it saves that. */
  readonly worth = new Worth();
  /** Where the dollars of its model calls go. */
  readonly account: Account;
  /** When it started, in milliseconds of the clock's `now()`. */
  readonly startedAt: number;
  readonly result: Promise<V>;
  /** Starts the work. It may ask for a key at once, its own included: everything else must be ready before. */
  readonly begin: () => void;
  /** How many executions wait for the result. */
  waiting = 0;
  /** The runs whose results it waits for, once for each wait. */
  readonly awaited: AnyRun[] = [];

  constructor(startedAt: number, account: Account, work: (run: SharedRun<V>) => Promise<V>) {
    this.startedAt = startedAt;
    this.account = account;
    let begin = () => {};
    this.result = new Promise((resolve, reject) => {
      begin = () => void work(this).then(resolve, reject);
    });
    this.begin = begin;
  }

  /** Notes that this run waits for `other`, until the function that it returns is called. */
  waitsFor(other: AnyRun): () => void {
    this.awaited.push(other);
    return () => void this.awaited.splice(this.awaited.indexOf(other), 1);
  }

  /** Whether this run cannot end before `other` has ended. */
  needs(other: AnyRun): boolean {
    const seen = new Set<AnyRun>([this]);
    // A set that grows while it is walked.
    for (const run of seen) {
      if (run === other) return true;
      for (const awaited of run.awaited) seen.add(awaited);
    }
    return false;
  }
}
