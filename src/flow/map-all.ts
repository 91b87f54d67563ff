import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import { mapRecorder, type Observation } from '../telemetry/record/map.ts';
import { close, type MapPlan } from './items.ts';

const record = mapRecorder();

/** Gives all results as an array. `concurrency` workers share one iterator. */
export async function mapAll<Item>(
  { primitive, concurrency, unordered, settle }: MapPlan<Item>,
  items: Iterable<Item>,
  context: ExecutionContext,
  observation: Observation,
): Promise<unknown[]> {
  const iterator = items[Symbol.iterator]();
  const scope = new CancelScope(context.scope);
  const inner = context.within(scope);
  const outputs: unknown[] = [];
  let taken = 0;
  let failed = 0;
  let exhausted = false;

  const takeNext = (): { readonly item: Item; readonly index: number } | undefined => {
    if (exhausted || scope.cancelled) return undefined;
    // An iterator that throws has ended: it must not be closed.
    exhausted = true;
    const step = iterator.next();
    if (step.done === true) return undefined;
    exhausted = false;
    return { item: step.value, index: taken++ };
  };
  const settled = async (item: Item): Promise<unknown> => {
    try {
      return { status: 'fulfilled', value: await primitive.invoke(item, inner) };
    } catch (reason) {
      failed += 1;
      return { status: 'rejected', reason };
    }
  };
  const worker = async () => {
    try {
      for (let next = takeNext(); next !== undefined; next = takeNext()) {
        const output = await (settle ? settled(next.item) : primitive.invoke(next.item, inner));
        outputs[unordered ? outputs.length : next.index] = output;
      }
    } catch (error) {
      scope.cancel(error);
    }
  };

  const workers: Promise<void>[] = [];
  while (workers.length < concurrency && !exhausted && !scope.cancelled) workers.push(worker());
  await Promise.all(workers);
  if (!exhausted) void close(iterator);
  scope.dispose();
  record.finished(observation, taken, failed);
  // The first of the ends: a failure, or a cancellation from outside.
  scope.throwIfCancelled();
  return outputs;
}
