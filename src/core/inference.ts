/** Types that let the compiler carry a value's type from primitive to primitive. */
import type { Primitive } from './primitive.ts';

/** A primitive that must take an `In`: checked against it, never a reason to widen it. */
export type Step<In, Out = unknown> = Primitive<NoInfer<In>, Out>;

export type InputOf<P> = P extends Primitive<infer In, unknown> ? In : never;
export type OutputOf<P> = P extends Primitive<never, infer Out> ? Out : never;

/** Primitives that get the same input, as a list or by name; what they take is checked by `Accepting`. */
export type Branches = readonly unknown[] | Readonly<Record<string, unknown>>;

/** The same branches, each of which must take an `In`; whichever does not is where the compiler points. */
export type Accepting<In, T> = T & { readonly [K in keyof T]: Step<In> };

/** One of the branches, whichever. */
export type BranchOf<T> = T[keyof T & (T extends readonly unknown[] ? number : string)];

type AllOf<P> = (P extends unknown ? (input: InputOf<P>) => void : never) extends (input: infer In) => void
  ? In
  : never;

/** What every branch can take. Where nothing is, what some can take, so that the others are refused and not the caller. */
export type CommonInput<T> = [AllOf<BranchOf<T>>] extends [never] ? InputOf<BranchOf<T>> : AllOf<BranchOf<T>>;

/** The input of a function that takes none: `execute()` needs no argument, and any step may precede it. */
// biome-ignore lint/complexity/noBannedTypes: `unknown` would swallow the `void` that makes the argument optional.
export type AnyInput = void | {} | null | undefined;
