/** Types that let the compiler carry a value's type from primitive to primitive. */
import type { Primitive } from './primitive.ts';

/** A primitive that must take an `In`. The compiler does not infer `In` from it. */
export type Step<In, Out = unknown> = Primitive<NoInfer<In>, Out>;

/** What a primitive takes. */
export type InputOf<P> = P extends Primitive<infer In, unknown> ? In : never;

/** What a primitive gives, or a substitute of `fallback` with its `use`. */
export type OutputOf<P> =
  P extends Primitive<never, infer Out> ? Out : P extends { readonly use: Primitive<never, infer Out> } ? Out : never;

/** Primitives that get the same input, as a list or by name. `Accepting` checks what they take. */
export type Branches = readonly unknown[] | Readonly<Record<string, unknown>>;

/** The same branches, each of which must take an `In`. The compiler points at one that does not. */
export type Accepting<In, T> = T & { readonly [K in keyof T]: Step<In> };

type BranchOf<T> = T[keyof T & (T extends readonly unknown[] ? number : string)];

type AllOf<P> = (P extends unknown ? (input: InputOf<P>) => void : never) extends (input: infer In) => void
  ? In
  : never;

/**
 * What every branch can take. Where there is no such input, what some of them can take: then the compiler points at the
 * others and not at the caller.
 */
export type CommonInput<T> = [AllOf<BranchOf<T>>] extends [never] ? InputOf<BranchOf<T>> : AllOf<BranchOf<T>>;

/** The input of a function that takes none: `execute()` needs no argument, and any step may precede it. */
// biome-ignore lint/complexity/noBannedTypes: `unknown` would swallow the `void` that makes the argument optional.
export type AnyInput = void | {} | null | undefined;
