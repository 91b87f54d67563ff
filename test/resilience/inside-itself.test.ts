/** A policy inside itself: a step that calls itself, or two steps with one shared limit, one around the other. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  type Circuit,
  circuit,
  circuitBreaker,
  fallback,
  type Primitive,
  parallel,
  rateLimit,
  stream,
  task,
} from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const outcome = (running: Promise<unknown>) => running.catch((error: Error) => error);

/** A step that calls itself through its policy: 2 runs 1, and 1 runs 0, which does the work. */
function recursive(policy: (step: Primitive<number, unknown>) => Primitive<number, unknown>, work: () => unknown) {
  const guarded: Primitive<number, unknown> = policy(
    task('step', (depth: number) => (depth === 0 ? work() : guarded.execute(depth - 1))),
  );
  return guarded;
}

describe('a circuit inside itself', () => {
  it.each([1, 2, 5])(
    'closes again when the dependency is back, for a step that calls itself %i times',
    async (depth) => {
      for (const options of [
        { consecutiveFailures: 1, openMs: 1_000 },
        { consecutiveFailures: 3, openMs: 1_000, halfOpenProbes: 2 },
        { failureRatio: 0.5, windowMs: 60_000, minimumThroughput: 2, openMs: 1_000 },
        { consecutiveFailures: 1, openMs: 1_000, key: () => 'same' },
      ]) {
        const clock = createVirtualClock();
        let isDown = true;
        const guarded = recursive(
          (step) => circuitBreaker(step, options),
          () => {
            if (isDown) throw new Error('down');
            return 'up';
          },
        );
        const ask = () => outcome(guarded.execute(depth, { context: { clock } }));
        for (let i = 0; i < 3; i += 1) expect(await ask()).toBeInstanceOf(Error);
        expect(await ask()).toMatchObject({ name: 'CircuitOpenError' });
        isDown = false;
        await clock.advance(1_000);
        for (let i = 0; i < 10; i += 1) expect(await ask()).toBe('up');
      }
    },
  );

  it('counts an error once on its way out, and so does a success', async () => {
    const ends: string[] = [];
    const provider = circuit({ failureRatio: 0.75, windowMs: 60_000, minimumThroughput: 4, openMs: 1_000 });
    const guarded = recursive(
      (step) => circuitBreaker(step, { circuit: provider }),
      () => {
        if (ends.shift() === 'down') throw new Error('down');
      },
    );
    for (const end of ['up', 'down', 'down']) {
      ends.push(end);
      await outcome(guarded.execute(3));
      expect(provider.state).toBe('closed');
    }
    ends.push('down');
    await outcome(guarded.execute(3));
    expect(provider.state).toBe('open');
  });

  it('counts what fails inside, also when the step around it has another answer', async () => {
    const provider = circuit({ consecutiveFailures: 2, openMs: 1_000 });
    const broken = circuitBreaker(
      task('broken', () => Promise.reject(new Error('down'))),
      { circuit: provider },
    );
    const outer = circuitBreaker(
      task('agent', async () => {
        for (let i = 0; i < 3; i += 1) await outcome(broken.execute(undefined));
        return outcome(broken.execute(undefined));
      }),
      { circuit: provider },
    );
    expect(await outer.execute(undefined)).toMatchObject({ name: 'CircuitOpenError' });
  });

  it('takes a success inside for one: failures that do not follow one another open no circuit', async () => {
    const provider = circuit({ consecutiveFailures: 2, openMs: 1_000 });
    let calls = 0;
    const flaky = circuitBreaker(
      task('flaky', () => {
        calls += 1;
        if (calls % 2 === 0) throw new Error('down');
      }),
      { circuit: provider },
    );
    const agent = task('agent', async () => {
      for (let i = 0; i < 10; i += 1) await outcome(flaky.execute(undefined));
    });
    await circuitBreaker(agent, { circuit: provider }).execute(undefined);
    expect([calls, provider.state]).toEqual([10, 'closed']);
  });

  it('opens with the failure of one part of its probe, and waits for no part of it to close', async () => {
    const clock = createVirtualClock();
    const provider: Circuit = circuit({ consecutiveFailures: 1, openMs: 1_000 });
    let isDown = true;
    const part = (name: string, mayFail: boolean) =>
      circuitBreaker(
        task(name, () => (isDown && mayFail ? Promise.reject(new Error('down')) : name)),
        { circuit: provider },
      );
    const whole = circuitBreaker(fallback(parallel([part('a', true), part('b', false)]), [part('c', false)]), {
      circuit: provider,
    });
    const ask = () => outcome(whole.execute(undefined, { context: { clock } }));
    await ask();
    expect(provider.state).toBe('open');
    await clock.advance(1_000);
    await ask();
    expect(provider.state).toBe('open');
    isDown = false;
    await clock.advance(1_000);
    expect(await ask()).toEqual(['a', 'b']);
    expect(provider.state).toBe('closed');
  });

  it('gives what an ended probe left running no place of its own', async () => {
    const clock = createVirtualClock();
    const provider = circuit({ consecutiveFailures: 1, openMs: 1_000 });
    const calls: unknown[] = [];
    const inner = circuitBreaker(
      task('inner', () => calls.push('inner')),
      { circuit: provider },
    );
    let go = () => {};
    let isDown = true;
    let left: Promise<unknown> | undefined;
    const outer = circuitBreaker(
      task('outer', () => {
        if (isDown) throw new Error('down');
        left ??= new Promise<void>((resolve) => {
          go = resolve;
        }).then(() => outcome(inner.execute(undefined)));
      }),
      { circuit: provider },
    );
    const ask = () => outcome(outer.execute(undefined, { context: { clock } }));
    await ask();
    await clock.advance(1_000);
    isDown = false;
    await ask();
    provider.isolate();
    go();
    expect(await left).toMatchObject({ name: 'CircuitOpenError' });
    expect(calls).toEqual([]);
  });
});

