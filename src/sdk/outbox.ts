/** Reports that have been taken out of the table and that the other process has not confirmed. */
import { processWide } from '../platform/process-wide.ts';
import { pack, type Report, unpack } from '../prometheus/report.ts';

export interface Numbered {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Numbers grow also where the SDK is registered again. */
const reported = processWide('reports', () => ({ number: 0 }));

export class Outbox {
  #waiting: Numbered[] = [];

  add(reports: readonly Report[]): Numbered {
    reported.number += 1;
    const made = { number: reported.number, bytes: pack(reports) };
    this.#waiting.push(made);
    return made;
  }

  /** The other process has this report, and all before it. */
  confirm(number: number): void {
    this.#waiting = this.#waiting.filter((each) => each.number > number);
  }

  get waiting(): readonly Numbered[] {
    return this.#waiting;
  }
}

/** The other end: a report that comes twice, by a message and in the file of the last ones, is added once. */
export class Inbox {
  #last = 0;

  /** The reports that are new. */
  take(numbered: readonly Numbered[]): Report[] {
    const added: Report[] = [];
    for (const { number, bytes } of numbered) {
      if (!(number > this.#last)) continue;
      this.#last = number;
      added.push(...unpack(bytes));
    }
    return added;
  }
}
