import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CancelScope } from '../../src/core/cancellation.ts';
import { ambientContext, contextAround, ExecutionContext } from '../../src/core/context.ts';
import { createPrimitive, type Run, requirePrimitive, sequence } from '../../src/core/primitive.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const reason = new Error('stop');
const probe = <In, Out>(run: Run<In, Out>, name?: string) => createPrimitive<In, Out>({ type: 'probe', name, run });
const double = probe((n: number) => n * 2, 'double');
const increment = probe((n: number) => n + 1, 'increment');
/** Gives the context that it runs in. */
const look = probe((_: unknown, context: ExecutionContext) => context);

describe('a primitive', () => {
  it('has its kind and the name that its author gave', () => {
    expect(double).toMatchObject({ type: 'probe', name: 'double' });
  });

  it.each([
    ['task', 'TaskPrimitive'],
    ['circuit_breaker', 'CircuitBreakerPrimitive'],
    ['a_b_c', 'ABCPrimitive'],
  ])('of the kind %s is called %s until its author names it', (type, name) => {
    expect(createPrimitive({ type, run: () => 1 }).name).toBe(name);
  });

  it.each([
    ['', '""'],
    ['  \n', '"  \\n"'],
    [7, '7'],
    [null, 'null'],
  ])('refuses %j for a name', (name, shown) => {
    expect(() => createPrimitive({ type: 'probe', name: name as never, run: () => 1 })).toThrow(
      `probe: name must be a text that is not empty, got ${shown}`,
    );
  });

  it.each([
    ['the value', () => 1],
    ['a promise of it', () => Promise.resolve(1)],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
    ['a thenable of it', () => ({ then: (resolve: (value: number) => void) => resolve(1) }) as PromiseLike<number>],
  ])('gives what its work gives, where that is %s', async (_, run) => {
    await expect(probe<void, number>(run).execute()).resolves.toBe(1);
  });

  it.each([
    [
      'throws',
      () => {
        throw reason;
      },
    ],
    ['rejects', () => Promise.reject(reason)],
  ])('rejects with the very error of work that %s', async (_, run) => {
    await expect(probe<void, unknown>(run).execute()).rejects.toBe(reason);
  });

  it('rejects with what was thrown, also where that is no error', async () => {
    await expect(probe<void, unknown>(() => Promise.reject(undefined)).execute()).rejects.toBeUndefined();
  });

  it('begins its work within execute', () => {
    const run = vi.fn(() => 1);
    void probe<void, number>(run).execute();
    expect(run).toHaveBeenCalledOnce();
  });

  it('can run any number of times at once, each with its own input', async () => {
    const slow = probe(async (n: number) => {
      await settled();
      return n;
    });
    const inputs = Array.from({ length: 100 }, (_, i) => i);
    await expect(Promise.all(inputs.map((n) => slow.execute(n)))).resolves.toEqual(inputs);
  });
});

