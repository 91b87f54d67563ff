import { CancelScope } from '../core/cancellation.ts';
import type { ExecutionContext } from '../core/context.ts';
import type { Branches, OutOf, SharedIn, Taking } from '../core/inference.ts';
import { fail, knownOptions, requireNumber } from '../core/options.ts';
import { createPrimitive, type ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';

type Mode = 'fail' | 'settle';
type Results<T, M> = {
  -readonly [K in keyof T]: M extends 'settle' ? PromiseSettledResult<OutOf<T[K]>> : OutOf<T[K]>;
};

export interface ParallelOptions {
  /** Replaces `ParallelPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /** How many branches may run at once. @default all of them */
  readonly concurrency?: number | undefined;
  /**
   * `fail`: the first failure aborts the other branches and is the error. `settle`: every branch runs to its end and
   * the output tells of each whether it was fulfilled or rejected, as `Promise.allSettled` does. @default 'fail'
   */
  readonly mode?: Mode | undefined;
}

/**
 * Gives the same input to all branches at once: a list of them makes a tuple of outputs, named ones an object.
 * It counts as a workflow; `workflow(name, parallel(...))` names it.
 *
 * @example
 * const both = parallel({ length: task('length', (s: string) => s.length), upper: task('upper', (s: string) => s.toUpperCase()) });
 * await both.execute('abc'); // { length: 3, upper: 'ABC' }
 * @throws TypeError, RangeError when there is no branch, a branch is not a primitive, or an option is wrong
 */
export function parallel<const T extends Branches, In = SharedIn<T>, M extends Mode = 'fail'>(
  branches: Taking<In, T>,
  options?: ParallelOptions & { readonly mode?: M | undefined },
): Primitive<In, Results<T, M>>;
export function parallel(branches: Branches, options: ParallelOptions = {}): Primitive<unknown, unknown> {
  knownOptions('ParallelOptions', options, ['name', 'concurrency', 'mode']);
  const { name, mode = 'fail' } = options;
  if (mode !== 'fail' && mode !== 'settle') fail('ParallelOptions', 'mode', "must be 'fail' or 'settle'", mode);
  const keys = branchKeys(branches);
  const list = keys.map((key) => requireBranch(key, (branches as Record<string, unknown>)[key]));
  const concurrency = options.concurrency ?? list.length;
  requireNumber('ParallelOptions', 'concurrency', concurrency, { min: 1, integer: true });
  const shape = Array.isArray(branches)
    ? (outputs: unknown[]) => outputs
    : (outputs: unknown[]) => Object.fromEntries(keys.map((key, i) => [key, outputs[i]]));
  const all = mode === 'settle' ? settleAll : failFast;
  return createPrimitive<unknown, unknown>({
    type: 'parallel',
    name,
    workflow: true,
    run: async (input, context) => shape(await all(list, input, context, concurrency)),
  });
}

function branchKeys(branches: unknown): string[] {
  if (typeof branches !== 'object' || branches === null) {
    fail('parallel', 'branches', 'must be a list [a, b] or an object { x: a, y: b } of primitives', branches);
  }
  const keys = Object.keys(branches);
  if (keys.length === 0) throw new TypeError('parallel: needs at least one branch, got none');
  return keys;
}

function requireBranch(key: string, branch: unknown): ObservedPrimitive<unknown, unknown> {
  return requirePrimitive('parallel', `branch ${key}`, branch as Primitive<unknown, unknown>);
}

type Branch = ObservedPrimitive<unknown, unknown>;

/** Every output, or the first failure once it has aborted the rest. */
async function failFast(
  branches: readonly Branch[],
  input: unknown,
  context: ExecutionContext,
  concurrency: number,
): Promise<unknown[]> {
  const scope = new CancelScope(context.scope);
  const inner = context.within(scope);
  const outputs = new Array<unknown>(branches.length);
  let failure: { readonly error: unknown } | undefined;
  try {
    await runAll(branches.length, concurrency, async (i) => {
      if (failure !== undefined) return;
      try {
        outputs[i] = await (branches[i] as Branch).invoke(input, inner);
      } catch (error) {
        failure ??= { error };
        scope.cancel(error);
      }
    });
  } finally {
    scope.dispose();
  }
  if (failure !== undefined) throw (failure as { readonly error: unknown }).error;
  return outputs;
}

async function settleAll(
  branches: readonly Branch[],
  input: unknown,
  context: ExecutionContext,
  concurrency: number,
): Promise<PromiseSettledResult<unknown>[]> {
  const results = new Array<PromiseSettledResult<unknown>>(branches.length);
  await runAll(branches.length, concurrency, async (i) => {
    try {
      results[i] = { status: 'fulfilled', value: await (branches[i] as Branch).invoke(input, context) };
    } catch (reason) {
      results[i] = { status: 'rejected', reason };
    }
  });
  context.scope?.throwIfCancelled();
  return results;
}

/** Runs jobs 0 to count-1, at most `concurrency` at once. `job` must not reject. */
async function runAll(count: number, concurrency: number, job: (index: number) => Promise<void>): Promise<void> {
  if (concurrency >= count) {
    await Promise.all(Array.from({ length: count }, (_, i) => job(i)));
    return;
  }
  let next = 0;
  const worker = async () => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}
