/** Types of the order of work. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import { describe, expectTypeOf, it } from 'vitest';
import { conditional, type Primitive, parallel, router, sequential, task, workflow } from '../../src/index.ts';

const length = task('length', (text: string) => text.length);
const upper = task('upper', (text: string) => text.toUpperCase());
const double = task('double', (n: number) => n * 2);
const apology = task('apology', () => 'sorry');

describe('task', () => {
  it('takes its output from the function, synchronous or not', () => {
    expectTypeOf(length).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(task('later', async (text: string) => text.length)).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(task('maybe', (n: number) => (n > 0 ? n : Promise.resolve(n)))).toEqualTypeOf<
      Primitive<number, number>
    >();
    expectTypeOf(length.execute('one')).toEqualTypeOf<Promise<number>>();
  });

  it('needs no argument where the function takes none, and follows any step', () => {
    expectTypeOf(apology.execute()).toEqualTypeOf<Promise<string>>();
    expectTypeOf(sequential(apology, length).execute()).toEqualTypeOf<Promise<number>>();
    expectTypeOf(sequential(length, apology)).toEqualTypeOf<Primitive<string, string>>();
    expectTypeOf(apology).toExtend<Primitive<number, string>>();
  });

  it('hands its function the context', () => {
    task('look', (_: string, context) => {
      expectTypeOf(context.signal).toEqualTypeOf<AbortSignal>();
      expectTypeOf(context.tags).toEqualTypeOf<Readonly<Record<string, string | number | boolean>>>();
    });
  });

  it('refuses the wrong input', () => {
    // @ts-expect-error: takes a string
    void (() => length.execute(1));
    // @ts-expect-error: takes a string
    void (() => length.execute());
  });

  it('stands where less is asked for, and not where more is', () => {
    expectTypeOf<Primitive<string | number, 'a'>>().toExtend<Primitive<string, string>>();
    expectTypeOf<Primitive<string, string>>().not.toExtend<Primitive<string | number, string>>();
    expectTypeOf<Primitive<string, string>>().not.toExtend<Primitive<string, 'a'>>();
  });
});

describe('sequential and pipe', () => {
  it('carry the type through ten steps that are written in place', () => {
    const ten = sequential(
      task('1', (text: string) => text.length),
      task('2', (n) => n > 1),
      task('3', async (yes) => [yes]),
      task('4', (list) => ({ list })),
      task('5', ({ list }) => list[0]),
      task('6', (first) => first ?? null),
      task('7', (maybe) => (maybe === null ? 'none' : 'some')),
      task('8', (word) => word === 'some'),
      task('9', (some) => Number(some)),
      task('10', (n) => new Date(n)),
    );
    expectTypeOf(ten).toEqualTypeOf<Primitive<string, Date>>();
  });

  it('carry the type through every pipe', () => {
    const piped = length.pipe(task('half', (n) => n / 2)).pipe(task('whole', async (n) => Number.isInteger(n)));
    expectTypeOf(piped).toEqualTypeOf<Primitive<string, boolean>>();
  });

  it('take more than ten steps of one type', () => {
    const eleven = [double, double, double, double, double, double, double, double, double, double, double] as const;
    expectTypeOf(sequential(...eleven)).toEqualTypeOf<Primitive<number, number>>();
  });

  it('point at the step that does not fit', () => {
    // @ts-expect-error: upper takes the number that length gives
    sequential(length, upper);
    sequential(
      length,
      // @ts-expect-error: the second of three
      upper,
      length,
    );
    sequential(
      length,
      double,
      // @ts-expect-error: the last of three
      upper,
    );
    // @ts-expect-error: pipe too
    length.pipe(upper);
  });

  it('keep the type under a name', () => {
    expectTypeOf(workflow('measure', sequential(upper, length))).toEqualTypeOf<Primitive<string, number>>();
  });
});

describe('parallel', () => {
  it('makes a tuple of a list and an object of names', () => {
    expectTypeOf(parallel([length, upper])).toEqualTypeOf<Primitive<string, [number, string]>>();
    const named = parallel({ length, upper });
    expectTypeOf(named.execute('a')).resolves.toEqualTypeOf<{ length: number; upper: string }>();
    expectTypeOf(parallel([1, 2].map((n) => task('add', (m: number) => m + n)))).toEqualTypeOf<
      Primitive<number, number[]>
    >();
  });

  it('tells of each branch how it settled', () => {
    const settled = parallel([length, upper], { mode: 'settle', concurrency: 1 });
    type Both = [PromiseSettledResult<number>, PromiseSettledResult<string>];
    expectTypeOf(settled).toEqualTypeOf<Primitive<string, Both>>();
    expectTypeOf(parallel({ length }, { mode: 'settle' }).execute('a')).resolves.toEqualTypeOf<{
      length: PromiseSettledResult<number>;
    }>();
  });

  it('takes what all its branches can take', () => {
    const wide = task('wide', (value: string | number) => value);
    expectTypeOf(parallel([wide, length])).toEqualTypeOf<Primitive<string, [string | number, number]>>();
    const title = task('title', (page: { title: string }) => page.title);
    const size = task('size', (page: { size: number }) => page.size);
    expectTypeOf(parallel([title, size])).toEqualTypeOf<
      Primitive<{ title: string } & { size: number }, [string, number]>
    >();
    expectTypeOf(parallel([apology, length])).toEqualTypeOf<Primitive<string, [string, number]>>();
    expectTypeOf(parallel([apology]).execute()).toEqualTypeOf<Promise<[string]>>();
  });

  it('lets branches that are written in place know what comes in, and what follows what comes out', () => {
    const chain = sequential(
      length,
      parallel({ twice: task('twice', (n) => n * 2), text: task('text', async (n) => `${n}`) }),
      task('both', ({ twice, text }) => [twice, text] as const),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, readonly [number, string]>>();
  });

  it('points at the branch that does not fit', () => {
    sequential(
      length,
      parallel([
        double,
        // @ts-expect-error: a number comes in
        upper,
      ]),
    );
    // @ts-expect-error: a function is no primitive
    void (() => parallel([length, (text: string) => text]));
    // @ts-expect-error: no input could please both
    void (() => parallel([length, double]));
    // @ts-expect-error: did you mean mode?
    void (() => parallel([length], { mod: 'settle' }));
  });
});

describe('router and conditional', () => {
  it('give what any of their ways gives', () => {
    const byLength = router((text: string) => (text.length > 3 ? 'length' : 'upper'), { length, upper });
    expectTypeOf(byLength).toEqualTypeOf<Primitive<string, string | number>>();
    const asked = router(
      async (text: string) => (text ? 'length' : undefined),
      { length, upper },
      { default: 'upper' },
    );
    expectTypeOf(asked).toEqualTypeOf<Primitive<string, string | number>>();
    const either = conditional((text: string) => text !== '', length, upper);
    expectTypeOf(either).toEqualTypeOf<Primitive<string, string | number>>();
    expectTypeOf(conditional(async (text: string) => text !== '', length)).toEqualTypeOf<
      Primitive<string, string | number>
    >();
    expectTypeOf(conditional((text) => text !== '', length, undefined, { name: 'full' })).toEqualTypeOf<
      Primitive<string, string | number>
    >();
  });

  it('take what their ways take where the selector does not say', () => {
    expectTypeOf(router(() => 'length', { length, upper })).toEqualTypeOf<Primitive<string, string | number>>();
    expectTypeOf(conditional((text) => text === '', length, upper)).toEqualTypeOf<Primitive<string, string | number>>();
  });

  it('let ways that are written in place know what comes in', () => {
    const chain = sequential(
      length,
      router((n) => (n > 3 ? 'long' : 'short'), {
        long: task('long', (n) => n * 2),
        short: task('short', (n) => `${n}`),
      }),
      conditional(
        (value) => value === 0,
        task('none', () => null),
        task('list', (value) => [value]),
      ),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, (string | number)[] | null>>();
  });

  it('point at the way that does not fit', () => {
    // @ts-expect-error: there is no such route
    router((_: string) => 'shortest', { length, upper });
    // @ts-expect-error: there is no such default
    void (() => router((_: string) => 'length' as const, { length }, { default: 'upper' }));
    router((_: string) => 'length' as const, {
      length,
      // @ts-expect-error: a string comes in
      double,
    });
    // @ts-expect-error: a string comes in
    conditional((text: string) => text !== '', length, double);
    // @ts-expect-error: a test gives true or false
    conditional((text: string) => text, length);
  });
});
