import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  cache,
  circuit,
  circuitBreaker,
  type ExecuteOptions,
  hedge,
  loop,
  map,
  type Primitive,
  parallel,
  race,
  rateLimit,
  retry,
  router,
  saga,
  stream,
  switchOn,
  task,
  timeout,
} from '../../src/index.ts';
import { kinds } from '../contract/kinds.ts';

async function failLate(): Promise<never> {
  await new Promise((resolve) => setImmediate(resolve));
  throw new Error('no luck');
}

const { stackTraceLimit } = Error;
beforeEach(() => {
  // V8's default, which test runners raise.
  Error.stackTraceLimit = 10;
});
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

async function stackOf(work: () => Promise<unknown>): Promise<string> {
  async function theCaller() {
    await work();
  }
  return theCaller().then(
    () => expect.unreachable(),
    (error: Error) => error.stack ?? '',
  );
}

const SIGNALS = { 'without a signal': undefined, 'with a signal': { signal: new AbortController().signal } };

describe.each(Object.entries(SIGNALS))('the stack of an error shows who called execute, %s', (_, options) => {
  // The stack of an error of another process is that of that process.
  const inProcess = kinds.filter(({ crosses }) => !crosses);
  it.each(inProcess.map((kind, i) => [`${kind.type} (${i})`, kind] as const))('work in %s', async (_name, kind) => {
    const stack = await stackOf(() => kind.build(failLate).execute('x', options));
    expect(stack).toContain('failLate');
    expect(stack).toContain('theCaller');
  });

  it.each<[string, Primitive<string, unknown>]>([
    ['parallel, one at a time', parallel([task('a', async () => 'a'), task('b', failLate)], { concurrency: 1 })],
    ['the second try of retry', retry(afterOne(), { initialDelayMs: 1 })],
    ['the second try of hedge', hedge(afterOne(), { delayMs: 0 })],
    ['a nested list of a saga', nestedSaga()],
    ['map over an async source', whole(map(task('a', failAt2)))],
    ['the second result of map', whole(map(task('a', failAt2), { stream: true }))],
    [
      'the second chunk of a stream',
      read(
        stream('numbers', async function* () {
          yield 1;
          await failLate();
        }),
      ),
    ],
  ])('work in %s', async (_name, primitive) => {
    const stack = await stackOf(() => primitive.execute('x', options));
    expect(stack).toContain('failLate');
    expect(stack).toContain('theCaller');
  });

  it.each<[string, Primitive<string, unknown>]>([
    [
      'timeout',
      timeout(
        task('hang', async (_: string) => forever()),
        { timeoutMs: 1 },
      ),
    ],
    ['timeout around a stream that gives nothing', read(timeout(stream('hang', silent), { idleMs: 1 }))],
    [
      'retry at its deadline',
      retry(
        task('hang', async (_: string) => forever()),
        { deadlineMs: 1 },
      ),
    ],
    ['race', race([task('a', failLate), task('b', failLate)])],
    ['circuitBreaker', circuitBreaker(task('a', failLate), { circuit: isolated() })],
    ['rateLimit', rateLimit(task('a', failLate), { permits: 1, perMs: 1, weight: () => 2 })],
    ['bulkhead', full()],
    [
      'router',
      router(() => 'none' as never, {
        only: task('a', (_: string) => failLate()),
      }),
    ],
    ['switchOn', switchOn((text: string) => text, { only: task('a', (_: string) => failLate()) })],
    [
      'loop',
      loop(
        task('a', async () => ''),
        { until: () => false, maxIterations: 3 },
      ),
    ],
    [
      'saga',
      saga([
        { name: 'a', do: task('a', async (_: string) => ''), compensate: task('undo', (_: unknown) => failLate()) },
        { name: 'b', do: task('b', (_: string) => failLate()) },
      ]),
    ],
  ])('an error of %s', async (_name, primitive) => {
    expect(await stackOf(() => primitive.execute('x', options))).toContain('theCaller');
  });
});

let tries = 0;
function afterOne() {
  return task('a', () => (++tries % 2 === 0 ? failLate() : Promise.reject(new Error('first'))));
}

async function failAt2(n: number) {
  return n === 2 ? failLate() : n;
}

/** Gives the numbers 1 and 2 to a `map`, and reads its results. */
function whole(
  mapped: Pick<Primitive<AsyncIterable<number>, Iterable<number> | AsyncIterable<number>>, 'execute'>,
): Primitive<string, unknown> {
  async function* source() {
    yield 1;
    yield 2;
  }
  const execute = async (_input: string, options?: ExecuteOptions) => {
    for await (const _ of await mapped.execute(source(), options));
  };
  return { execute } as Primitive<string, unknown>;
}

describe('with more policies than V8 keeps frames for', () => {
  it('shows who called execute where --stack-trace-limit is higher', async () => {
    Error.stackTraceLimit = 50;
    const fetching = bulkhead(task('a', failLate), { concurrency: 1 });
    const guarded = circuitBreaker(cache(fetching, { key: () => 'a' }), { consecutiveFailures: 9, openMs: 1 });
    const steady = retry(timeout(guarded, { timeoutMs: 9_999 }), { maxRetries: 0 });
    expect(await stackOf(() => steady.execute('x'))).toContain('theCaller');
  });
});

function nestedSaga() {
  return saga([
    [{ name: 'a', do: task('a', async (_: string) => failLate()), compensate: task('undo', async (_: unknown) => {}) }],
  ]);
}

function forever(): Promise<never> {
  return new Promise(() => {});
}

async function* silent(): AsyncGenerator<string> {
  yield await forever();
}

function read(primitive: Primitive<string, AsyncIterable<unknown>>): Primitive<string, unknown> {
  const execute = async (input: string, options?: ExecuteOptions) => {
    for await (const _ of await primitive.execute(input, options));
  };
  return { execute } as Primitive<string, unknown>;
}

function isolated() {
  const shared = circuit({ consecutiveFailures: 1, openMs: 1 });
  shared.isolate();
  return shared;
}

function full(): Primitive<string, never> {
  const one = bulkhead(
    task('hang', async (_: string) => forever()),
    { concurrency: 1 },
  );
  void one.execute('x');
  return one;
}
