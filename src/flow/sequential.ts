import { fail } from '../core/check.ts';
import type { Step } from '../core/inference.ts';
import { type ObservedPrimitive, type Primitive, requirePrimitive, sequence } from '../core/primitive.ts';

/**
 * Runs its steps one after the other, each with the output of the step before, and gives the output of the last step. A
 * step that fails ends the sequence with that error. A sequence counts as a workflow; `workflow(name, sequential(...))`
 * names it.
 *
 * The steps may change the type of the value if there are at most ten. For a list of steps write
 * `steps.reduce((chain, step) => chain.pipe(step))`.
 *
 * @example
 * const shout = sequential(task('trim', (s: string) => s.trim()), task('upper', (s) => s.toUpperCase()));
 * await shout.execute(' hello '); // 'HELLO'
 * @throws TypeError when there is no step, or a step is not a primitive
 */
export function sequential<A, B>(s1: Primitive<A, B>): Primitive<A, B>;
export function sequential<A, B, C>(s1: Primitive<A, B>, s2: Step<B, C>): Primitive<A, C>;
export function sequential<A, B, C, D>(s1: Primitive<A, B>, s2: Step<B, C>, s3: Step<C, D>): Primitive<A, D>;
export function sequential<A, B, C, D, E>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
): Primitive<A, E>;
export function sequential<A, B, C, D, E, F>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
  s5: Step<E, F>,
): Primitive<A, F>;
export function sequential<A, B, C, D, E, F, G>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
  s5: Step<E, F>,
  s6: Step<F, G>,
): Primitive<A, G>;
export function sequential<A, B, C, D, E, F, G, H>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
  s5: Step<E, F>,
  s6: Step<F, G>,
  s7: Step<G, H>,
): Primitive<A, H>;
export function sequential<A, B, C, D, E, F, G, H, I>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
  s5: Step<E, F>,
  s6: Step<F, G>,
  s7: Step<G, H>,
  s8: Step<H, I>,
): Primitive<A, I>;
export function sequential<A, B, C, D, E, F, G, H, I, J>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
  s5: Step<E, F>,
  s6: Step<F, G>,
  s7: Step<G, H>,
  s8: Step<H, I>,
  s9: Step<I, J>,
): Primitive<A, J>;
export function sequential<A, B, C, D, E, F, G, H, I, J, K>(
  s1: Primitive<A, B>,
  s2: Step<B, C>,
  s3: Step<C, D>,
  s4: Step<D, E>,
  s5: Step<E, F>,
  s6: Step<F, G>,
  s7: Step<G, H>,
  s8: Step<H, I>,
  s9: Step<I, J>,
  s10: Step<J, K>,
): Primitive<A, K>;
// For eleven steps or more. If it accepted fewer, the compiler would report every mismatch at the first step.
export function sequential<T>(
  ...steps: readonly [
    ...[Primitive<T, T>, Primitive<T, T>, Primitive<T, T>, Primitive<T, T>, Primitive<T, T>],
    ...[Primitive<T, T>, Primitive<T, T>, Primitive<T, T>, Primitive<T, T>, Primitive<T, T>],
    ...[Primitive<T, T>, ...Primitive<T, T>[]],
  ]
): Primitive<T, T>;
export function sequential(...steps: readonly Primitive<never, unknown>[]): Primitive<never, unknown> {
  if (steps.length === 0) throw new TypeError('sequential: needs at least one step, got none');
  if (Array.isArray(steps[0])) fail('sequential', 'steps', 'must be arguments', steps[0], '; write sequential(a, b)');
  return sequence(
    Array.from(
      steps,
      (step, i) => requirePrimitive('sequential', `step ${i + 1}`, step) as ObservedPrimitive<never, unknown>,
    ),
  );
}
