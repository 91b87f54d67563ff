/** The producer's part of the budgets around a call: answers what the worker asks of them. */
import type { ExecutionContext } from '../core/context.ts';
import type { Settle } from '../core/spending.ts';
import type { CallPlan, Charge } from '../ledger/charge.ts';
import type { Usage } from '../ledger/usage.ts';
import { reserveAround } from '../llm/reserve.ts';
import { recordOf } from './error-record.ts';
import { type ControlHead, type ReplyHead, VERSION } from './heads.ts';
import { type AskedPlan, sentUsage } from './told.ts';

type Head<K extends ReplyHead['kind']> = Extract<ReplyHead, { readonly kind: K }>;

interface Grant {
  readonly run: string;
  readonly plan: AskedPlan;
  /** `undefined` while the budgets decide. */
  answer: ControlHead | undefined;
  /** `undefined` unless money is held. */
  settle: Settle | undefined;
  /** What ends the reservation, where it comes before the answer. */
  charge: Charge | undefined;
  readonly prices: Map<number, (dollars: number | undefined) => void>;
}

/** No job makes as many calls; a worker that asks more is not answered. */
const MAX_ASKS = 100_000;
/** A question for a price may be lost on its way: it is asked again after so many milliseconds. */
const ASK_AGAIN_MS = 1_000;

/** What is held for the model calls of one job, and the answers to its asks. */
export class Grants {
  readonly #context: ExecutionContext;
  readonly #tell: (head: ControlHead) => void;
  readonly #grants = new Map<string, Grant>();
  /** Those for which money is held: only these are gone through where another run begins, which a forger can say each time. */
  readonly #held = new Set<Grant>();
  /** The last run that has asked. */
  #run: string | undefined;
  #closed = false;

  constructor(context: ExecutionContext, tell: (head: ControlHead) => void) {
    this.#context = context;
    this.#tell = tell;
  }

  /** The same ask may come again: it is answered again, and nothing more is held. */
  asked({ run, n, plan }: Head<'ask'>): void {
    const key = keyOf(run, n);
    const known = this.#grants.get(key);
    if (known !== undefined) {
      this.#tell(known.answer ?? { v: VERSION, kind: 'wait', run, n });
      return;
    }
    if (this.#grants.size >= MAX_ASKS || this.#closed) return;
    if (this.#run !== undefined && this.#run !== run) this.#settleAll();
    this.#run = run;
    const grant: Grant = { run, plan, answer: undefined, settle: undefined, charge: undefined, prices: new Map() };
    this.#grants.set(key, grant);
    void this.#decide(grant, n);
  }

  async #decide(grant: Grant, n: number): Promise<void> {
    const { run, plan } = grant;
    const dollarsFor: CallPlan['dollarsFor'] = (usage) => this.#priceOf(grant, n, usage);
    try {
      grant.settle = await reserveAround(this.#context, { ...plan, dollarsFor });
      this.#held.add(grant);
      grant.answer = { v: VERSION, kind: 'granted', run, n };
      if (grant.charge !== undefined) this.#settle(grant, grant.charge);
      else if (this.#closed) this.#settle(grant, unknownCharge(plan));
    } catch (error) {
      grant.answer = { v: VERSION, kind: 'refused', run, n, error: recordOf(error) };
    }
    this.#tell(grant.answer);
  }

  /** The worker knows the prices. Without an answer the price is unknown in the end: the caller does not wait for ever. */
  #priceOf({ run, prices }: Grant, n: number, usage: Usage): Promise<number | undefined> {
    const q = prices.size;
    return new Promise((resolve) => {
      let stop = () => {};
      const end = (dollars?: number) => {
        stop();
        resolve(dollars);
      };
      const ask = () => {
        if (this.#closed || this.#context.cancelled) return end();
        // Before the message: its answer may come at once.
        stop = this.#context.after(ASK_AGAIN_MS, ask);
        this.#tell({ v: VERSION, kind: 'price', run, n, q, usage: sentUsage(usage) });
      };
      prices.set(q, end);
      ask();
    });
  }

  priced({ run, n, q, dollars }: Head<'priced'>): void {
    this.#grants.get(keyOf(run, n))?.prices.get(q)?.(dollars);
  }

  /** A call has ended. */
  spent(run: string, ask: number, charge: Charge): void {
    const grant = this.#grants.get(keyOf(run, ask));
    if (grant === undefined) return;
    if (grant.answer === undefined) grant.charge = charge;
    else this.#settle(grant, charge);
  }

  /** No more comes of this job: what its open calls cost is unknown. */
  close(): void {
    this.#closed = true;
    this.#settleAll();
    for (const { prices } of this.#grants.values()) for (const end of prices.values()) end(undefined);
  }

  /** Another run of the job has begun: its worker was lost, and with it what its open calls cost. Or there is no run. */
  #settleAll(): void {
    for (const grant of this.#held) this.#settle(grant, unknownCharge(grant.plan));
  }

  /** Only the first charge counts. */
  #settle(grant: Grant, charge: Charge): void {
    const { settle } = grant;
    this.#held.delete(grant);
    grant.settle = undefined;
    settle?.(charge);
  }
}

const keyOf = (run: string, n: number) => `${n} ${run}`;

function unknownCharge({ provider, model = '' }: AskedPlan): Charge {
  return {
    provider,
    model,
    outcome: 'failed',
    metering: 'unknown',
    usage: undefined,
    dollars: undefined,
    pricedBy: undefined,
  };
}
