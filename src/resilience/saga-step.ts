/** The steps of a saga, and the types that carry values from stage to stage. */
import { checkOptions, fail, type Rules } from '../core/check.ts';
import {
  createPrimitive,
  type ObservedPrimitive,
  type Primitive,
  primitiveRule,
  requirePrimitive,
} from '../core/primitive.ts';
import { optional, word } from '../core/rules.ts';
import { show } from '../core/show.ts';
import { readProperty } from '../platform/read-property.ts';

/** The input of `compensate`. */
export interface CompensateInput<In, Out> {
  readonly input: In;
  readonly output: Out;
  /** Why the saga is undone: the error of the step that failed, or the reason of the abort. */
  readonly error: unknown;
}

/** The input of `whenUnknown`. */
export interface WhenUnknownInput<In> {
  readonly input: In;
  /** Why the saga is undone: the error of the step that failed, or the reason of the abort. */
  readonly error: unknown;
}

export interface SagaStep<In, Out> {
  /** The name of the step in errors and in the spans of its compensation; unique in its saga. */
  readonly name: string;
  /** The work of the step. It must have an effect only if it succeeds. */
  readonly do: Primitive<In, Out>;
  /** Undoes the effect. Its input is `{ input, output, error }`, of the type `CompensateInput`. @default nothing is undone */
  readonly compensate?: Primitive<CompensateInput<In, Out>, unknown> | undefined;
  /**
   * Undoes an effect that may or may not exist: work in `do` was interrupted, so that its success is not known. An abort, a
   * timeout, a try of `retry`, `hedge` or `fallback` that was given up, or the loser of a race interrupts work, even if a
   * later try failed by itself. So does a request whose answer did not come: a time limit of its client, a cut connection, a
   * status 504; and a job whose worker has died, or that has no answer. If a later try has succeeded, there may be two effects: `compensate` undoes the known one, and then this
   * runs. Its input is `{ input, error }`, of the type `WhenUnknownInput`: look up by it whether there is an effect to
   * undo. It does not run for work that was refused before it began, nor when the saga succeeds: give work that may run
   * twice an idempotency key. @default nothing is done, and the unknown effect is counted
   */
  readonly whenUnknown?: Primitive<WhenUnknownInput<In>, unknown> | undefined;
}

/** A step of any type. `SagaChain` checks its input and output. */
export interface AnySagaStep {
  readonly name: string;
  readonly do: Primitive<never, unknown>;
  readonly compensate?: Primitive<never, unknown> | undefined;
  readonly whenUnknown?: Primitive<never, unknown> | undefined;
}

/** One step, or several that run at the same time. */
export type SagaStage = AnySagaStep | readonly AnySagaStep[];

/** The input of a stage of a saga. */
export type SagaStageInput<S> = S extends { readonly do: Primitive<infer In, unknown> }
  ? In
  : S extends readonly [infer First, ...unknown[]]
    ? SagaStageInput<First>
    : never;

/** The output of a stage of a saga. */
export type SagaStageOutput<S> = S extends { readonly do: Primitive<never, infer Out> }
  ? Out
  : S extends readonly unknown[]
    ? { -readonly [K in keyof S]: SagaStageOutput<S[K]> }
    : never;

/** The stages, each of which must accept the output of the stage before. */
export type SagaChain<S extends readonly unknown[], In = SagaStageInput<S[0]>> = S extends readonly [
  infer First,
  ...infer Rest,
]
  ? readonly [
      First extends readonly unknown[]
        ? { readonly [K in keyof First]: SagaStep<In, SagaStageOutput<First[K]>> }
        : SagaStep<In, SagaStageOutput<First>>,
      ...SagaChain<Rest, SagaStageOutput<First>>,
    ]
  : S extends readonly []
    ? readonly []
    : readonly SagaStep<In, In>[];

/** The output of a saga: that of its last stage. */
export type SagaOutput<S extends readonly unknown[]> = SagaStageOutput<
  S extends readonly [...unknown[], infer Last] ? Last : S[number]
>;

/** A checked step. Its compensations have its name. */
export interface Step {
  readonly name: string;
  readonly work: ObservedPrimitive<unknown, unknown>;
  readonly compensate: ObservedPrimitive<CompensateInput<unknown, unknown>, unknown> | undefined;
  readonly whenUnknown: ObservedPrimitive<WhenUnknownInput<unknown>, unknown> | undefined;
}

export interface Stage {
  readonly steps: readonly Step[];
  /** Whether the steps run at the same time, and the output of the stage is the tuple of their outputs. */
  readonly concurrent: boolean;
}

const RULES: Rules<AnySagaStep> = {
  name: word,
  do: primitiveRule,
  compensate: optional(primitiveRule),
  whenUnknown: optional(primitiveRule),
};

/** Makes checked stages runnable. */
export function stagesOf(stages: readonly SagaStage[]): readonly Stage[] {
  checkStages(stages);
  return stages.map((stage) => ({ steps: groupOf(stage).map(stepOf), concurrent: Array.isArray(stage) }));
}

/** Call it before a compensation is made: a refused saga must have no series in the metrics. */
function checkStages(stages: readonly SagaStage[]): void {
  if (stages.length === 0) throw new TypeError('saga: needs at least one step, got none');
  const names = new Set<string>();
  for (const stage of stages) {
    const group = groupOf(stage);
    if (group.length === 0) throw new TypeError('saga: steps that run at once must be one or more, got none');
    for (const step of group) {
      checkStep(step);
      const { name } = step;
      if (names.has(name)) throw new TypeError(`saga: two steps are called ${show(name)}; give each its own name`);
      names.add(name);
    }
  }
}

function groupOf(stage: SagaStage): readonly AnySagaStep[] {
  return Array.isArray(stage) ? stage : [stage as AnySagaStep];
}

function checkStep(step: AnySagaStep): void {
  const name = readProperty(step, 'name');
  const where = typeof name === 'string' && name.trim() !== '' ? `saga: step ${name}` : 'saga: step';
  checkOptions(where, step, RULES);
  if (step.whenUnknown !== undefined && step.compensate === undefined) {
    fail(where, 'whenUnknown', 'needs a compensate beside it', step.whenUnknown);
  }
}

function stepOf({ name, do: work, compensate, whenUnknown }: AnySagaStep): Step {
  return {
    name,
    work: requirePrimitive(`saga: step ${name}`, 'do', work as Primitive<unknown, unknown>),
    compensate: compensation('compensate', name, compensate),
    whenUnknown: compensation('whenUnknown', name, whenUnknown),
  };
}

/** Gives the compensation a span and a count of its own: the same primitive may also run outside of the saga. */
function compensation<In>(
  what: string,
  name: string,
  given: Primitive<never, unknown> | undefined,
): ObservedPrimitive<In, unknown> | undefined {
  if (given === undefined) return undefined;
  const inner = requirePrimitive(`saga: step ${name}`, what, given as Primitive<In, unknown>);
  return createPrimitive({
    type: 'compensation',
    name,
    run: (input: In, context) => inner.invoke(input, context),
  });
}
