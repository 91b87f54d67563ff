import { checkOptions, type Rules } from '../core/check.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { BulkheadFullError } from '../core/refusals.ts';
import { count, number, optional, optionalName } from '../core/rules.ts';
import { afterOutput } from '../core/stream.ts';
import { bulkheadRecorder } from '../telemetry/record/bulkhead.ts';
import { type Slot, Slots } from './slots.ts';

export interface BulkheadOptions {
  /** Replaces `BulkheadPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * How many executions may run at once. An execution that was aborted, or whose time is over, counts no more, even if a
   * function in it ignores its signal and goes on.
   */
  readonly concurrency: number;
  /** How many more executions may wait for their turn; any further execution is refused. @default 0 */
  readonly maxQueue?: number | undefined;
}

const RULES: Rules<BulkheadOptions> = {
  name: optionalName,
  concurrency: count,
  maxQueue: optional(number({ min: 0, integer: true })),
};

/**
 * Runs at most `concurrency` executions at once. Up to `maxQueue` more wait, first come, first served; the rest reject
 * with `BulkheadFullError`. An execution that is aborted while it waits leaves the line at once. A stream keeps its slot
 * until it ends. An execution inside another one of the same bulkhead takes a free slot; if there is none, it runs in the
 * slot of the one around it, one at a time, because that one waits for it.
 *
 * @example
 * const gentle = bulkhead(task('query', queryDatabase), { concurrency: 10, maxQueue: 100 });
 * @throws TypeError, RangeError at construction when an option is wrong
 */
export function bulkhead<In, Out>(primitive: Primitive<In, Out>, options: BulkheadOptions): Primitive<In, Out> {
  checkOptions('BulkheadOptions', options, RULES);
  const inner = requirePrimitive('bulkhead', 'primitive', primitive);
  const { name, concurrency, maxQueue = 0 } = options;
  const { label, messageName } = namesOf('bulkhead', name, { around: inner });
  const record = bulkheadRecorder(label);
  const slots = new Slots(concurrency);
  const leave = (slot: Slot) => {
    if (slots.leave(slot)) record.left();
  };

  return createPrimitive<In, Out>({
    type: 'bulkhead',
    name,
    around: inner,
    run: async (input, context, observation) => {
      let slot = slots.tryEnter(context);
      if (slot === undefined) {
        if (!slots.mayWait(maxQueue)) throw new BulkheadFullError(messageName, concurrency, maxQueue);
        const since = record.queued(observation, context.clock);
        try {
          slot = await slots.wait(context);
        } finally {
          record.waited(observation, context.clock, since);
        }
      }
      const held = slot;
      if (held.lender === undefined) record.entered();
      // A caller whose time is over may come back before the failure has gone through all that is inside.
      const unlisten = context.onGiveUp(() => slots.giveUp(held));
      const end = () => {
        unlisten();
        leave(held);
      };
      let output: Out;
      try {
        output = await inner.invoke(input, context.insideOf(slots, held));
      } catch (error) {
        end();
        throw error;
      }
      afterOutput(output, end);
      return output;
    },
  });
}
