/** Types of switchOn, map, loop and race. The assertions hold or fail in `tsc --noEmit -p test/tsconfig.json`. */
import { describe, expectTypeOf, it } from 'vitest';
import { loop, map, type Primitive, race, sequential, stream, switchOn, task } from '../../src/index.ts';

const length = task('length', (text: string) => text.length);
const upper = task('upper', (text: string) => text.toUpperCase());
const double = task('double', (n: number) => n * 2);

interface Ticket {
  readonly kind: 'bug' | 'question';
  readonly text: string;
}

describe('switchOn', () => {
  it('gives what any case gives', () => {
    const fit = switchOn((text: string) => (text ? 'long' : 'short'), { long: length, short: upper });
    expectTypeOf(fit).toEqualTypeOf<Primitive<string, string | number>>();
    const orNull = switchOn(
      (text: string) => text,
      { a: length },
      task('none', () => null),
    );
    expectTypeOf(orNull).toEqualTypeOf<Primitive<string, number | null>>();
    const named = switchOn((text: string) => text, { a: length }, undefined, { name: 'pick' });
    expectTypeOf(named).toEqualTypeOf<Primitive<string, number>>();
  });

  it('tells cases that are written in place what comes in', () => {
    const byKind = switchOn((ticket: Ticket) => ticket.kind, {
      bug: task('bug', (ticket) => ticket.text.length),
      question: task('question', (ticket) => [ticket.text]),
    });
    expectTypeOf(byKind).toEqualTypeOf<Primitive<Ticket, number | string[]>>();
    const rest = switchOn(
      (ticket: Ticket) => ticket.kind,
      { bug: task('bug', (ticket) => ticket.text.length) },
      task('rest', (ticket) => ticket.kind),
    );
    expectTypeOf(rest).toEqualTypeOf<Primitive<Ticket, number | 'bug' | 'question'>>();
  });

  it('takes numbers, booleans, promises, and maybe nothing where there is an otherwise', () => {
    expectTypeOf(switchOn((text: string) => text.length, { 1: upper, 2: length })).toEqualTypeOf<
      Primitive<string, string | number>
    >();
    expectTypeOf(switchOn((text: string) => text === '', { true: upper, false: length })).toEqualTypeOf<
      Primitive<string, string | number>
    >();
    const later = switchOn(async (text: string) => (text ? 'a' : 'b'), { a: upper, b: length });
    expectTypeOf(later).toEqualTypeOf<Primitive<string, string | number>>();
    const maybe = switchOn((text: string) => (text ? 'a' : undefined), { a: upper }, length);
    expectTypeOf(maybe).toEqualTypeOf<Primitive<string, string | number>>();
  });

  it('asks for every value that the selector can give, or an otherwise', () => {
    // @ts-expect-error: question is missing
    switchOn((ticket: Ticket) => ticket.kind, { bug: task('bug', () => 1) });
    // @ts-expect-error: false is missing
    switchOn((text: string) => text === '', { true: upper });
    // @ts-expect-error: undefined has no case
    switchOn((text: string) => (text ? 'a' : undefined), { a: upper });
  });

  it('refuses a case that the selector never names, and one that takes something else', () => {
    switchOn((ticket: Ticket) => ticket.kind, {
      bug: task('bug', () => 1),
      question: task('question', () => 1),
      // @ts-expect-error: there is no such kind
      bgu: task('bgu', () => 1),
    });
    // @ts-expect-error: double takes a number
    switchOn((text: string) => text, { a: length, b: double });
    // @ts-expect-error: otherwise takes a number
    switchOn((text: string) => text, { a: length }, double);
  });

  it('fits into a sequence', () => {
    const chain = sequential(
      length,
      switchOn((n: number) => (n > 3 ? 'long' : 'short'), { long: double, short: task('say', (n) => `${n}`) }),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, string | number>>();
  });
});

describe('map', () => {
  const texts = async function* () {
    yield 'a';
  };

  it('gives an array for an array and a stream for a stream', () => {
    const lengths = map(length, { concurrency: 4 });
    expectTypeOf(lengths.execute(['a'])).toEqualTypeOf<Promise<number[]>>();
    expectTypeOf(lengths.execute(new Set(['a']))).toEqualTypeOf<Promise<number[]>>();
    expectTypeOf(lengths.execute(texts())).toEqualTypeOf<Promise<AsyncIterableIterator<number>>>();
  });

  it('gives what it is told to whatever comes in', () => {
    type Some = Iterable<string> | AsyncIterable<string>;
    expectTypeOf(map(length, { stream: true })).toEqualTypeOf<Primitive<Some, AsyncIterableIterator<number>>>();
    expectTypeOf(map(length, { stream: false })).toEqualTypeOf<Primitive<Some, number[]>>();
  });

  it('tells of each item how it ended where failures are settled', () => {
    const settled = map(length, { mode: 'settle' });
    expectTypeOf(settled.execute(['a'])).toEqualTypeOf<Promise<PromiseSettledResult<number>[]>>();
    const stream = map(length, { mode: 'settle', stream: true, concurrency: 2 });
    expectTypeOf(stream.execute(['a'])).toEqualTypeOf<Promise<AsyncIterableIterator<PromiseSettledResult<number>>>>();
  });

  it('fits into a sequence, also written in place', () => {
    const chain = sequential(
      task('split', (text: string) => text.split(' ')),
      map(task('size', (word) => word.length)),
      task('sum', (sizes) => sizes.reduce((a, b) => a + b, 0)),
    );
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, number>>();
    expectTypeOf(task('split', (text: string) => text.split(' ')).pipe(map(length))).toEqualTypeOf<
      Primitive<string, number[]>
    >();
    const streams = sequential(
      stream('words', async function* (text: string) {
        yield* text.split(' ');
      }),
      map(length, { stream: true }),
      task('count', async (sizes) => {
        let count = 0;
        for await (const size of sizes) count += size;
        return count;
      }),
    );
    expectTypeOf(streams).toEqualTypeOf<Primitive<string, number>>();
  });

  it('refuses items of another type, and options that it does not know', () => {
    // @ts-expect-error: takes texts
    void (() => map(length).execute([1]));
    const numbers = task('numbers', (n: number) => [n]);
    // @ts-expect-error: length takes texts
    sequential(numbers, map(length));
    // @ts-expect-error: did you mean concurrency?
    void (() => map(length, { concurency: 2 }));
    // @ts-expect-error: fail or settle
    void (() => map(length, { mode: 'all' }));
  });
});

describe('loop', () => {
  it('hands the judge the output and may give less than it takes', () => {
    const grow = loop(double, { until: (n, iteration) => n > 10 || iteration > 2, maxIterations: 3 });
    expectTypeOf(grow).toEqualTypeOf<Primitive<number, number>>();
    const parse = task('parse', (value: string | number) => Number(value));
    expectTypeOf(loop(parse, { until: (n) => n.toFixed() === '1', maxIterations: 1 })).toEqualTypeOf<
      Primitive<string | number, number>
    >();
  });

  it('refuses a primitive that cannot take its own output, and a loop without a bound', () => {
    // @ts-expect-error: a number comes out and a text goes in
    void (() => loop(length, { until: () => true, maxIterations: 1 }));
    // @ts-expect-error: maxIterations is missing
    void (() => loop(double, { until: () => true }));
  });
});

describe('race', () => {
  it('gives what any branch gives', () => {
    expectTypeOf(race([length, upper])).toEqualTypeOf<Primitive<string, string | number>>();
    expectTypeOf(race([length], { name: 'only' })).toEqualTypeOf<Primitive<string, number>>();
    const models = ['a', 'b'].map((name) => task(name, (text: string) => text.length));
    expectTypeOf(race(models)).toEqualTypeOf<Primitive<string, number>>();
  });

  it('tells branches that are written in place what comes in', () => {
    const chain = sequential(length, race([double, task('say', (n) => `${n}`)]));
    expectTypeOf(chain).toEqualTypeOf<Primitive<string, string | number>>();
  });

  it('refuses a branch that takes something else', () => {
    // @ts-expect-error: a text comes in
    sequential(upper, race([length, double]));
    // @ts-expect-error: did you mean name?
    void (() => race([length], { nam: 'x' }));
  });
});
