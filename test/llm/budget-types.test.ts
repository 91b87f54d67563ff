import { describe, expectTypeOf, it } from 'vitest';
import { type BudgetOptions, budget, type Primitive, task } from '../../src/index.ts';

const length = task('length', (text: string) => text.length);
const upper = task('upper', (text: string) => text.toUpperCase());
const double = task('double', (size: number) => size * 2);

describe('the types of budget', () => {
  it('are those of the primitive, and of otherwise', () => {
    expectTypeOf(budget(length, { limitUsd: 1 })).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(budget(length, { limitUsd: 1, otherwise: length })).toEqualTypeOf<Primitive<string, number>>();
    const either = budget(length, { limitUsd: 1, otherwise: upper });
    expectTypeOf(either).toEqualTypeOf<Primitive<string, number | string>>();
    // @ts-expect-error: otherwise gets the input of the primitive
    void (() => budget(length, { limitUsd: 1, otherwise: double }));
  });

  it('let the callbacks see the input and the sums', () => {
    budget(length, {
      limitUsd: 1,
      per: (text, { sessionId }) => {
        expectTypeOf(text).toEqualTypeOf<string>();
        return sessionId ?? text;
      },
      onWarn: ({ spentUsd, limitUsd }) => {
        expectTypeOf(spentUsd).toEqualTypeOf<number>();
        expectTypeOf(limitUsd).toEqualTypeOf<number>();
      },
    });
    // @ts-expect-error: a limit is needed
    void (() => budget(length, { per: 'all' }));
    // @ts-expect-error: there is no such word
    void (() => budget(length, { limitUsd: 1, per: 'user' }));
    const shared: BudgetOptions<string> = { limitUsd: 1, per: 'tenant', windowMs: 60_000 };
    expectTypeOf(budget(length, shared)).toEqualTypeOf<Primitive<string, unknown>>();
  });
});
