import { checkOptions, type Rules, requireFunction } from '../core/check.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { optionalName } from '../core/rules.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { conditionalRecorder } from '../telemetry/record/conditional.ts';

export interface ConditionalOptions {
  /** Replaces `ConditionalPrimitive` in the metrics. */
  readonly name?: string | undefined;
}

const record = conditionalRecorder();
const RULES: Rules<ConditionalOptions> = { name: optionalName };

/**
 * Runs `then` if `test` is true for the input, else `otherwise`. Without an `otherwise` the output is the input.
 *
 * @example
 * const brief = conditional((s: string) => s.length > 100, task('cut', (s: string) => s.slice(0, 100)));
 * @throws TypeError when `test` is not a function or a branch is not a primitive
 */
export function conditional<In, Then, Otherwise>(
  test: (input: In, context: WorkflowContext) => boolean | PromiseLike<boolean>,
  then: Primitive<In, Then>,
  otherwise: Primitive<NoInfer<In>, Otherwise>,
  options?: ConditionalOptions,
): Primitive<In, Then | Otherwise>;
export function conditional<In, Then>(
  test: (input: In, context: WorkflowContext) => boolean | PromiseLike<boolean>,
  then: Primitive<In, Then>,
  otherwise?: undefined,
  options?: ConditionalOptions,
): Primitive<In, Then | In>;
export function conditional<In, Then, Otherwise>(
  test: (input: In, context: WorkflowContext) => boolean | PromiseLike<boolean>,
  then: Primitive<In, Then>,
  otherwise?: Primitive<NoInfer<In>, Otherwise>,
  options: ConditionalOptions = {},
): Primitive<In, In | Then | Otherwise> {
  checkOptions('ConditionalOptions', options, RULES);
  requireFunction('conditional', 'test', test);
  const ifTrue = requirePrimitive('conditional', 'then', then);
  const call = 'conditional(test, then, undefined, { name })';
  const ifFalse = otherwise === undefined ? undefined : requirePrimitive('conditional', 'otherwise', otherwise, call);
  return createPrimitive<In, In | Then | Otherwise>({
    type: 'conditional',
    name: options.name,
    run: async (input, context, observation) => {
      const answer = test(input, context);
      const holds = isPromise(answer) ? await untilCancelled(answer, context.scope) : answer;
      context.scope?.throwIfCancelled();
      const branch = holds ? ifTrue : ifFalse;
      record.branched(observation, holds ? 'then' : ifFalse === undefined ? 'none' : 'otherwise');
      return branch === undefined ? input : branch.invoke(input, context);
    },
  });
}
