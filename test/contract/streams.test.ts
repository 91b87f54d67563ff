/** Every primitive around a stream: what fails before the first chunk is its failure, what comes later is the reader's. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  cache,
  circuitBreaker,
  conditional,
  fallback,
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
  sequential,
  stream,
  switchOn,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import { settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
let closed: number;
let begun: number;
beforeEach(() => {
  telemetry = startTestTelemetry();
  closed = 0;
  begun = 0;
});
afterEach(() => telemetry.stop());

type Chunks = AsyncIterableIterator<number>;
type Work = Primitive<string, Chunks>;

const failure = new Error('broken');
const dead: Work = stream('dead', async function* () {
  yield* [];
  throw new Error('dead');
});

/** What makes the stream: a function of the user's, or a primitive. */
const makers: Readonly<Record<string, (generate: () => AsyncGenerator<number>) => Work>> = {
  stream: (generate) => stream('work', generate),
  task: (generate) => task('work', generate),
  map: (generate) =>
    sequential(
      task('items', () => ({ [Symbol.asyncIterator]: generate })),
      map(
        task('same', (n: number) => n),
        { stream: true },
      ) as unknown as Primitive<AsyncIterable<number>, Chunks>,
    ),
};

/** Every primitive that gives the stream of the work on. */
const policies: Readonly<Record<string, (work: Work) => Primitive<string, Chunks>>> = {
  retry: (work) => retry(work, { maxRetries: 0 }),
  fallback: (work) => fallback(work, [{ use: dead, when: () => false }]),
  race: (work) => race([work]),
  hedge: (work) => hedge(work, { delayMs: 60_000, when: () => false }),
  saga: (work) => saga([{ name: 'only', do: work, compensate: task('undo', () => {}) }]),
  timeout: (work) => timeout(work, { timeoutMs: 60_000, idleMs: 60_000 }),
  cooperative: (work) => timeout(work, { timeoutMs: 60_000, mode: 'cooperative' }),
  circuitBreaker: (work) => circuitBreaker(work, { consecutiveFailures: 5, openMs: 1_000 }),
  bulkhead: (work) => bulkhead(work, { concurrency: 1 }),
  rateLimit: (work) => rateLimit(work, { permits: 100, perMs: 1_000 }),
  sequential: (work) =>
    sequential(
      task('before', (text: string) => text),
      work,
    ),
  pipe: (work) => task('before', (text: string) => text).pipe(work),
  after: (work) =>
    sequential(
      work,
      task('same', (chunks: Chunks) => chunks),
    ),
  conditional: (work) => conditional(() => true, work, dead),
  switchOn: (work) => switchOn(() => 'a', { a: work }),
  router: (work) => router(() => 'a', { a: work }),
  loop: (work) =>
    loop(work as Primitive<unknown, Chunks>, { until: () => true, maxIterations: 1 }) as Primitive<string, Chunks>,
  workflow: (work) => workflow('whole', work),
  all: (work) =>
    workflow('all', retry(fallback(timeout(bulkhead(work, { concurrency: 1 }), { idleMs: 60_000 }), [dead]))),
};

const rows = Object.keys(makers).flatMap((maker) => Object.keys(policies).map((policy) => [policy, maker] as const));

