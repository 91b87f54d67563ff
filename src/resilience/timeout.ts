import { CancelScope, untilCancelled } from '../core/cancellation.ts';
import { PrimitiveTimeoutError } from '../core/errors.ts';
import { knownOptions, requireNumber } from '../core/options.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { recordTimeout } from '../telemetry/record/timeout.ts';

export interface TimeoutOptions {
  /** Replaces `TimeoutPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** How long the primitive may take, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Gives up on the primitive after `timeoutMs`: aborts it and rejects with `PrimitiveTimeoutError`, at once, also if
 * the work ignores its signal.
 *
 * @example
 * const prompt = timeout(task('ask', askModel), { timeoutMs: 30_000 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function timeout<In, Out>(primitive: Primitive<In, Out>, options: TimeoutOptions): Primitive<In, Out> {
  const inner = requirePrimitive('timeout', 'primitive', primitive);
  knownOptions('TimeoutOptions', options, ['timeoutMs', 'name']);
  const { timeoutMs, name } = options;
  requireNumber('TimeoutOptions', 'timeoutMs', timeoutMs, { min: 0 });
  const label = name ?? inner.name;
  return createPrimitive<In, Out>({
    type: 'timeout',
    name,
    run: async (input, context, observation) => {
      recordTimeout(observation, timeoutMs);
      const scope = new CancelScope(context.scope);
      const disarm = context.clock.after(timeoutMs, () => scope.cancel(new PrimitiveTimeoutError(label, timeoutMs)));
      try {
        return await untilCancelled(inner.invoke(input, context.within(scope)), scope);
      } finally {
        disarm();
        scope.dispose();
      }
    },
  });
}
