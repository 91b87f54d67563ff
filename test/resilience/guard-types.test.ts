/** Types of what guards a primitive. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import { describe, expectTypeOf, it } from 'vitest';
import { bulkhead, circuitBreaker, hedge, type Primitive, rateLimit, sequential, task } from '../../src/index.ts';

const length = task('length', (text: string) => text.length);

describe('bulkhead, circuitBreaker, rateLimit and hedge', () => {
  it('give and take what they wrap', () => {
    expectTypeOf(bulkhead<string, number>).returns.toEqualTypeOf<Primitive<string, number>>();
    const rules = { consecutiveFailures: 1, openMs: 1 };
    expectTypeOf(circuitBreaker(length, rules)).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(rateLimit(length, { permits: 1, perMs: 1 })).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(hedge(length, { delayMs: 1 })).toEqualTypeOf<Primitive<string, number>>();
  });

  it('let what is written in place know what comes in', () => {
    const chain = sequential(
      length,
      hedge(
        task('half', (n) => n / 2),
        { delayMs: 1 },
      ),
      rateLimit(
        task('whole', (n) => Number.isInteger(n)),
        { permits: 1, perMs: 1 },
      ),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, boolean>>();
  });

  it('hand keys and weights what the primitive takes', () => {
    void circuitBreaker(length, { consecutiveFailures: 1, openMs: 1, key: (text) => text.trim() });
    void rateLimit(length, { permits: 1, perMs: 1, weight: (text) => text.length });
    // @ts-expect-error: the key is made of a string
    void (() => circuitBreaker(length, { consecutiveFailures: 1, openMs: 1, key: (n: number) => `${n}` }));
    // @ts-expect-error: the weight is that of a string
    void (() => rateLimit(length, { permits: 1, perMs: 1, weight: (n: number) => n }));
  });

  it('have no default for what decides when they refuse', () => {
    // @ts-expect-error: how many at once?
    void (() => bulkhead(length));
    // @ts-expect-error: when does it open?
    void (() => circuitBreaker(length, { openMs: 1 }));
    // @ts-expect-error: how many in what time?
    void (() => rateLimit(length, { permits: 1 }));
    // @ts-expect-error: when is a try late?
    void (() => hedge(length));
  });
});
