import { randomUUID } from 'node:crypto';
import { Account, type Payee, useOf, type Verdict } from '../ledger/account.ts';
import type { Origin } from '../telemetry/propagate.ts';
import { recordUse } from '../telemetry/record/charge.ts';
import { type ExecutionAttributes, executionAttributes } from '../telemetry/record/execution.ts';
import type { Member } from './baggage.ts';
import type { ContextOptions, Tags } from './workflow-context.ts';

export const NO_OPTIONS: ContextOptions = Object.freeze({});
const NO_TAGS: Tags = Object.freeze({});
const NO_BAGGAGE: readonly Member[] = Object.freeze([]);

/** Writes dollars down at once. */
export const WRITER: Payee = {
  add: (standing, dollars) => recordUse(useOf(standing), dollars),
  decide: recordUse,
};

/** What all executions of one run share: its ids and tags, where it comes from, and what its spans show already. */
export class Run {
  readonly options: ContextOptions;
  /** The baggage that came with the run, for the next process. */
  readonly baggage: readonly Member[];
  /** The spans of other processes that caused the run. Only the first span of the run uses them. */
  #origin: Origin | undefined;
  #workflowId: string | undefined;
  /** Whether a span already shows the ids and tags of the run. */
  #described = false;
  /** What the first span shows beside them. */
  #more: ExecutionAttributes | undefined;
  /** The errors whose details a span already shows. */
  #errors: WeakSet<object> | undefined;
  /** The run of the outermost execution: it has the account. It may be another copy's, with private fields of its own. */
  readonly outermost: Run;
  #isOpen = false;
  #account: Account | undefined;
  /** Whether each execution with this context is a run of its own: see `next`. */
  readonly isTemplate: boolean;

  /** @param around the run that this one is a part of */
  constructor(options: ContextOptions, baggage = NO_BAGGAGE, origin?: Origin, around?: Run, isTemplate = false) {
    this.options = options;
    this.baggage = baggage;
    this.#origin = origin;
    this.#workflowId = options.workflowId;
    this.outermost = around === undefined || around.isTemplate ? this : around.outermost;
    this.isTemplate = isTemplate;
  }

  /** The run of one execution with the context of a template: inside of `around`, whose tenant it has unless it has its own. */
  next(around: Run | undefined): Run {
    const { options, baggage } = this;
    const tenant = options.tenant ?? around?.options.tenant;
    const inherited = tenant === options.tenant ? options : { ...options, tenant };
    return new Run(inherited, baggage, this.#origin, around);
  }

  get isOpen(): boolean {
    return this.outermost === this ? this.#isOpen : this.outermost.isOpen;
  }

  /** Begins an execution. True for the outermost one, which must be ended by `end`. */
  begin(): boolean {
    if (this.outermost !== this) return this.outermost.begin();
    if (this.#isOpen) return false;
    this.#isOpen = true;
    return true;
  }

  get workflowId(): string {
    this.#workflowId ??= randomUUID();
    return this.#workflowId;
  }

  get correlationId(): string {
    return this.options.correlationId ?? this.workflowId;
  }

  get tags(): Tags {
    return this.options.tags ?? NO_TAGS;
  }

  /** Ends the outermost execution: what its dollars were for is known now. */
  end(verdict: Verdict): void {
    if (this.outermost !== this) {
      this.outermost.end(verdict);
      return;
    }
    this.#isOpen = false;
    this.#account?.close(verdict);
    this.#account = undefined;
  }

  /** Takes the dollars that are spent in no try of a policy. */
  get payee(): Payee {
    if (this.outermost !== this) return this.outermost.payee;
    if (!this.#isOpen) return WRITER;
    this.#account ??= new Account(WRITER);
    return this.#account;
  }

  consumeOrigin(): Origin | undefined {
    const origin = this.#origin;
    if (origin !== undefined) this.#origin = undefined;
    return origin;
  }

  describe(attributes: ExecutionAttributes): void {
    this.#more = attributes;
  }

  consumeAttributes(inWorkflow: boolean): ExecutionAttributes | undefined {
    if (this.#described) return undefined;
    this.#described = true;
    // The id finds a workflow in the traces. A primitive outside of a workflow, without ids or tags, needs no id.
    if (!inWorkflow && this.options === NO_OPTIONS) return this.#more;
    const { workflowId, correlationId } = this;
    return { ...executionAttributes({ ...this.options, workflowId, correlationId }), ...this.#more };
  }

  isFirstToRecord(error: unknown): boolean {
    if (typeof error !== 'object' || error === null) return true;
    this.#errors ??= new WeakSet();
    if (this.#errors.has(error)) return false;
    this.#errors.add(error);
    return true;
  }
}
