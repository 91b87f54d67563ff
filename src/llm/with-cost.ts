import { checkOptions, type Rules } from '../core/check.ts';
import type { ExecutionContext } from '../core/context.ts';
import { decide } from '../core/decide.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { callback, optional, optionalName } from '../core/rules.ts';
import { withSpender } from '../core/spending.ts';
import { afterOutput, isStream } from '../core/stream.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { type Cost, costOfCalls } from '../ledger/cost.ts';
import type { Observation } from '../telemetry/record/llm.ts';

export interface WithCostOptions {
  /** Replaces `WithCostPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * Called when the execution has ended, also when it has failed: after the last chunk of a stream, else before the
   * execution settles. An error that it throws is shown on the span only. @default none
   */
  readonly onCost?: ((cost: Cost, context: WorkflowContext) => unknown) | undefined;
}

const RULES: Rules<WithCostOptions> = { name: optionalName, onCost: optional(callback()) };

/** The output of a primitive, and what the model calls below it cost. */
export interface WithCost<Out> {
  readonly output: Out;
  readonly cost: Cost;
}

/**
 * Gives the output of the primitive with what its model calls cost: those of `llm`, and those that are seen at `fetch`.
 * Executions at the same time are kept apart. The cost of a stream grows while it is read. So it does where a call ends
 * after the execution, such as that of a loser of a race which does not stop.
 *
 * @example
 * const { output, cost } = await withCost(answer).execute('What is a span?');
 * show(`${cost.dollars} dollars for ${cost.calls} calls`);
 * @throws TypeError at construction when `primitive` is not a primitive or an option is wrong
 */
export function withCost<In, Out>(
  primitive: Primitive<In, Out>,
  options: WithCostOptions = {},
): Primitive<In, WithCost<Out>> {
  checkOptions('WithCostOptions', options, RULES);
  const inner = requirePrimitive('withCost', 'primitive', primitive);
  const { name, onCost } = options;

  const tell = async (cost: Cost, pending: ReadonlySet<unknown>, context: ExecutionContext, observed: Observation) => {
    while (pending.size > 0) await Promise.all(pending);
    if (onCost !== undefined)
      await decide(onCost as (cost: unknown, context: WorkflowContext) => unknown, cost, context, observed);
  };

  return createPrimitive<In, WithCost<Out>>({
    type: 'with_cost',
    name,
    around: inner,
    run: async (input, context, observation) => {
      const { cost, add } = costOfCalls();
      const pending = new Set<unknown>();
      const awaits = (charge: PromiseLike<unknown>) => {
        pending.add(charge);
        charge.then(() => pending.delete(charge));
      };
      const ended = () => tell(cost, pending, context, observation);
      let output: Out;
      try {
        output = await inner.invoke(input, withSpender(context, { charged: add, awaits }));
      } catch (error) {
        // The execution rejects with this error, whatever `onCost` does.
        await ended().catch(() => {});
        throw error;
      }
      if (isStream(output)) afterOutput(output, () => void ended().catch(() => {}));
      else await ended();
      return { output, cost };
    },
  });
}
