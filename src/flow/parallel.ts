import { CancelScope } from '../core/cancellation.ts';
import { checkOptions, fail, type Rules } from '../core/check.ts';
import { type ExecutionContext, enter } from '../core/context.ts';
import type { Accepting, Branches, CommonInput, OutputOf } from '../core/inference.ts';
import { createPrimitive, type ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { count, oneOf, optional, optionalName } from '../core/rules.ts';

export interface ParallelOptions {
  /** Replaces `ParallelPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * How many branches may run at once. A branch whose time is over counts no more, even if a function in it ignores its
   * signal and goes on. @default all of them
   */
  readonly concurrency?: number | undefined;
  /**
   * `fail`: the first failure aborts the other branches and is the error. `settle`: every branch runs to its end, and
   * each result says whether its branch was fulfilled or rejected, as with `Promise.allSettled`. @default 'fail'
   */
  readonly mode?: 'fail' | 'settle' | undefined;
}

const RULES: Rules<ParallelOptions> = {
  name: optionalName,
  concurrency: optional(count),
  mode: optional(oneOf('fail', 'settle')),
};

/**
 * Gives the same input to all branches at once. A list of branches gives a tuple of their outputs, an object of branches
 * gives an object. A `parallel` counts as a workflow; `workflow(name, parallel(...))` names it.
 *
 * @example
 * const both = parallel({ length: task('length', (s: string) => s.length), upper: task('upper', (s: string) => s.toUpperCase()) });
 * await both.execute('abc'); // { length: 3, upper: 'ABC' }
 * @throws TypeError, RangeError when there is no branch, a branch is not a primitive, or an option is wrong
 */
export function parallel<const T extends Branches, In = CommonInput<T>, M extends 'fail' | 'settle' = 'fail'>(
  branches: Accepting<In, T>,
  options?: ParallelOptions & { readonly mode?: M | undefined },
): Primitive<
  In,
  { -readonly [K in keyof T]: M extends 'settle' ? PromiseSettledResult<OutputOf<T[K]>> : OutputOf<T[K]> }
>;
export function parallel(branches: Branches, options: ParallelOptions = {}): Primitive<unknown, unknown> {
  checkOptions('ParallelOptions', options, RULES);
  const { name, mode = 'fail' } = options;
  const keys = branchKeys(branches);
  const list = keys.map((key) => requireBranch(key, (branches as Record<string, unknown>)[key]));
  const concurrency = options.concurrency ?? list.length;
  const shape = Array.isArray(branches)
    ? (outputs: unknown[]) => outputs
    : (outputs: unknown[]) => Object.fromEntries(keys.map((key, i) => [key, outputs[i]]));
  const runBranches = mode === 'settle' ? settleAll : failFast;
  return createPrimitive<unknown, unknown>({
    type: 'parallel',
    name,
    workflow: true,
    run: async (input, context) => shape(await runBranches(list, input, context, concurrency)),
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

/** Gives every output. The first failure aborts the other branches, and is the error when they have ended. */
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
  // One `enter` for all branches costs less than one for each.
  await enter(inner, runAll, branches, input, inner, concurrency, {
    fulfilled(i, output) {
      outputs[i] = output;
      return true;
    },
    rejected(_, error) {
      failure ??= { error };
      scope.cancel(error);
      return false;
    },
  });
  scope.dispose();
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
  await runAll(branches, input, context, concurrency, {
    fulfilled(i, value) {
      results[i] = { status: 'fulfilled', value };
      return true;
    },
    rejected(i, reason) {
      results[i] = { status: 'rejected', reason };
      return true;
    },
  });
  context.scope?.throwIfCancelled();
  return results;
}

/** Called with the result of each branch. Both methods return whether further branches may start. */
interface Results {
  fulfilled(index: number, output: unknown): boolean;
  rejected(index: number, error: unknown): boolean;
}

/** Resolves when every branch that was started has ended; at most `concurrency` run at once. */
function runAll(
  branches: readonly Branch[],
  input: unknown,
  context: ExecutionContext,
  concurrency: number,
  results: Results,
): Promise<void> {
  return new Promise((resolve) => {
    let next = 0;
    let running = 0;
    let open = true;
    const ended = (mayStart: boolean) => {
      running -= 1;
      open &&= mayStart;
      if (open && next < branches.length) start();
      else if (running === 0) resolve();
    };
    const start = () => {
      const index = next;
      next += 1;
      running += 1;
      (branches[index] as Branch).invoke(input, context).then(
        (output) => ended(results.fulfilled(index, output)),
        (error: unknown) => ended(results.rejected(index, error)),
      );
    };
    while (next < Math.min(concurrency, branches.length)) start();
  });
}
