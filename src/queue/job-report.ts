/** What happens in a job that its producer counts: the workflows that end in it, and what its dollars were for. */
import { Account, leaveToOthers } from '../core/accounts.ts';
import type { DollarUse, Payee, Standing } from '../ledger/account.ts';
import type { WorkflowSink } from '../telemetry/observation.ts';
import { OTHER, OUTCOMES, type Outcome } from '../telemetry/semconv.ts';
import {
  MAX_EXACT_ENDS,
  MAX_MORE_ENDS,
  MAX_WORKFLOW_GROUPS,
  sentAmount,
  type Told,
  type WorkflowEnds,
  word,
} from './told.ts';

interface Group {
  readonly name: string;
  readonly outcome: Outcome;
  readonly seconds: (number | null)[];
  more: number;
  sum: number;
}

export class JobReport implements WorkflowSink {
  /** The dollars of the job go there. */
  readonly account: Account;
  readonly #groups = new Map<string, Group>();
  readonly #open: Partial<Record<Standing, number>> = {};
  readonly #decided: Partial<Record<DollarUse, number>> = {};
  #exact = 0;
  #more = 0;

  constructor() {
    const payee: Payee = {
      add: (standing, dollars) => {
        this.#open[standing] = sentAmount((this.#open[standing] ?? 0) + dollars);
      },
      decide: (use, dollars) => {
        this.#decided[use] = sentAmount((this.#decided[use] ?? 0) + dollars);
      },
    };
    this.account = new Account(payee);
  }

  ended(name: string, outcome: Outcome, seconds: number, times = 1): void {
    const group = this.#group(word(name), outcome);
    for (let left = times; left > 0; left -= 1) {
      if (this.#exact >= MAX_EXACT_ENDS) {
        const more = Math.min(left, MAX_MORE_ENDS - this.#more);
        this.#more += more;
        group.more += more;
        group.sum += more * seconds;
        return;
      }
      this.#exact += 1;
      // Microseconds: shorter in the message, and finer than a clock.
      group.seconds.push(seconds >= 0 ? Math.round(sentAmount(seconds) * 1e6) / 1e6 : null);
    }
  }

  #group(name: string, outcome: Outcome): Group {
    const key = `${outcome} ${name}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    if (this.#groups.size >= MAX_WORKFLOW_GROUPS - OUTCOMES.length && name !== OTHER)
      return this.#group(OTHER, outcome);
    const group: Group = { name, outcome, seconds: [], more: 0, sum: 0 };
    this.#groups.set(key, group);
    return group;
  }

  /** The job has ended: what its producer must know. Dollars that come later go to `late`. */
  close(late: Payee): Told {
    this.account.close('kept');
    this.account.moveTo(late);
    return { workflows: [...this.#groups.values()].map(sent), open: this.#open, decided: this.#decided };
  }

  /** The job is run again: its workflows count then. What this run has cost is counted by this process. */
  abandon(): void {
    leaveToOthers(this.account);
    this.account.close('retried');
  }
}

function sent({ name, outcome, seconds, more, sum }: Group): WorkflowEnds {
  if (more === 0) return { name, outcome, seconds };
  const mean = sum / more;
  return { name, outcome, seconds, more, ...(mean >= 0 ? { mean: sentAmount(mean) } : {}) };
}