describe('execute', () => {
  it('runs in a context of its own outside of every execution', async () => {
    const [one, other] = await Promise.all([look.execute(1), look.execute(2)]);
    expect(one).toBeInstanceOf(ExecutionContext);
    expect(other.workflowId).not.toBe(one.workflowId);
  });

  it('runs in the context around the caller, which is its own while it runs', async () => {
    const outer = probe(async (_: void, context) => [context, contextAround(), await look.execute(1)]);
    const [context, around, inner] = await outer.execute();
    expect([around, inner]).toEqual([context, context]);
    expect(contextAround()).toBeUndefined();
  });

  it('runs in the context that the options give', async () => {
    const context = ExecutionContext.create({ workflowId: 'w-1' });
    await expect(look.execute(1, { context })).resolves.toBe(context);
    await expect(look.execute(1, { context: { workflowId: 'w-2' } })).resolves.toMatchObject({ workflowId: 'w-2' });
  });

  it('rejects wrong options and never throws', async () => {
    const run = vi.fn(() => 1);
    const running = probe<void, number>(run).execute(undefined, { timeout: 5 } as never);
    await expect(running).rejects.toThrow('ExecuteOptions: there is no option "timeout"');
    expect(run).not.toHaveBeenCalled();
  });

  it('does not begin work whose signal has aborted before', async () => {
    const run = vi.fn(() => 1);
    const running = probe<void, number>(run).execute(undefined, { signal: AbortSignal.abort(reason) });
    await expect(running).rejects.toBe(reason);
    expect(run).not.toHaveBeenCalled();
  });

  it('tells its work of an abort, and then neither listens nor waits', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const waiting = probe((_: void, context) => context.sleep(60_000));
    const running = waiting.execute(undefined, { signal: controller.signal, context: { clock } });
    expect(clock.pending).toBe(1);
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect([clock.pending, getEventListeners(controller.signal, 'abort').length]).toEqual([0, 0]);
  });

  it.each([
    ['succeeded', () => 1],
    ['failed', () => Promise.reject(reason)],
  ])('does not listen to the signal once the work has %s', async (_, work) => {
    const { signal } = new AbortController();
    const running = probe<void, number>(work).execute(undefined, { signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    await Promise.allSettled([running]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaves the scope of a context that it was given as it was', async () => {
    const root = new CancelScope();
    const scope = new CancelScope(root);
    const context = ExecutionContext.create({}).within(scope);
    await look.execute(1, { context });
    root.cancel(reason);
    expect(scope.cancelled).toBe(true);
  });
});

describe('invoke', () => {
  it('runs in the context that it is handed, not in the one around the caller', async () => {
    const [around, handed] = [ExecutionContext.create({}), ExecutionContext.create({})];
    const nested = probe(async () => [contextAround(), ambientContext(), await look.execute(1)]);
    await expect(around.enter(() => nested.invoke(1, handed))).resolves.toEqual([handed, handed, handed]);
    await expect(around.enter(() => nested.execute(1))).resolves.toEqual([around, around, around]);
  });

  it('does not begin work in a scope that has ended', async () => {
    const run = vi.fn(() => 1);
    const scope = new CancelScope();
    scope.cancel(reason);
    await expect(probe<number, number>(run).invoke(1, ambientContext().within(scope))).rejects.toBe(reason);
    expect(run).not.toHaveBeenCalled();
  });

  it('leaves the scope that it is handed to its owner', async () => {
    const { signal } = new AbortController();
    const scope = CancelScope.under(undefined, signal);
    await double.invoke(1, ambientContext().within(scope));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    scope.dispose();
  });
});

describe('the name of the workflow in the context', () => {
  const flow = <In, Out>(name: string, run: Run<In, Out>) =>
    createPrimitive<In, Out>({ type: 'flow', name, workflow: true, run });

  it('is that of the outermost primitive that is one', async () => {
    const inner = flow('inner', (_: void, context) => context.workflowName);
    const outer = flow('outer', (_: void, context) => inner.invoke(undefined, context));
    await expect(inner.execute()).resolves.toBe('inner');
    await expect(outer.execute()).resolves.toBe('outer');
  });

  it('is none where no primitive is one', async () => {
    expect((await look.execute(1)).workflowName).toBeUndefined();
  });
});

describe('pipe', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('makes one sequence, however many there are, and changes none of its parts', async () => {
    const two = double.pipe(increment);
    const three = two.pipe(double);
    const four = three.pipe(increment);
    await expect(two.execute(1)).resolves.toBe(3);
    await expect(three.execute(1)).resolves.toBe(6);
    telemetry.clearSpans();
    await expect(four.execute(1)).resolves.toBe(7);
    telemetry.expectSpans(`
      sequential SequentialPrimitive
        probe double
        probe increment
        probe double
        probe increment
    `);
    await telemetry.expectMetric('tta_workflow_executions_total', { status: 'success' }, 3);
  });

  it('leaves a sequence whole that has a name, and one that comes next', async () => {
    const named = sequence<number, number>([double, increment], 'named');
    const next = sequence<number, number>([increment]);
    await expect(named.pipe(next).execute(1)).resolves.toBe(4);
    telemetry.expectSpans(`
      sequential SequentialPrimitive
        sequential named
          probe double
          probe increment
        sequential SequentialPrimitive
          probe increment
    `);
  });

  it('refuses what is no primitive', () => {
    expect(() => double.pipe(((n: number) => n) as never)).toThrow(
      "pipe: next must be a primitive, got a function; wrap the function: task('name', fn)",
    );
  });
});

describe('a sequence', () => {
  it('gives each step the output of the one before', async () => {
    const steps = sequence<number, number>([double, increment, double]);
    expect(steps).toMatchObject({ type: 'sequential', name: 'SequentialPrimitive' });
    await expect(steps.execute(5)).resolves.toBe(22);
  });

  it('runs all steps in one context, as a workflow', async () => {
    const [one, other] = [
      probe((_: unknown, context) => [context]),
      probe((seen: unknown[], context) => [...seen, context]),
    ];
    const [first, second] = (await sequence<number, ExecutionContext[]>([one, other], 'both').execute(1)) ?? [];
    expect(second).toBe(first);
    expect(first?.workflowName).toBe('both');
  });

  it('begins no step after one that failed, or after its end', async () => {
    const run = vi.fn((n: number) => n);
    const failing = probe<number, number>(() => Promise.reject(reason));
    await expect(sequence<number, number>([failing, probe(run)]).execute(1)).rejects.toBe(reason);

    const controller = new AbortController();
    const aborting = probe((n: number) => {
      controller.abort(reason);
      return n;
    });
    const running = sequence<number, number>([aborting, probe(run)]).execute(1, { signal: controller.signal });
    await expect(running).rejects.toBe(reason);
    expect(run).not.toHaveBeenCalled();
  });
});

describe('what is taken for a primitive', () => {
  it('is one of ours, as it is', () => {
    expect(requirePrimitive('retry', 'primitive', double)).toBe(double);
  });

  it.each<[unknown, string]>([
    [undefined, 'got undefined'],
    [null, 'got null'],
    ['double', 'got "double"'],
    [async function ask() {}, "got function ask; wrap the function: task('name', fn)"],
    [(n: number) => n, "got a function; wrap the function: task('name', fn)"],
    [{ execute: () => 1 }, 'got an object with execute'],
    [{ pipe: 'dream' }, 'got an object with pipe'],
    [[double], 'got an array of 1'],
  ])('is not %o', (value, message) => {
    expect(() => requirePrimitive('retry', 'primitive', value as never)).toThrow(
      new TypeError(`retry: primitive must be a primitive, ${message}`),
    );
  });

  it('is not the primitive of another version of the package: there is a way to mend it', () => {
    expect(() => requirePrimitive('parallel', 'branch x', { pipe: () => {} } as never)).toThrow(
      'parallel: branch x must be a primitive, got an object with pipe, made by another version of tta-primitives: ' +
        'npm ls tta-primitives shows them, npm dedupe leaves one',
    );
  });
});
