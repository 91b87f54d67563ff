import type { Observation } from '../telemetry/observation.ts';
import { observe } from '../telemetry/observe.ts';
import {
  createPrimitiveTelemetry,
  type KindTelemetry,
  type PrimitiveTelemetry,
} from '../telemetry/primitive-telemetry.ts';
import { type Rule, requireName } from './check.ts';
import { ambientContext, type ExecutionContext, enter } from './context.ts';
import { otherCopy } from './copies.ts';
import { contextFor, type ExecuteOptions } from './execute-options.ts';
import { namesOf } from './names.ts';
import { show } from './show.ts';

/** A unit of work: takes an `In`, gives an `Out`, is observed, and may run any number of times at once. */
export interface Primitive<in In, out Out> {
  /** The kind, in lower snake case: the `primitive_type` of the metrics. */
  readonly type: string;
  /** The author's name, else that of the kind, such as `RetryPrimitive`: the `primitive_name` of the metrics. */
  readonly name: string;
  /**
   * Runs it once. Rejects with the same error object that the work threw, or with `signal.reason` when it was aborted.
   */
  execute(input: In, options?: ExecuteOptions): Promise<Out>;
  /** A sequence of this primitive and `next`, which gets its output. Neither is changed. */
  pipe<Next>(next: Primitive<NoInfer<Out>, Next>): Primitive<In, Next>;
}

/** What one kind of primitive defines. The rest is the same for all kinds. */
export interface Definition<In, Out> {
  /** The kind, in lower snake case. */
  readonly type: string;
  /** The author's name, if there is one. */
  readonly name?: string | undefined;
  /** What messages call it where it has no name. @default its factory */
  readonly messageName?: string | undefined;
  /** Whether it counts as a workflow also without a name. @default false */
  readonly workflow?: boolean | undefined;
  /** What its telemetry has beside the span, counts and durations of every kind. Made by `telemetry/record`. */
  readonly telemetry?: KindTelemetry | undefined;
  readonly run: Run<In, Out>;
  /** The steps of a sequence. `pipe` makes a longer sequence of them, not a sequence in a sequence. */
  readonly steps?: readonly ObservedPrimitive<never, unknown>[] | undefined;
}

/** The work of a kind. It hands `context` to what it awaits, and `observation` to the recorders of `telemetry/record`. */
export type Run<In, Out> = (input: In, context: ExecutionContext, observation: Observation) => Out | PromiseLike<Out>;

export class ObservedPrimitive<in In, out Out> implements Primitive<In, Out> {
  readonly type: string;
  readonly name: string;
  /** What the messages of errors call it. */
  readonly messageName: string;
  readonly definition: Definition<In, Out>;
  readonly #telemetry: PrimitiveTelemetry;
  readonly #workflow: boolean;
  readonly #body: Run<In, Out>;

  constructor(definition: Definition<In, Out>) {
    const { type, name, workflow = false, run, telemetry } = definition;
    if (name !== undefined) requireName(type, name);
    this.type = type;
    const names = namesOf(type, name);
    this.name = names.label;
    this.messageName = name ?? definition.messageName ?? names.messageName;
    this.definition = definition;
    this.#workflow = workflow;
    this.#telemetry = createPrimitiveTelemetry({ type, name: this.name, workflow, ...telemetry });
    this.#body = (input, context, observation) => {
      context.scope?.throwIfCancelled();
      return run(input, context, observation);
    };
  }

  execute(input: In, options?: ExecuteOptions): Promise<Out> {
    return options === undefined ? this.invoke(input, ambientContext()) : this.#steered(input, options);
  }

  async #steered(input: In, options: ExecuteOptions): Promise<Out> {
    const context = contextFor(options);
    try {
      return await this.invoke(input, context);
    } finally {
      if (options.signal !== undefined) context.scope?.dispose();
    }
  }

  /** As `execute`, for callers that have the context already. */
  invoke(input: In, context: ExecutionContext): Promise<Out> {
    const runContext = this.#workflow ? context.inWorkflow(this.name) : context;
    return enter(runContext, observe<In, ExecutionContext, Out>, this.#telemetry, input, runContext, this.#body);
  }

  pipe<Next>(next: Primitive<NoInfer<Out>, Next>): Primitive<In, Next> {
    const follower = requirePrimitive('pipe', 'next', next);
    const { steps, name } = this.definition;
    return sequence([...(steps !== undefined && name === undefined ? steps : [this]), follower]);
  }
}

/** Makes a primitive of a definition. All primitives are made here: that is why all are observed. */
export function createPrimitive<In, Out>(definition: Definition<In, Out>): ObservedPrimitive<In, Out> {
  return new ObservedPrimitive(definition);
}

/** Runs the steps one after the other, each with the output of the one before. */
export function sequence<In, Out>(
  steps: readonly ObservedPrimitive<never, unknown>[],
  name?: string,
): ObservedPrimitive<In, Out> {
  const chain = steps as readonly ObservedPrimitive<unknown, unknown>[];
  return createPrimitive<In, Out>({
    type: 'sequential',
    name,
    workflow: true,
    steps,
    run: async (input, context) => {
      let value: unknown = input;
      for (const step of chain) value = await step.invoke(value, context);
      return value as Out;
    },
  });
}

/** The primitive as this package made it. Any other value is refused, with the way to mend it. */
export function requirePrimitive<In, Out>(
  where: string,
  what: string,
  value: Primitive<In, Out>,
): ObservedPrimitive<In, Out> {
  if (value instanceof ObservedPrimitive) return value;
  const mend = typeof value === 'function' ? "; wrap the function: task('name', fn)" : otherCopy(value, 'pipe');
  throw new TypeError(`${where}: ${what} must be a primitive, got ${show(value)}${mend}`);
}

/** For options that hold a primitive. */
export const primitiveRule: Rule<Primitive<never, unknown>> = (where, option, value) => {
  requirePrimitive(where, option, value as Primitive<never, unknown>);
};
