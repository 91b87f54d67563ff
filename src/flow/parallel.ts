import { CancelScope } from '../core/cancellation.ts';
import { checkOptions, type Rules } from '../core/check.ts';
import { type ExecutionContext, enter } from '../core/context.ts';
import type { Accepting, Branches, CommonInput, OutputOf } from '../core/inference.ts';
import {
  createPrimitive,
  type ObservedPrimitive,
  type Primitive,
  requireList,
  requirePrimitive,
} from '../core/primitive.ts';
import { count, oneOf, optional, optionalName } from '../core/rules.ts';
import { isPlain } from '../core/show.ts';

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
  const keys = branchKeys(branches);
  checkOptions('ParallelOptions', options, RULES);
  const { name, mode = 'fail' } = options;
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

function branchKeys(branches: unknown): readonly string[] {
  const rule = 'must be a list [a, b] or an object { x: a, y: b } of primitives';
  const keys = isPlain(branches)
    ? Object.keys(branches)
    : requireList('parallel', 'branches', rule, branches, 'parallel([a, b])').map((_, i) => String(i));
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
  // One `enter` for all branches costs less than one for each.
  const runs = enter(inner, startAll, branches, input, inner, concurrency, scope);
  try {
    return await Promise.all(runs);
  } catch (error) {
    scope.cancel(error);
    await Promise.allSettled(runs);
    throw error;
  } finally {
    scope.dispose();
  }
}

async function settleAll(
  branches: readonly Branch[],
  input: unknown,
  context: ExecutionContext,
  concurrency: number,
): Promise<PromiseSettledResult<unknown>[]> {
  const results = await Promise.allSettled(startAll(branches, input, context, concurrency));
  context.scope?.throwIfCancelled();
  return results;
}

/** Starts the branches, at most `concurrency` at once. `failing` is cancelled by a failure; then no more start. */
function startAll(
  branches: readonly Branch[],
  input: unknown,
  context: ExecutionContext,
  concurrency: number,
  failing?: CancelScope,
): Promise<unknown>[] {
  if (concurrency >= branches.length) return branches.map((branch) => branch.invoke(input, context));
  const line: (() => void)[] = [];
  let free = concurrency;
  return branches.map(async (branch) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => line.push(go));
    try {
      failing?.throwIfCancelled();
      return await branch.invoke(input, context);
    } catch (error) {
      failing?.cancel(error);
      throw error;
    } finally {
      const next = line.shift();
      if (next === undefined) free += 1;
      else next();
    }
  });
}
