/** Types of what wraps a primitive. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  cache,
  fallback,
  llm,
  type Model,
  type ModelReply,
  type ModelRequest,
  type Primitive,
  parallel,
  type RetryOptions,
  retry,
  router,
  sequential,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';

const length = task('length', (text: string) => text.length);
const upper = task('upper', (text: string) => text.toUpperCase());
const double = task('double', (n: number) => n * 2);
const apology = task('apology', () => 'sorry');

describe('retry, timeout and workflow', () => {
  it('give and take what they wrap', () => {
    expectTypeOf(retry(length, { maxRetries: 1 })).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(timeout(length, { timeoutMs: 1 })).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(retry(apology).execute()).toEqualTypeOf<Promise<string>>();
  });

  it('let what is written in place know what comes in', () => {
    const chain = sequential(
      length,
      retry(task('half', (n) => n / 2)),
      timeout(
        task('whole', async (n) => Number.isInteger(n)),
        { timeoutMs: 1 },
      ),
      workflow(
        'inner',
        task('list', (whole) => [whole]),
      ),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, boolean[]>>();
  });

  it('refuse options that are none', () => {
    // @ts-expect-error: did you mean maxRetries?
    void (() => retry(length, { maxRetry: 1 }));
    // @ts-expect-error: a timeout is a number
    void (() => timeout(length, { timeoutMs: '1 s' }));
    // @ts-expect-error: a timeout has no default
    void (() => timeout(length));
  });
});

describe('fallback', () => {
  it('gives what any of its chain gives', () => {
    expectTypeOf(fallback(length, [length])).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(fallback(length, [upper])).toEqualTypeOf<Primitive<string, string | number>>();
    expectTypeOf(fallback(length, [upper], { name: 'either' })).toEqualTypeOf<Primitive<string, string | number>>();
    const none = task('none', (_: string) => null);
    const list = task('list', (text: string) => [text]);
    const all = fallback(length, [upper, none, list, length, upper, none, list], { name: 'any' });
    expectTypeOf(all).toEqualTypeOf<Primitive<string, string | number | string[] | null>>();
    const some = fallback(length, [{ use: none, when: () => true }, { use: list }, upper]);
    expectTypeOf(some).toEqualTypeOf<Primitive<string, string | number | string[] | null>>();
  });

  it('takes a list that is made elsewhere', () => {
    const models = ['small', 'large'].map((name) => task(name, (text: string) => text.length));
    expectTypeOf(fallback(length, models)).toEqualTypeOf<Primitive<string, number>>();
  });

  it('lets substitutes that are written in place know what comes in', () => {
    const chain = fallback(length, [task('list', (text) => [text]), apology], { name: 'any' });
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, string | number | string[]>>();
    const some = fallback(length, [
      {
        use: task('list', (text) => [text]),
        when: (error) => {
          expectTypeOf(error).toEqualTypeOf<unknown>();
          return true;
        },
      },
    ]);
    expectTypeOf(some).toEqualTypeOf<Primitive<string, number | string[]>>();
    const nested = sequential(
      upper,
      fallback(
        task('code', (text) => text.codePointAt(0)),
        [task('zero', () => 0)],
      ),
    );
    expectTypeOf(nested).toEqualTypeOf<Primitive<string, number | undefined>>();
    const routed = router((_: string) => 'a' as const, { a: fallback(length, [upper], { name: 'either' }) });
    expectTypeOf(routed).toEqualTypeOf<Primitive<string, string | number>>();
  });

  it('points at the substitute that does not fit', () => {
    fallback(length, [
      // @ts-expect-error: a string comes in
      double,
      upper,
    ]);
    fallback(length, [
      upper,
      // @ts-expect-error: a string comes in
      double,
    ]);
    // @ts-expect-error: a string comes in
    fallback(length, [upper, { use: double }]);
    // @ts-expect-error: a when answers yes or no
    fallback(length, [{ use: upper, when: () => 'yes' }]);
    // @ts-expect-error: did you mean name?
    void (() => fallback(length, [upper], { nam: 'either' }));
    // @ts-expect-error: a list
    void (() => fallback(length, upper));
  });
});

describe('cache', () => {
  it('hands the key function what the primitive takes', () => {
    expectTypeOf(cache(length, { key: (text) => text.trim() })).toEqualTypeOf<Primitive<string, number>>();
    const chain = sequential(
      length,
      cache(
        task('half', (n) => n / 2),
        { key: (n) => n.toFixed() },
      ),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, number>>();
  });

  it('refuses a key of another input, or that is no string', () => {
    // @ts-expect-error: the key is made of a string
    void (() => cache(length, { key: (n: number) => `${n}` }));
    // @ts-expect-error: a key is a string
    void (() => cache(length, { key: (text) => text.length }));
  });
});

describe('llm', () => {
  it('takes a text or a request and gives a reply', () => {
    expectTypeOf(llm).returns.toEqualTypeOf<Primitive<string | ModelRequest, ModelReply>>();
    expectTypeOf(llm).parameter(0).toEqualTypeOf<Model>();
  });
});

describe('all of them together', () => {
  it('infer from the one annotation at the start', () => {
    const model = task('model', async (text: string) => ({ text, tokens: text.length }));
    const steady = fallback(retry(timeout(model, { timeoutMs: 1 })), [task('none', (text) => ({ text, tokens: 0 }))]);
    const chain = workflow(
      'digest',
      sequential(
        task('split', (text: string) => text.split('\n')),
        task('each', (lines) => parallel(lines.map((line) => task('line', () => steady.execute(line)))).execute()),
        task('join', (replies) => replies.map(({ text }) => text).join('\n')),
      ),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, string>>();
  });
});

it('gives whenResult of retry the output, and accepts options that were typed before the primitive is known', () => {
  const options: RetryOptions = { maxRetries: 2 };
  const parse = task('parse', (text: string) => text.length);
  const whenResult = (length: number) => length < 3;
  expectTypeOf(retry(parse, { whenResult })).toEqualTypeOf<Primitive<string, number>>();
  retry(parse, { whenResult: (length) => length.toFixed() === '3' });
  expectTypeOf(retry(parse, options)).toEqualTypeOf<Primitive<string, number>>();
  // @ts-expect-error the output is a number
  retry(parse, { whenResult: (text: string) => text === '' });
});
