import { checkOptions, fail, type Rules } from '../core/check.ts';
import type { Step } from '../core/inference.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, primitiveRule, requirePrimitive } from '../core/primitive.ts';
import { callback, count, number, oneOf, optional, optionalName } from '../core/rules.ts';
import { isPromise } from '../core/until-cancelled.ts';
import { budgetRecorder } from '../telemetry/record/budget.ts';
import { type BudgetKey, budgetAccounts, perRule } from './budget-account.ts';
import { BudgetExecution, type BudgetSettings, isSoft } from './budget-execution.ts';
import { type BudgetStore, budgetStore, memoryBudgetStore } from './budget-store.ts';
import { type Estimate, estimateBySize } from './estimate.ts';
import { GuardedStore } from './guarded-store.ts';
import { type OnWarn, softLimit } from './soft-limit.ts';

export interface BudgetOptions<In = unknown, Other = unknown> {
  /** Replaces `BudgetPrimitive` in the metrics. Budgets with one name and one `store` are one budget. */
  readonly name?: string | undefined;
  /** The most US dollars that the model calls below may cost, for each run, tenant or key. */
  readonly limitUsd: number;
  /**
   * Whose money it is. `run`: each run of the outermost workflow has the whole limit. `tenant`: each `tenant` of the
   * context has it. `all`: all executions share it. A function gives the key of those who share it; keys do not appear in
   * telemetry. @default 'run'
   */
  readonly per?: BudgetKey<In> | undefined;
  /**
   * After how many milliseconds the limit begins anew. The windows follow one another from the Unix epoch, so 86,400,000
   * is a day of UTC. @default never
   */
  readonly windowMs?: number | undefined;
  /**
   * The soft limit, as a share of `limitUsd` from 0 to 1: from there on `otherwise` runs, and `onWarn` is told; without
   * both, a process warning says so once. @default 0.8 with `otherwise` or `onWarn`, else no soft limit
   */
  readonly warnAt?: number | undefined;
  /** Runs instead of the primitive once the soft limit is reached, such as a cheaper model. The budget holds for it too. @default none */
  readonly otherwise?: Step<In, Other> | undefined;
  /**
   * Called when the money that is spent reaches the soft limit, once for each run, tenant or key. If it throws, the
   * execution goes on. @default nothing is called
   */
  readonly onWarn?: OnWarn | undefined;
  /** How many tokens a reply is assumed to have, where the request does not limit them. @default 1000 */
  readonly assumedOutputTokens?: number | undefined;
  /**
   * The most US dollars that a call may cost, by `{ provider, model, requestBytes, maxOutputTokens, choices }` and
   * `dollarsFor(usage)`, its price; `undefined` for unknown. Give one where requests have pictures or sound, whose bytes are no tokens.
   * @default a token of input for every 3 bytes, and of output as many as the request allows
   */
  readonly estimate?: Estimate | undefined;
  /**
   * What is done with a call whose price is unknown. `allow`: it is made while there is money left, nothing is held for it,
   * and what it costs counts if its price is known at its end. @default 'allow'
   */
  readonly unpriced?: 'allow' | 'refuse' | undefined;
  /** Where the sums are kept, if several budgets or processes share them. See `redisBudgetStore`. @default this process */
  readonly store?: BudgetStore | undefined;
  /**
   * What is done with a call while the store does not answer. `allow`: it is made, and is settled once the store answers.
   * @default 'allow'
   */
  readonly storeFailure?: 'allow' | 'refuse' | undefined;
}

const RULES: Rules<BudgetOptions<never>> = {
  name: optionalName,
  limitUsd: number({ min: 0 }),
  per: optional(perRule),
  windowMs: optional(number({ min: 1 })),
  warnAt: optional(number({ min: 0, max: 1 })),
  otherwise: optional(primitiveRule),
  onWarn: optional(callback()),
  assumedOutputTokens: optional(count),
  estimate: optional(callback()),
  unpriced: optional(oneOf('allow', 'refuse')),
  store: optional(budgetStore),
  storeFailure: optional(oneOf('allow', 'refuse')),
};

