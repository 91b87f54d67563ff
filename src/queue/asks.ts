/** The worker's part of the budgets around a call: they are where the call is, and are asked by messages. */
import type { ExecutionContext } from '../core/context.ts';
import { BudgetExceededError } from '../core/refusals.ts';
import type { Settle, Spender } from '../core/spending.ts';
import type { CallPlan } from '../ledger/charge.ts';
import { notMade } from '../llm/reserve.ts';
import { CallerAwayError } from './errors.ts';
import { type ControlHead, type ReplyHead, VERSION } from './heads.ts';
import { errorOf } from './revive-error.ts';
import type { SpentMessages } from './spent-messages.ts';
import { receivedUsage, sentAmount, sentPlan } from './told.ts';

/** An answer may be lost on its way: the question is asked again after so many milliseconds. */
const ASK_AGAIN_MS = 1_000;
/** Who says nothing for so long, in milliseconds, has gone. */
const SILENCE_MS = 10_000;

type Answer = Extract<ControlHead, { readonly run: string }>;

interface Ask {
  readonly plan: CallPlan;
  heard(): void;
  grant(): void;
  refuse(error: unknown): void;
}

/** What a run asks with. */
export interface AskLine {
  readonly queueName: string;
  readonly run: string;
  /** Resolves when the message is kept. */
  send(head: ReplyHead): Promise<void>;
  /** Cancels the run. */
  end(refusal: Error): void;
}

/**
 * Asks for each model call of a job. A call that is cancelled while it asks goes on asking, so that what is held for it can
 * be given back.
 */
export class Asks implements Pick<Spender, 'reserve'> {
  readonly #line: AskLine;
  readonly #spent: SpentMessages;
  readonly #open = new Map<number, Ask>();
  #last = 0;

  constructor(line: AskLine, spent: SpentMessages) {
    this.#line = line;
    this.#spent = spent;
  }

  reserve(plan: CallPlan, context: ExecutionContext): Promise<Settle> {
    this.#last += 1;
    const n = this.#last;
    const { run, queueName } = this.#line;
    return new Promise<Settle>((resolve, reject) => {
      let silentMs = 0;
      let stop = () => {};
      const end = () => {
        stop();
        this.#open.delete(n);
      };
      const ask: Ask = {
        plan,
        heard: () => {
          silentMs = 0;
        },
        grant: () => {
          end();
          resolve((charge) => this.#spent.charged(charge, n));
        },
        refuse: (error) => {
          end();
          reject(error);
        },
      };
      const send = () => {
        if (silentMs >= SILENCE_MS) {
          ask.refuse(new CallerAwayError(queueName, SILENCE_MS));
          return;
        }
        silentMs += ASK_AGAIN_MS;
        // Before the message: its answer may come at once.
        stop = context.after(ASK_AGAIN_MS, send);
        this.#send({ v: VERSION, run, kind: 'ask', n, plan: sentPlan(plan) });
      };
      this.#open.set(n, ask);
      send();
    });
  }

  /** The job has ended, and so the calls that still ask are not made. */
  close(): void {
    for (const [n, { plan, refuse }] of this.#open) {
      this.#spent.charged(notMade(plan), n);
      refuse(new Error('the job has ended'));
    }
  }

  answered(answer: Answer): void {
    const ask = this.#open.get(answer.n);
    if (answer.run !== this.#line.run || ask === undefined) return;
    ask.heard();
    if (answer.kind === 'granted') ask.grant();
    else if (answer.kind === 'refused') this.#refuse(ask, errorOf(answer.error));
    else if (answer.kind === 'price') void this.#price(ask.plan, answer);
  }

  /** A budget that is used up ends the work, at once: what else is in the job must not go on until its caller says so. */
  #refuse(ask: Ask, error: unknown): void {
    if (error instanceof BudgetExceededError) this.#line.end(error);
    ask.refuse(error);
  }

  /** Prices are where the model is. */
  async #price(plan: CallPlan, { n, q, usage }: Extract<Answer, { readonly kind: 'price' }>): Promise<void> {
    let dollars: number | undefined;
    try {
      dollars = await plan.dollarsFor(receivedUsage(usage));
    } catch {
      // A price that cannot be found is unknown.
    }
    this.#send({ v: VERSION, run: this.#line.run, kind: 'priced', n, q, dollars: sound(dollars) });
  }

  #send(head: ReplyHead): void {
    // What is not kept is asked again, or given up.
    this.#line.send(head).catch(() => {});
  }
}

function sound(dollars: number | undefined): number | undefined {
  return typeof dollars === 'number' && dollars >= 0 ? sentAmount(dollars) : undefined;
}
