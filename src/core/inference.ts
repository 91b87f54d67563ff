/** Types that let the compiler carry a value's type from primitive to primitive. */
import type { Primitive } from './primitive.ts';

/** A primitive that must accept an `In`. The compiler does not infer `In` from the primitive. */
export type Step<In, Out = unknown> = Primitive<NoInfer<In>, Out>;

/** The input of a primitive. */
export type InputOf<P> = P extends Primitive<infer In, unknown> ? In : never;

/** The output of a primitive, or of the `use` of a substitute of `fallback`. */
export type OutputOf<P> =
  P extends Primitive<never, infer Out> ? Out : P extends { readonly use: Primitive<never, infer Out> } ? Out : never;

/** Primitives that get the same input, as a list or by name. `Accepting` checks their inputs. */
export type Branches = readonly unknown[] | Readonly<Record<string, unknown>>;

/** The same branches, each of which must accept an `In`. The compiler reports the branch that does not. */
export type Accepting<In, T> = T & { readonly [K in keyof T]: Step<In> };

type BranchOf<T> = T[keyof T & (T extends readonly unknown[] ? number : string)];

type AllOf<P> = (P extends unknown ? (input: InputOf<P>) => void : never) extends (input: infer In) => void
  ? In
  : never;

/**
 * The input that every branch accepts. If no input suits every branch, it is the union of their inputs: then the compiler
 * reports the branches, and not the caller.
 */
export type CommonInput<T> = [AllOf<BranchOf<T>>] extends [never] ? InputOf<BranchOf<T>> : AllOf<BranchOf<T>>;

/** The input of a function without parameters: `execute()` needs no argument, and any step may come before. */
// biome-ignore lint/complexity/noBannedTypes: `unknown` would swallow the `void` that makes the argument optional.
export type AnyInput = void | {} | null | undefined;
