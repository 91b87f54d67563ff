/** What a saga is made of, and how the compiler carries values from stage to stage. */
import { fail, knownOptions, requireName, show } from '../core/check.ts';
import { createPrimitive, type ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';

/** What `compensate` is told of the step that it undoes. */
export interface CompensateInput<In, Out> {
  readonly input: In;
  readonly output: Out;
  /** Why the saga is undone: the error of the step that failed, or the reason of the abort. */
  readonly error: unknown;
}

/** What `whenUnknown` is told of the step that was interrupted. */
export interface WhenUnknownInput<In> {
  readonly input: In;
  /** Why the saga is undone: the error of the step that failed, or the reason of the abort. */
  readonly error: unknown;
}

export interface SagaStep<In, Out> {
  /** What errors and the spans of its compensation call it; no two steps of a saga share one. */
  readonly name: string;
  /** Has an effect if it succeeds, and none if it fails. */
  readonly do: Primitive<In, Out>;
  /** Undoes the effect. @default nothing is undone */
  readonly compensate?: Primitive<CompensateInput<In, Out>, unknown> | undefined;
  /**
   * Undoes an effect that may not be there: runs when `do` was aborted, or timed out, while it was under way and has not
   * told what became of it. Look up by the input whether there is something to undo. @default nothing is done, and the
   * unknown effect is counted
   */
  readonly whenUnknown?: Primitive<WhenUnknownInput<In>, unknown> | undefined;
}

interface AnyStep {
  readonly name: string;
  readonly do: Primitive<never, unknown>;
  readonly compensate?: Primitive<never, unknown> | undefined;
  readonly whenUnknown?: Primitive<never, unknown> | undefined;
}

/** One step, or several that run at once. */
export type SagaStage = AnyStep | readonly AnyStep[];

export type StageIn<S> = S extends { readonly do: Primitive<infer In, unknown> }
  ? In
  : S extends readonly [infer First, ...unknown[]]
    ? StageIn<First>
    : never;

export type StageOut<S> = S extends { readonly do: Primitive<never, infer Out> }
  ? Out
  : S extends readonly unknown[]
    ? { -readonly [K in keyof S]: StageOut<S[K]> }
    : never;

type Accepting<S, In> = S extends readonly unknown[]
  ? { readonly [K in keyof S]: SagaStep<In, StageOut<S[K]>> }
  : SagaStep<In, StageOut<S>>;

/** The stages as they must be for each to take what the one before it gives. */
export type SagaChain<S extends readonly unknown[], In> = S extends readonly [infer First, ...infer Rest]
  ? readonly [Accepting<First, In>, ...SagaChain<Rest, StageOut<First>>]
  : S extends readonly []
    ? readonly []
    : readonly SagaStep<In, In>[];

export type LastOf<S extends readonly unknown[]> = S extends readonly [...unknown[], infer Last] ? Last : S[number];

/** A step as it runs: checked, its compensations named after it. */
export interface Step {
  readonly name: string;
  readonly work: ObservedPrimitive<unknown, unknown>;
  readonly compensate: ObservedPrimitive<CompensateInput<unknown, unknown>, unknown> | undefined;
  readonly whenUnknown: ObservedPrimitive<WhenUnknownInput<unknown>, unknown> | undefined;
}

export interface Stage {
  readonly steps: readonly Step[];
  /** Whether its output is the tuple of its steps' outputs. */
  readonly together: boolean;
}

/** Checks the stages and makes them runnable. */
export function stagesOf(stages: readonly SagaStage[]): readonly Stage[] {
  if (!Array.isArray(stages)) fail('saga', 'steps', 'must be a list [{ name, do, compensate }, …]', stages);
  if (stages.length === 0) throw new TypeError('saga: needs at least one step, got none');
  const names = new Set<string>();
  const checked = (step: AnyStep): Step => {
    const it = stepOf(step);
    if (names.has(it.name)) throw new TypeError(`saga: two steps are called ${show(it.name)}; give each its own name`);
    names.add(it.name);
    return it;
  };
  return stages.map((stage: SagaStage) => {
    const together = Array.isArray(stage);
    const group: readonly AnyStep[] = together ? stage : [stage];
    if (group.length === 0) throw new TypeError('saga: steps that run at once must be one or more, got none');
    return { steps: group.map(checked), together };
  });
}

function stepOf(step: AnyStep): Step {
  knownOptions('saga: step', step, ['name', 'do', 'compensate', 'whenUnknown']);
  const { name, compensate, whenUnknown } = step;
  requireName('saga: step', name);
  const where = `saga: step ${name}`;
  if (whenUnknown !== undefined && compensate === undefined) {
    fail(where, 'whenUnknown', 'needs a compensate beside it', whenUnknown);
  }
  return {
    name,
    work: requirePrimitive<unknown, unknown>(where, 'do', step.do as Primitive<unknown, unknown>),
    compensate: compensation(where, 'compensate', name, compensate),
    whenUnknown: compensation(where, 'whenUnknown', name, whenUnknown),
  };
}

/** The compensation under a span and a count that tell it from the same work done for its own sake. */
function compensation<In>(
  where: string,
  what: string,
  name: string,
  given: Primitive<never, unknown> | undefined,
): ObservedPrimitive<In, unknown> | undefined {
  if (given === undefined) return undefined;
  const inner = requirePrimitive(where, what, given as Primitive<In, unknown>);
  return createPrimitive({
    type: 'compensation',
    name,
    run: (input: In, context) => inner.invoke(input, context),
  });
}
