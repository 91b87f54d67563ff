import { checkOptions, type Rules } from '../core/check.ts';
import type { Step } from '../core/inference.ts';
import { namesOf } from '../core/names.ts';
import {
  createPrimitive,
  ObservedPrimitive,
  type Primitive,
  primitiveRule,
  requirePrimitive,
} from '../core/primitive.ts';
import { callback, optional, optionalName } from '../core/rules.ts';
import { fallbackActivations } from '../telemetry/record/fallback.ts';

export interface FallbackOptions {
  /** Replaces `FallbackPrimitive` in the metrics. */
  readonly name?: string | undefined;
}

/** A substitute for some errors only. */
export interface ConditionalSubstitute<In, Out> {
  /** The primitive that is asked instead. */
  readonly use: Step<In, Out>;
  /** Whether it is asked, given the error of the primitive or substitute that failed last. @default always */
  readonly when?: ((error: unknown) => boolean) | undefined;
}

const RULES: Rules<FallbackOptions> = { name: optionalName };

const SUBSTITUTE_RULES: Rules<ConditionalSubstitute<never, unknown>> = {
  use: primitiveRule,
  when: optional(callback()),
};

type Substitute<In, Out> = Step<In, Out> | ConditionalSubstitute<In, Out>;

/** Options and neither a primitive, which has a `name` too, nor a substitute. */
type LastWord = FallbackOptions & { readonly execute?: never; readonly use?: never };

/**
 * Runs the primitive and, where it fails, the substitutes in their order until one answers. Rejects with the
 * error of the last one, whose `cause` is left as it was; the spans show every error. An aborted execution is not
 * handed on to a substitute. A substitute may say with `when` which errors it is for; others pass it by. Options may
 * follow the substitutes. Where there are more than five of them, or a list of them, all give the same type.
 *
 * @example
 * const answer = fallback(
 *   largeModel,
 *   { use: smallModel, when: (error) => error instanceof PrimitiveTimeoutError },
 *   task('apology', () => 'Please try again later'),
 * );
 * @throws TypeError at construction when there is no substitute or one is not a primitive
 */
export function fallback<In, Out>(
  primitive: Primitive<In, Out>,
  ...substitutes: readonly Substitute<In, Out>[]
): Primitive<In, Out>;
export function fallback<In, A, B, C = never, D = never, E = never, F = never>(
  primitive: Primitive<In, A>,
  first: Substitute<In, B>,
  second?: Substitute<In, C> | LastWord,
  third?: Substitute<In, D> | LastWord,
  fourth?: Substitute<In, E> | LastWord,
  fifth?: Substitute<In, F> | LastWord,
  options?: LastWord,
): Primitive<In, NoInfer<A | B | C | D | E | F>>;
export function fallback<In, Out>(primitive: Primitive<In, Out>, ...rest: readonly unknown[]): Primitive<In, Out> {
  const { substitutes, options } = parse(rest);
  checkOptions('FallbackOptions', options, RULES);
  if (substitutes.length === 0) throw new TypeError('fallback: needs at least one substitute, got none');
  const primary = requirePrimitive('fallback', 'primitive', primitive);
  const { label, messageName } = namesOf('fallback', options.name, { around: primary });
  const links: readonly Link<In, Out>[] = [
    { use: primary, when: always },
    ...substitutes.map((one, i) => linkOf<In, Out>(one, `substitute ${i + 1}`)),
  ];
  const activations = fallbackActivations(label);
  const chain = links.map((link) => ({ ...link, answers: activations.answersOf(link.use.name) }));

  return createPrimitive<In, Out>({
    type: 'fallback',
    name: options.name,
    messageName,
    run: async (input, context, observation) => {
      let failure: unknown;
      let tried = 0;
      for (const { use, when, answers } of chain) {
        if (tried > 0 && !when(failure)) continue;
        if (tried === 1) activations.activated();
        tried += 1;
        try {
          const output = await use.invoke(input, context);
          answers(observation);
          return output;
        } catch (error) {
          failure = error;
          activations.failed(observation, use.name, error);
          if (context.scope?.cancelled === true) break;
        }
      }
      throw failure;
    },
  });
}

interface Link<In, Out> {
  readonly use: ObservedPrimitive<In, Out>;
  readonly when: (error: unknown) => boolean;
}

const always = () => true;

function linkOf<In, Out>(one: unknown, what: string): Link<In, Out> {
  if (!isConditional(one)) return { use: requirePrimitive('fallback', what, one as Primitive<In, Out>), when: always };
  checkOptions(`fallback: ${what}`, one, SUBSTITUTE_RULES);
  const { use, when = always } = one as ConditionalSubstitute<In, Out>;
  return { use: requirePrimitive('fallback', `${what}: use`, use), when };
}

function isConditional(one: unknown): one is object {
  return typeof one === 'object' && one !== null && 'use' in one;
}

function parse(rest: readonly unknown[]): { substitutes: readonly unknown[]; options: FallbackOptions } {
  const last = rest.at(-1);
  const isOptions =
    typeof last === 'object' && last !== null && !(last instanceof ObservedPrimitive) && !isConditional(last);
  return isOptions
    ? { substitutes: rest.slice(0, -1), options: last as FallbackOptions }
    : { substitutes: rest, options: {} };
}
