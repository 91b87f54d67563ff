/** What the dollars of an execution were for, as far as it is known by now. Pure: sums, no lists and no telemetry. */
import { addTo, type Sum } from './money.ts';

/**
 * What became of a call by itself. A call that nothing drops afterwards is counted by this.
 *
 * - `answered`: the model answered.
 * - `substituted`: the model answered in the place of another.
 * - `failed`: the reply is an error, or did not come in time.
 * - `superseded`: something else ended the call: a race, a hedge or a failed sibling.
 */
export type Standing = 'answered' | 'substituted' | 'failed' | 'superseded';

/** What became of the dollars in the end. */
export type DollarUse = 'answered' | 'retried' | 'fallback' | 'hedged' | 'aborted' | 'failed';

/**
 * What a policy did with the work of an account when it was over. It dropped the work: a retry (`retried`), a fallback
 * (`replaced`), a race or a hedge (`lost`), or the caller (`aborted`). It kept the work: `kept`, or `substitute` if the
 * answer took the place of another.
 */
export type Verdict = 'retried' | 'replaced' | 'lost' | 'aborted' | 'kept' | 'substitute';

/** Takes dollars: an account, or what writes them down. */
export interface Payee {
  /** Dollars of a call that may still be dropped. */
  add(standing: Standing, dollars: number): void;
  /** Dollars whose use is decided: the nearest policy that dropped the call decides. */
  decide(use: DollarUse, dollars: number): void;
}

/** The use of dollars of a call that nothing has dropped. */
export function useOf(standing: Standing): DollarUse {
  if (standing === 'answered') return 'answered';
  return standing === 'substituted' ? 'fallback' : 'failed';
}

/** The use of dollars whose call is dropped now; `undefined` if it is kept. */
function decided(verdict: Verdict, standing: Standing): DollarUse | undefined {
  const hasAnswered = standing === 'answered' || standing === 'substituted';
  switch (verdict) {
    case 'aborted':
      return 'aborted';
    case 'lost':
      return 'hedged';
    case 'retried':
      return hasAnswered ? 'retried' : 'failed';
    case 'replaced':
      return hasAnswered ? 'fallback' : 'failed';
    default:
      return undefined;
  }
}

/**
 * The dollars of one try or branch of a policy, or of a whole execution. When it is closed, its dollars go to the account
 * around it. Dollars that come later go there at once, by the same verdict.
 */
export class Account implements Payee {
  #around: Payee;
  /** `undefined` while the account is open. */
  #verdict: Verdict | undefined;
  #open: Map<Standing, Sum> | undefined;
  #decided: Map<DollarUse, Sum> | undefined;

  constructor(around: Payee) {
    this.#around = around;
  }

  add(standing: Standing, dollars: number): void {
    if (this.#verdict !== undefined) this.#pass(this.#verdict, standing, dollars);
    else this.#open = plus(this.#open, standing, dollars);
  }

  decide(use: DollarUse, dollars: number): void {
    if (this.#verdict !== undefined) this.#around.decide(use, dollars);
    else this.#decided = plus(this.#decided, use, dollars);
  }

  /** Gives its dollars to another account from now on, because the work is no longer that of the account around it. */
  moveTo(around: Payee): void {
    this.#around = around;
  }

  /** Only the first verdict counts. */
  close(verdict: Verdict): void {
    if (this.#verdict !== undefined) return;
    this.#verdict = verdict;
    // Most accounts have no dollars.
    if (this.#open !== undefined) {
      for (const [standing, { value }] of this.#open) this.#pass(verdict, standing, value);
    }
    if (this.#decided !== undefined) {
      for (const [use, { value }] of this.#decided) this.#around.decide(use, value);
    }
    this.#open = this.#decided = undefined;
  }

  #pass(verdict: Verdict, standing: Standing, dollars: number): void {
    const use = decided(verdict, standing);
    if (use !== undefined) this.#around.decide(use, dollars);
    else this.#around.add(verdict === 'substitute' && standing === 'answered' ? 'substituted' : standing, dollars);
  }
}

function plus<K>(sums: Map<K, Sum> | undefined, key: K, dollars: number): Map<K, Sum> {
  const all = sums ?? new Map<K, Sum>();
  const sum = all.get(key);
  if (sum === undefined) return all.set(key, { value: dollars });
  addTo(sum, dollars);
  return all;
}
