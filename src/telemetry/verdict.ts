/** An error that carries its own verdict, one of the outcomes, does so under this key. */
export const VERDICT: unique symbol = Symbol.for('tta-primitives.verdict') as never;
