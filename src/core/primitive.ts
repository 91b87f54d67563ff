import { acrossCopies } from '../platform/process-wide.ts';
import type { Observation } from '../telemetry/observation.ts';
import { observe } from '../telemetry/observe.ts';
import {
  createPrimitiveTelemetry,
  type KindTelemetry,
  type PrimitiveTelemetry,
} from '../telemetry/primitive-telemetry.ts';
import { expectWorkflowCost } from '../telemetry/record/charge.ts';
import { openAccount, withAccount } from './accounts.ts';
import { fail, noMore, type Rule, requireName } from './check.ts';
import { ambientContext, type ExecutionContext, enter } from './context.ts';
import { otherVersion } from './copies.ts';
import { effectsAround } from './effects.ts';
import { AS_CALLBACK, contextFor, type ExecuteOptions } from './execute-options.ts';
import { type Answering, type Names, namesOf } from './names.ts';
import { isPlain, show } from './show.ts';

/** A unit of work from an `In` to an `Out`. Each execution is observed. Any number may run at the same time. */
export interface Primitive<in In, out Out> {
  /** The kind, in lower snake case: the `primitive_type` of the metrics. */
  readonly type: string;
  /** The author's name, else the kind's name, such as `RetryPrimitive`: the `primitive_name` of the metrics. */
  readonly name: string;
  /**
   * Runs the work once. Rejects with the same error object that the work threw, or with `signal.reason` after an abort.
   */
  execute(input: In, options?: ExecuteOptions): Promise<Out>;
  /** Returns a sequence: this primitive, then `next` with its output. Neither of them is changed. */
  pipe<Next>(next: Primitive<NoInfer<Out>, Next>): Primitive<In, Next>;
}

/** What one kind of primitive defines. The rest is the same for all kinds. */
export interface Definition<In, Out> {
  /** The kind, in lower snake case. */
  readonly type: string;
  /** The author's name, if there is one. */
  readonly name?: string | undefined;
  /** The wrapped primitive, for a kind that wraps one: without an author's name it is called after it. */
  readonly around?: (Pick<Names, 'messageName'> & Answering & { readonly streams: boolean }) | undefined;
  /** The name in error messages, for a primitive without an author's name. @default `retry around ask`, or the factory */
  readonly messageName?: string | undefined;
  /** What gives the output. @default the wrapped primitive */
  readonly answering?: Answering | undefined;
  /** Whether the primitive counts as a workflow, also without a name. @default false */
  readonly workflow?: boolean | undefined;
  /** Whether it is only a way to what gives the output, and its own name is no name of that. @default false */
  readonly isWay?: boolean | undefined;
  /** The telemetry that only this kind has, made by `telemetry/record`. */
  readonly telemetry?: KindTelemetry | undefined;
  /** Whether its output is always a stream. @default that of the wrapped primitive, or of the last step */
  readonly streams?: boolean | undefined;
  /** Whether it does work itself, which may have an effect, and does not only run primitives. @default false */
  readonly works?: boolean | undefined;
  readonly run: Run<In, Out>;
  /** The steps of a sequence. `pipe` makes a longer sequence of them, not a sequence in a sequence. */
  readonly steps?: readonly ObservedPrimitive<never, unknown>[] | undefined;
}

/** The work of a kind. It passes `context` to all that it awaits, and `observation` to its recorder. */
export type Run<In, Out> = (input: In, context: ExecutionContext, observation: Observation) => Out | PromiseLike<Out>;

export class ObservedPrimitive<in In, out Out> implements Primitive<In, Out> {
  readonly type: string;
  readonly name: string;
  /** The name in error messages. */
  readonly messageName: string;
  readonly authorNames: readonly string[];
  readonly otherNames: readonly string[];
  /** Whether its output is always a stream. */
  readonly streams: boolean;
  readonly definition: Definition<In, Out>;
  readonly #telemetry: PrimitiveTelemetry;
  readonly #workflow: boolean;
  readonly #body: Run<In, Out>;

