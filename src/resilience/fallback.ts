import type { Step } from '../core/inference.ts';
import { knownOptions } from '../core/options.ts';
import { createPrimitive, ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { fallbackActivations } from '../telemetry/record/fallback.ts';

export interface FallbackOptions {
  /** Replaces `FallbackPrimitive` in the metrics. */
  readonly name?: string | undefined;
}

/** Options and no primitive, which has a `name` too. */
type LastWord = FallbackOptions & { readonly execute?: never };

/**
 * Runs the primitive and, where it fails, the substitutes in their order until one answers. Rejects with the
 * error of the last one, whose `cause` is left as it was; the spans show every error. An aborted execution is not
 * handed on to a substitute. Options may follow the substitutes. Where there are more than five of them, or a list of them,
 * all give the same type.
 *
 * @example
 * const answer = fallback(largeModel, smallModel, task('apology', () => 'Please try again later'));
 * @throws TypeError at construction when there is no substitute or one is not a primitive
 */
export function fallback<In, Out>(
  primitive: Primitive<In, Out>,
  ...substitutes: readonly Step<In, Out>[]
): Primitive<In, Out>;
export function fallback<In, A, B, C = never, D = never, E = never, F = never>(
  primitive: Primitive<In, A>,
  first: Step<In, B>,
  second?: Step<In, C> | LastWord,
  third?: Step<In, D> | LastWord,
  fourth?: Step<In, E> | LastWord,
  fifth?: Step<In, F> | LastWord,
  options?: LastWord,
): Primitive<In, NoInfer<A | B | C | D | E | F>>;
export function fallback<In, Out>(primitive: Primitive<In, Out>, ...rest: readonly unknown[]): Primitive<In, Out> {
  const { substitutes, options } = parse(rest);
  knownOptions('FallbackOptions', options, ['name']);
  if (substitutes.length === 0) throw new TypeError('fallback: needs at least one substitute, got none');
  const chain = [primitive, ...substitutes].map((one, i) =>
    requirePrimitive('fallback', i === 0 ? 'primitive' : `substitute ${i}`, one as Primitive<In, Out>),
  );
  const activations = fallbackActivations(options.name ?? 'FallbackPrimitive');

  return createPrimitive<In, Out>({
    type: 'fallback',
    name: options.name,
    run: async (input, context, observation) => {
      let failure: unknown;
      for (const [i, one] of chain.entries()) {
        try {
          const output = await one.invoke(input, context);
          activations.answered(observation, one.name);
          return output;
        } catch (error) {
          failure = error;
          activations.failed(observation, one.name, error);
          if (context.scope?.cancelled === true) break;
          if (i === 0) activations.activated();
        }
      }
      throw failure;
    },
  });
}

function parse(rest: readonly unknown[]): { substitutes: readonly unknown[]; options: FallbackOptions } {
  const last = rest.at(-1);
  const isOptions = typeof last === 'object' && last !== null && !(last instanceof ObservedPrimitive);
  return isOptions
    ? { substitutes: rest.slice(0, -1), options: last as FallbackOptions }
    : { substitutes: rest, options: {} };
}