describe('a bulkhead inside itself', () => {
  it.each([0, 10])('does not wait for itself, with maxQueue %i', async (maxQueue) => {
    const clock = createVirtualClock();
    const guarded = recursive(
      (step) => bulkhead(step, { concurrency: 1, maxQueue, name: 'b' }),
      () => 'done',
    );
    expect(await guarded.execute(5, { context: { clock } })).toBe('done');
    expect(await guarded.execute(0, { context: { clock } })).toBe('done');
    await telemetry.expectMetric('tta_bulkhead_running', { primitive_name: 'b' }, 0);
  });

  it('runs what is inside one execution one after the other where there is no free slot', async () => {
    let running = 0;
    let most = 0;
    const leaf: Primitive<number, unknown> = task('leaf', async () => {
      running += 1;
      most = Math.max(most, running);
      await settled();
      running -= 1;
    });
    for (const concurrency of [1, 3]) {
      [running, most] = [0, 0];
      const guarded: Primitive<number, unknown> = bulkhead(
        task('step', (depth: number) => (depth === 0 ? leaf.execute(0) : all.execute(depth - 1))),
        { concurrency, maxQueue: 100 },
      );
      const all: Primitive<number, unknown> = parallel([guarded, guarded, guarded]);
      await Promise.all([guarded.execute(3), guarded.execute(3)]);
      expect(most).toBe(concurrency);
    }
  });

  it('ends, keeps its limit and loses no slot for any tree of executions, with failures and aborts', async () => {
    interface Tree {
      readonly ms: number;
      readonly fails: boolean;
      readonly children: readonly Tree[];
    }
    const tree: fc.Memo<Tree> = fc.memo(
      (depth): fc.Arbitrary<Tree> =>
        fc.record({
          ms: fc.integer({ min: 0, max: 5 }),
          fails: fc.boolean(),
          children: depth > 1 ? fc.array(tree(depth - 1), { maxLength: 3 }) : fc.constant([]),
        }),
    );
    const property = fc.asyncProperty(
      fc.array(tree(4), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 20 }),
      async (trees, concurrency, abortMs) => {
        const clock = createVirtualClock();
        let working = 0;
        let most = 0;
        const step: Primitive<Tree, unknown> = bulkhead(
          task('step', async ({ ms, fails, children }: Tree, context) => {
            working += 1;
            most = Math.max(most, working);
            try {
              await context.clock.sleep(ms, context.signal);
            } finally {
              working -= 1;
            }
            await Promise.allSettled(children.map((child) => step.execute(child)));
            if (fails) throw new Error('fails');
          }),
          { concurrency, maxQueue: 1_000 },
        );
        const controller = new AbortController();
        const all = trees.map((one, i) =>
          outcome(step.execute(one, { context: { clock }, signal: i === 0 ? controller.signal : undefined })),
        );
        await clock.advance(abortMs);
        controller.abort();
        await clock.advance(10_000);
        await Promise.all(all);
        expect(most).toBeLessThanOrEqual(concurrency);
        // All slots are free again: as many run at once as at first.
        const leaf = { ms: 1, fails: false, children: [] };
        most = 0;
        const again = Array.from({ length: concurrency + 1 }, () => step.execute(leaf, { context: { clock } }));
        await clock.advance(2);
        await Promise.all(again);
        expect(most).toBe(concurrency);
      },
    );
    await fc.assert(property, { numRuns: 100 });
  });

  it('leaves the slot to what is still running inside when the execution around it has ended', async () => {
    let finish = () => {};
    const seen: string[] = [];
    const guarded: Primitive<string, unknown> = bulkhead(
      task('step', (name: string) => {
        seen.push(name);
        if (name === 'inside')
          return new Promise<void>((resolve) => {
            finish = resolve;
          });
        if (name === 'outside') void guarded.execute('inside');
        return undefined;
      }),
      { concurrency: 1, name: 'b' },
    );
    await guarded.execute('outside');
    await telemetry.expectMetric('tta_bulkhead_running', { primitive_name: 'b' }, 1);
    expect(await outcome(guarded.execute('next'))).toMatchObject({ name: 'BulkheadFullError' });
    finish();
    await settled();
    await guarded.execute('next');
    expect(seen).toEqual(['outside', 'inside', 'next']);
    await telemetry.expectMetric('tta_bulkhead_running', { primitive_name: 'b' }, 0);
  });

  it('keeps the slot of a stream from inside until it has ended', async () => {
    const words = stream('words', async function* (_: unknown) {
      yield 'one';
    });
    const limited: Primitive<unknown, AsyncIterable<string>> = bulkhead(words, { concurrency: 1 });
    const outer = task('outer', () => limited.execute(1));
    for (let i = 0; i < 3; i += 1) {
      const read: string[] = [];
      for await (const word of await outer.execute(undefined)) read.push(word);
      expect(read).toEqual(['one']);
    }
  });
});

it('a rate limit inside itself takes permits for each execution', async () => {
  const clock = createVirtualClock();
  const starts: number[] = [];
  const guarded: Primitive<number, unknown> = rateLimit(
    task('step', (depth: number, context) => {
      starts.push(context.clock.now() - begun);
      return depth === 0 ? 'done' : guarded.execute(depth - 1);
    }),
    { permits: 1, perMs: 100 },
  );
  const begun = clock.now();
  const running = guarded.execute(2, { context: { clock } });
  await clock.advance(200);
  expect(await running).toBe('done');
  expect(starts).toEqual([0, 100, 200]);
});
