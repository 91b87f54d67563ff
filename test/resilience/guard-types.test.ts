/** Types of what guards a primitive. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  bulkhead,
  type CacheOptions,
  type CircuitBreakerOptions,
  cache,
  circuitBreaker,
  hedge,
  type LoopOptions,
  loop,
  type Primitive,
  type RateLimitOptions,
  rateLimit,
  sequential,
  task,
} from '../../src/index.ts';

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

  it('take options that were typed before their primitive is known', () => {
    const circuitOptions: CircuitBreakerOptions = { consecutiveFailures: 1, openMs: 1, key: (input) => typeof input };
    const limit: RateLimitOptions = { permits: 1, perMs: 1, weight: (input) => String(input).length };
    const kept: CacheOptions = { key: (input) => JSON.stringify(input) };
    const rounds: LoopOptions = { until: (output) => output === '', maxIterations: 3 };
    expectTypeOf(circuitBreaker(length, circuitOptions)).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(rateLimit(length, limit)).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(cache(length, kept)).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(
      loop(
        task('shorten', (text: string) => text.slice(1)),
        rounds,
      ),
    ).toEqualTypeOf<Primitive<string, string>>();
    const ofTexts: RateLimitOptions<string> = { ...limit, weight: (text) => text.length };
    expectTypeOf(rateLimit(length, ofTexts)).toEqualTypeOf<Primitive<string, number>>();
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
