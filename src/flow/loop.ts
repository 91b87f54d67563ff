import { checkOptions, type Rules } from '../core/check.ts';
import { LoopLimitError } from '../core/errors.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { callback, count, optionalName } from '../core/rules.ts';
import { isPromise, untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';
import { loopRecorder } from '../telemetry/record/loop.ts';

export interface LoopOptions<Out = unknown> {
  /** Replaces `LoopPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** `until(output, iteration, context)`: whether the loop ends with this output. `iteration` starts at 1. */
  readonly until: (output: Out, iteration: number, context: WorkflowContext) => boolean | PromiseLike<boolean>;
  /** How often the primitive may run. There is no default: an endless loop around a model costs money. */
  readonly maxIterations: number;
}

const RULES: Rules<LoopOptions<never>> = { name: optionalName, until: callback(), maxIterations: count };

/**
 * Runs the primitive again and again, each time with its last output as the input, until `until` is true for an output.
 * That is the output of the loop. An error of the primitive or of `until` ends the loop with that error.
 *
 * @example
 * const polish = loop(improve, { until: (draft: Draft) => draft.score > 0.9, maxIterations: 5 });
 * @throws TypeError, RangeError at construction when an option is wrong; `LoopLimitError` at execution when `until`
 * is false for the output of the last iteration
 */
export function loop<In, Out extends In>(
  primitive: Primitive<In, Out>,
  options: LoopOptions<NoInfer<Out>>,
): Primitive<In, Out> {
  checkOptions('LoopOptions', options, RULES);
  const inner = requirePrimitive('loop', 'primitive', primitive);
  const { until, maxIterations, name } = options;
  const { label, messageName } = namesOf('loop', name, { around: inner });
  const record = loopRecorder(label);

  return createPrimitive<In, Out>({
    type: 'loop',
    name,
    around: inner,
    run: async (input, context, observation) => {
      let value: In = input;
      let iteration = 0;
      try {
        for (;;) {
          const output = await inner.invoke(value, context);
          iteration += 1;
          record.iterated(observation, iteration);
          const answer = until(output, iteration, context);
          if (isPromise(answer) ? await untilCancelled(answer, context.scope) : answer) return output;
          if (iteration === maxIterations) throw new LoopLimitError(messageName, maxIterations, output);
          value = output;
        }
      } finally {
        record.finished(observation, iteration);
      }
    },
  });
}