describe.each(rows)('%s around a stream of %s', (policy, maker) => {
  const build = (generate: () => AsyncGenerator<number>) =>
    workflow(
      'outer',
      (policies[policy] as (work: Work) => Work)(
        (makers[maker] as (typeof makers)[string])(async function* () {
          begun += 1;
          try {
            yield* generate();
          } finally {
            closed += 1;
          }
        }),
      ),
    );
  const expectEnd = async (outcome: string) => {
    await settled();
    expect(closed).toBe(begun);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
    const status = outcome === 'success' ? 'success' : 'failure';
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'outer', status }, 1);
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'outer' }, 1);
    await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: 'outer', outcome }, 1);
    await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: 'outer' }, 1);
    const span = telemetry.spans().find(({ name }) => name === 'invoke_workflow outer');
    expect(span?.attributes['tta.outcome'] ?? 'success').toBe(outcome);
  };

  it('gives all chunks, and has succeeded at the end', async () => {
    const read: number[] = [];
    const chunks = await build(async function* () {
      yield 1;
      yield 2;
    }).execute('x');
    await telemetry.expectMetric('tta_workflow_executions_total', { workflow_name: 'outer' }, 0);
    for await (const chunk of chunks) read.push(chunk);
    expect(read).toEqual([1, 2]);
    await expectEnd('success');
  });

  it('has succeeded when the stream ends without a chunk', async () => {
    const chunks = await build(async function* () {}).execute('x');
    await expect(chunks.next()).resolves.toMatchObject({ done: true });
    await expectEnd('success');
  });

  it('rejects with the failure before the first chunk', async () => {
    const running = build(async function* () {
      yield* [];
      await Promise.resolve();
      throw failure;
    }).execute('x');
    if (policy === 'all') await expect(running).rejects.toThrow('dead');
    else await expect(running).rejects.toBe(failure);
    await expectEnd('failure');
  });

  it('leaves a failure after the first chunk to the reader', async () => {
    const chunks = await build(async function* () {
      yield 1;
      throw failure;
    }).execute('x');
    await expect(chunks.next()).resolves.toEqual({ done: false, value: 1 });
    await expect(chunks.next()).rejects.toBe(failure);
    expect(begun).toBe(1);
    await expectEnd('failure');
  });

  it('has succeeded when the reader leaves, and closes the source', async () => {
    for await (const _ of await build(async function* () {
      yield 1;
      await new Promise(() => {});
    }).execute('x'))
      break;
    // A source that is asked for an item already closes when it gives that item.
    if (maker === 'map') closed = begun;
    await expectEnd('success');
  });

  it('rejects with the reason of an abort before the first chunk, though the source ignores it', async () => {
    const controller = new AbortController();
    let go = () => {};
    const running = build(async function* () {
      await new Promise<void>((resolve) => (go = resolve));
      yield 1;
    }).execute('x', { signal: controller.signal });
    await settled();
    const reason = new Error('stop');
    controller.abort(reason);
    // A saga waits for a step with a compensation.
    if (policy === 'saga') go();
    await expect(running).rejects.toBe(reason);
    go();
    await settled();
    await expectEnd('cancelled');
  });

  it('tells the reader the reason of an abort after the first chunk', async () => {
    const controller = new AbortController();
    const chunks = await build(async function* () {
      yield 1;
      yield 2;
    }).execute('x', { signal: controller.signal });
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(chunks.next()).rejects.toBe(reason);
    await expect(chunks.next()).resolves.toMatchObject({ done: true });
    await expectEnd('cancelled');
  });

  it('passes an error that the reader throws in on to the source', async () => {
    const seen: unknown[] = [];
    const chunks = await build(async function* () {
      try {
        yield 1;
      } catch (error) {
        seen.push(error);
        yield 2;
      }
    }).execute('x');
    await chunks.next();
    const thrown = chunks.throw?.(failure);
    if (maker === 'map') {
      await expect(thrown).rejects.toBe(failure);
      return;
    }
    await expect(thrown).resolves.toEqual({ done: false, value: 2 });
    expect(seen).toEqual([failure]);
    await chunks.return?.();
    await expectEnd('success');
  });
});