  constructor(definition: Definition<In, Out>) {
    const { type, name, workflow = false, run, telemetry, around, answering = around } = definition;
    if (name !== undefined) requireName(type, name);
    this.type = type;
    const names = namesOf(type, name, { around });
    this.name = names.label;
    this.messageName = name ?? definition.messageName ?? names.messageName;
    const ownNames = name === undefined || definition.isWay ? [] : [name];
    this.authorNames = [...(answering?.authorNames ?? []), ...ownNames];
    this.otherNames = answering?.otherNames ?? [this.name];
    this.streams = definition.streams ?? (around ?? definition.steps?.at(-1))?.streams ?? false;
    this.definition = definition;
    this.#workflow = workflow;
    if (workflow) expectWorkflowCost(this.name);
    this.#telemetry = createPrimitiveTelemetry({ type, name: this.name, workflow, ...telemetry });
    this.#body = (input, context, observation) => {
      context.scope?.throwIfCancelled();
      return run(input, context, observation);
    };
  }

  execute(input: In, options?: ExecuteOptions): Promise<Out> {
    if (this === undefined) return lostPrimitive();
    return options === undefined ? this.invoke(input, ambientContext()) : this.#executeWith(input, options);
  }

  async #executeWith(input: In, options: ExecuteOptions): Promise<Out> {
    const context = contextFor(options);
    if (options.signal === undefined) return this.invoke(input, context);
    // The account of the outermost execution is closed where that ends.
    const account = context.isInExecution ? openAccount(context) : undefined;
    try {
      return await this.invoke(input, account === undefined ? context : withAccount(context, account));
    } catch (error) {
      if (context.cancelledAs(error) !== undefined) account?.close('aborted');
      throw error;
    } finally {
      account?.close('kept');
      context.scope?.dispose();
    }
  }

  /** As `execute`, for callers that have the context already. */
  invoke(input: In, context: ExecutionContext): Promise<Out> {
    const runContext = this.#workflow ? context.inWorkflow(this.name) : context;
    // Without the check before, work that never begins would count as work that was interrupted.
    const effects = context.cancelled ? undefined : effectsAround(context);
    const execution = enter(
      runContext,
      observe<In, ExecutionContext, Out>,
      this.#telemetry,
      input,
      runContext,
      this.#body,
    );
    return effects === undefined ? execution : effects.watch(execution, context, this.definition.works === true);
  }

  pipe<Next>(next: Primitive<NoInfer<Out>, Next>, ...more: readonly unknown[]): Primitive<In, Next> {
    noMore('pipe', more, 'pipe takes one primitive: a.pipe(b).pipe(c)');
    const follower = requirePrimitive('pipe', 'next', next);
    const { steps, name } = this.definition;
    return sequence([...(steps !== undefined && name === undefined ? steps : [this]), follower]);
  }
}

acrossCopies({ ObservedPrimitive });

/** `items.map(primitive.execute)` calls the function without its object. */
function lostPrimitive(): Promise<never> {
  return Promise.reject(new TypeError(`execute: was called without its primitive; write ${AS_CALLBACK}`));
}

/** Makes a primitive of a definition. All primitives are made here, so all are observed. */
export function createPrimitive<In, Out>(definition: Definition<In, Out>): ObservedPrimitive<In, Out> {
  return new ObservedPrimitive(definition);
}

/** Runs the steps one after the other, each with the output of the step before. */
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
    answering: chain.at(-1),
    run: async (input, context) => {
      let value: unknown = input;
      for (const step of chain) value = await step.invoke(value, context);
      return value as Out;
    },
  });
}

/**
 * Returns a primitive that this package made. Any other value is a `TypeError` that says how to correct it.
 *
 * @param withOptions how the call is written, for one that has its options in the place of this primitive
 */
export function requirePrimitive<In, Out>(
  where: string,
  what: string,
  value: Primitive<In, Out>,
  withOptions?: string,
): ObservedPrimitive<In, Out> {
  if (value instanceof ObservedPrimitive) return value;
  const hint =
    typeof value === 'function'
      ? "; wrap the function: task('name', fn)"
      : withOptions !== undefined && isPlain(value)
        ? `; options come last: ${withOptions}`
        : otherVersion(value, 'pipe');
  throw new TypeError(`${where}: ${what} must be a primitive, got ${show(value)}${hint}`);
}

/** Returns a list without holes. `call` shows how the list is written, to those who wrote its parts as arguments. */
export function requireList(
  where: string,
  what: string,
  rule: string,
  value: unknown,
  call: string,
): readonly unknown[] {
  if (Array.isArray(value)) return Array.from(value);
  return fail(where, what, rule, value, value instanceof ObservedPrimitive ? `; give a list: ${call}` : '');
}

/** The rule for an option whose value is a primitive. */
export const primitiveRule: Rule<Primitive<never, unknown>> = (where, option, value) => {
  requirePrimitive(where, option, value as Primitive<never, unknown>);
};