/**
 * Stops the work when its model calls would cost more than `limitUsd`. Before each call inside, by `llm` or by any client
 * whose calls are observed, the budget holds what the call may cost: a token of input for every 3 bytes of the request,
 * and as many tokens of output as the request allows. Calls that run at the same time cannot exceed the limit by more
 * than they cost above that. At its end a call counts with its real cost; where that is unknown or a lower bound, what was
 * held is taken as spent.
 *
 * A call for which too little is left is not made: the signal aborts with `BudgetExceededError`, and the execution rejects
 * with that very error, whatever a client or a task makes of it. `retry` and `hedge` do not try again after it by default.
 * Budgets inside one another all hold. Only calls inside of the budget count: put it outermost.
 *
 * @example
 * const report = budget(workflow('report', summarise), { limitUsd: 0.5 });
 *
 * @example
 * const answer = budget(large, { limitUsd: 5, per: 'tenant', windowMs: 86_400_000, otherwise: small });
 * @throws TypeError, RangeError at construction when an option is wrong; TypeError at execution when `per` does not give a
 * text; `BudgetExceededError` at execution when a call is refused
 */
export function budget<In, Out, Other = never>(
  primitive: Primitive<In, Out>,
  options: BudgetOptions<NoInfer<In>, Other>,
): Primitive<In, Out | Other> {
  checkOptions('BudgetOptions', options, RULES);
  const { name, limitUsd, per = 'run', windowMs, otherwise, onWarn } = options;
  const {
    assumedOutputTokens = 1_000,
    estimate = estimateBySize(assumedOutputTokens),
    unpriced = 'allow',
    storeFailure = 'allow',
    store = memoryBudgetStore(),
  } = options;
  if (per === 'run' && windowMs !== undefined)
    fail('BudgetOptions', 'windowMs', "is of use only with per: 'tenant', 'all' or a function", windowMs);
  if (options.estimate !== undefined && options.assumedOutputTokens !== undefined)
    fail('BudgetOptions', 'assumedOutputTokens', 'is of no use beside estimate', assumedOutputTokens);
  if (options.store === undefined && options.storeFailure !== undefined)
    fail('BudgetOptions', 'storeFailure', 'is of use only together with store', storeFailure);
  const inner = requirePrimitive<In, Out | Other>('budget', 'primitive', primitive);
  const cheaper = otherwise && requirePrimitive<In, Out | Other>('budget', 'otherwise', otherwise);
  const { warnAt = otherwise === undefined && onWarn === undefined ? undefined : 0.8 } = options;
  const { label, messageName } = namesOf('budget', name, { around: inner });
  const record = budgetRecorder(label, limitUsd);
  const accountFor = budgetAccounts(name ?? messageName, per, windowMs);
  // Where the cheaper primitive takes over, there is nothing to warn of.
  const tell = onWarn ?? (cheaper && (() => {}));
  const settings: BudgetSettings = {
    messageName,
    limitUsd,
    soft: warnAt === undefined ? undefined : softLimit(messageName, limitUsd, warnAt, tell),
    estimate,
    unpriced,
    storeFailure,
    store: new GuardedStore(store, record, messageName),
    record,
  };

  return createPrimitive<In, Out | Other>({
    type: 'budget',
    name,
    around: inner,
    run: async (input, context, observation) => {
      const found = accountFor(input, context);
      const account = isPromise(found) ? await found : found;
      let chosen = inner;
      if (cheaper !== undefined && (await isSoft(settings, account, context))) {
        chosen = cheaper;
        record.softened(observation);
      }
      const execution = new BudgetExecution(settings, account, context, observation);
      return await execution.run((inside) => chosen.invoke(input, inside));
    },
  });
}