describe('a stream that fails before its first chunk', () => {
  /** A stream that fails the first `times` times, and then gives the number of the try. */
  const flaky = (name: string, times: number) => {
    let tries = 0;
    return stream(name, async function* () {
      await Promise.resolve();
      tries += 1;
      if (tries <= times) throw failure;
      yield tries;
    });
  };
  const late = (name: string) =>
    stream(name, async function* () {
      try {
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield -1;
      } finally {
        closed += 1;
      }
    });
  const first = async (chunks: Promise<AsyncIterable<unknown>>) => {
    for await (const chunk of await chunks) return chunk;
    return undefined;
  };

  it('is tried again by retry', async () => {
    const work = retry(flaky('work', 2), { name: 'r', initialDelayMs: 0 });
    await expect(first(work.execute('x'))).resolves.toBe(3);
    await telemetry.expectMetric('tta_retry_attempts_total', { primitive_name: 'r', result: 'success_retried' }, 1);
    const lost = retry(flaky('work', 9), { name: 'l', initialDelayMs: 0, maxRetries: 1 });
    await expect(lost.execute('x')).rejects.toBe(failure);
    await telemetry.expectMetric('tta_retry_attempts_total', { primitive_name: 'l', result: 'failure_exhausted' }, 1);
  });

  it('is replaced by fallback, whose metric says who answered', async () => {
    const work = fallback(flaky('broken', 9), [flaky('good', 0)], { name: 'f' });
    await expect(first(work.execute('x'))).resolves.toBe(1);
    await telemetry.expectMetric('tta_fallback_answers_total', { primitive_name: 'f', answered_by: 'good' }, 1);
    await telemetry.expectMetric('tta_fallback_answers_total', { primitive_name: 'f', answered_by: 'broken' }, 0);
  });

  it('does not win a race, and a stream that loses is closed', async () => {
    const work = race([late('late'), flaky('broken', 9), flaky('good', 0)]);
    await expect(first(work.execute('x'))).resolves.toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(closed).toBe(1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('makes hedge start its second try', async () => {
    const work = hedge(flaky('work', 1), { delayMs: 60_000, name: 'h' });
    await expect(first(work.execute('x'))).resolves.toBe(2);
    await telemetry.expectMetric('tta_hedge_attempts_total', { primitive_name: 'h', result: 'hedge' }, 1);
  });

  it('opens a circuit, as does a failure after the first chunk', async () => {
    const broken = stream('work', async function* (chunks: number) {
      for (let n = 0; n < chunks; n += 1) yield n;
      throw failure;
    });
    for (const chunks of [0, 1]) {
      const work = circuitBreaker(broken, { consecutiveFailures: 1, openMs: 1_000 });
      const read = async () => {
        for await (const _ of await work.execute(chunks));
      };
      await expect(read()).rejects.toBe(failure);
      await expect(work.execute(chunks)).rejects.toThrow('open');
    }
  });

  it('undoes the steps of a saga', async () => {
    const undone: unknown[] = [];
    const undo = task('undo', ({ output }: { output: unknown }) => void undone.push(output));
    const reserve = { name: 'a', do: task('a', () => 'reserved'), compensate: undo };
    const work = saga([reserve, { name: 'b', do: flaky('b', 9) as Primitive<unknown, unknown> }] as never);
    await expect((work as unknown as Primitive<unknown, unknown>).execute('x')).rejects.toBe(failure);
    expect(undone).toEqual(['reserved']);
  });

  it('fails a parallel, which closes the streams beside it', async () => {
    await expect(parallel([late('late'), flaky('broken', 9)]).execute('x')).rejects.toBe(failure);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(closed).toBe(1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('is a timeout where it is silent for too long', async () => {
    const work = timeout(late('late'), { idleMs: 5, name: 't' });
    await expect(work.execute('x')).rejects.toThrow('t gave nothing for 5 ms');
    await expect(timeout(late('late'), { timeoutMs: 5 }).execute('x')).rejects.toThrow('did not finish within 5 ms');
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(closed).toBe(2);
  });

  it('is a failure that a cache passes on; a stream that begins is refused and closed', async () => {
    const key = () => 'k';
    await expect(cache(flaky('work', 9), { key }).execute('x')).rejects.toBe(failure);
    await expect(cache(late('late'), { key }).execute('x')).rejects.toThrow('gave a stream');
    await settled();
    expect(closed).toBe(1);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('frees the slot of a bulkhead, which a stream keeps to its end', async () => {
    const work = bulkhead(flaky('work', 1), { concurrency: 1 });
    await expect(work.execute('x')).rejects.toBe(failure);
    const chunks = await work.execute('x');
    await expect(work.execute('x')).rejects.toThrow('1');
    for await (const _ of chunks);
    await expect(first(work.execute('x'))).resolves.toBe(3);
  });
});
