import { knownOptions } from '../core/options.ts';
import { createPrimitive, ObservedPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { fallbackActivations } from '../telemetry/record/fallback.ts';

export interface FallbackOptions {
  /** Replaces `FallbackPrimitive` in the metrics. */
  readonly name?: string | undefined;
}

type Substitute<In, Out> = Primitive<NoInfer<In>, Out>;

/**
 * Runs the primitive and, where it fails, the substitutes in their order until one answers. Rejects with the
 * error of the last one, whose `cause` is left as it was; the spans show every error. An aborted execution is not
 * handed on to a substitute. Options may follow the substitutes.
 *
 * @example
 * const answer = fallback(largeModel, smallModel, task('apology', () => 'Please try again later'));
 * @throws TypeError at construction when there is no substitute or one is not a primitive
 */
export function fallback<In, Out, const S extends readonly Substitute<In, unknown>[]>(
  primitive: Primitive<In, Out>,
  ...rest: [...substitutes: S] | [...substitutes: S, options: FallbackOptions]
): Primitive<In, Out | (S[number] extends Primitive<never, infer O> ? O : never)> {
  type Result = Out | (S[number] extends Primitive<never, infer O> ? O : never);
  const { substitutes, options } = parse(rest);
  knownOptions('FallbackOptions', options, ['name']);
  if (substitutes.length === 0) throw new TypeError('fallback: needs at least one substitute, got none');
  const chain = [primitive, ...substitutes].map((one, i) =>
    requirePrimitive('fallback', i === 0 ? 'primitive' : `substitute ${i}`, one as Primitive<In, Result>),
  );
  const activations = fallbackActivations(options.name ?? 'FallbackPrimitive');

  return createPrimitive<In, Result>({
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
