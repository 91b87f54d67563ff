import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import {
  type CompensateInput,
  CompensationError,
  type Primitive,
  saga,
  task,
  timeout,
  type WhenUnknownInput,
  workflow,
} from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
let clock: VirtualClock;
let log: string[];
beforeEach(() => {
  telemetry = startTestTelemetry();
  clock = createVirtualClock();
  log = [];
});
afterEach(() => telemetry.stop());

interface StepPlan {
  readonly ms?: number;
  readonly error?: unknown;
  readonly undoMs?: number;
  readonly undoError?: unknown;
  /** Whether the work ends at once when it is aborted. */
  readonly heeds?: boolean;
}

/** A step that says in `log` what it does: adds its name to the text that goes through the saga. */
const step = (name: string, { ms = 0, error, undoMs = 0, undoError, heeds = false }: StepPlan = {}) => ({
  name,
  do: task(name, async (input: string, context) => {
    if (ms > 0) await context.clock.sleep(ms, heeds ? context.signal : undefined);
    if (error !== undefined) throw error;
    log.push(`did ${name}`);
    return `${input}${name}`;
  }),
  compensate: task(`undo ${name}`, async ({ input, output }: CompensateInput<string, string>, context) => {
    if (undoMs > 0) await context.clock.sleep(undoMs, context.signal);
    if (undoError !== undefined) throw undoError;
    log.push(`undid ${name}: ${input} -> ${output}`);
  }),
});

const failing = (name: string, error: unknown, ms = 0) => step(name, { error, ms });
const compensations = (status: string, value: number) =>
  telemetry.expectMetric('tta_saga_compensations_total', { primitive_name: 'SagaPrimitive', status }, value);
const unknownEffects = (value: number) => telemetry.expectMetric('tta_saga_unknown_effects_total', {}, value);

describe('a saga that succeeds', () => {
  it('hands each step the output of the one before and undoes nothing', async () => {
    await expect(saga([step('a'), step('b'), step('c')]).execute('>')).resolves.toBe('>abc');
    expect(log).toEqual(['did a', 'did b', 'did c']);
    await compensations('success', 0);
    telemetry.expectSpans(`
      saga SagaPrimitive
        task a
        task b
        task c
    `);
  });

  it('runs the steps of a nested list at once and hands their outputs on as a tuple', async () => {
    const join = { name: 'join', do: task('join', ([x, y]: readonly [string, string]) => `${x}+${y}`) };
    const running = saga([[step('a', { ms: 20 }), step('b', { ms: 10 })], join]).execute('>', { context: { clock } });
    await clock.advance(20);
    await expect(running).resolves.toBe('>a+>b');
    expect(clock.pending).toBe(0);
  });
});

describe('a saga that fails', () => {
  it('undoes what was done, the last first, and rejects with the very error', async () => {
    const error = new Error('no card');
    await expect(saga([step('a'), step('b'), failing('c', error), step('d')]).execute('>')).rejects.toBe(error);
    expect(log).toEqual(['did a', 'did b', 'undid b: >a -> >ab', 'undid a: > -> >a']);
    await compensations('success', 2);
    await compensations('failure', 0);
    telemetry.expectSpans(`
      saga SagaPrimitive !Error
        task a
        task b
        task c !Error
        compensation b
          task undo b
        compensation a
          task undo a
    `);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'saga', outcome: 'failure' }, 1);
  });

  it('tells every compensation why, and passes by a step that has none', async () => {
    const error = new Error('no card');
    const told: unknown[] = [];
    const tell = task('tell', (done: CompensateInput<string, string>) => {
      told.push(done);
    });
    const silent = { name: 'silent', do: step('silent').do };
    await expect(saga([{ ...step('a'), compensate: tell }, silent, failing('c', error)]).execute('>')).rejects.toBe(
      error,
    );
    expect(told).toEqual([{ input: '>', output: '>a', error }]);
    await compensations('success', 1);
  });

  it('runs the remaining compensations when one fails, and keeps every error', async () => {
    const first = new Error('no card');
    const [undoB, undoA] = [new Error('b is stuck'), new Error('a is stuck')];
    const error = await saga(
      [step('a', { undoError: undoA }), step('b', { undoError: undoB }), step('c'), failing('d', first)],
      { name: 'order' },
    )
      .execute('>')
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CompensationError);
    expect(error).toMatchObject({
      message: 'order failed, and so did 2 of its 3 compensations: what b, a did is not undone; see failures and cause',
      cause: first,
      failures: [
        { step: 'b', error: undoB },
        { step: 'a', error: undoA },
      ],
    });
    expect(log.at(-1)).toBe('undid c: >ab -> >abc');
    const events = telemetry.spans().find(({ name }) => name === 'saga order')?.events ?? [];
    const told = events.filter(({ name }) => name === 'tta.saga.compensation').map(({ attributes }) => attributes);
    expect(told).toEqual([
      { 'tta.saga.step': 'c', 'tta.status': 'success' },
      { 'tta.saga.step': 'b', 'tta.status': 'failure', 'error.type': 'Error', 'exception.message': 'b is stuck' },
      { 'tta.saga.step': 'a', 'tta.status': 'failure', 'error.type': 'Error', 'exception.message': 'a is stuck' },
    ]);
    await telemetry.expectMetric('tta_saga_compensations_total', { primitive_name: 'order', status: 'failure' }, 2);
    await telemetry.expectMetric('tta_saga_compensations_total', { primitive_name: 'order', status: 'success' }, 1);
  });

  it('waits for a concurrent step that hears no abort, and undoes what it still did', async () => {
    const error = new Error('no card');
    const group = [step('slow', { ms: 50 }), failing('b', error, 10)] as const;
    const running = saga([step('a'), group]).execute('>', { context: { clock } });
    running.catch(() => {});
    await clock.advance(10);
    expect(log).toEqual(['did a']);
    await clock.advance(40);
    await expect(running).rejects.toBe(error);
    expect(log).toEqual(['did a', 'did slow', 'undid slow: >a -> >aslow', 'undid a: > -> >a']);
    expect(clock.pending).toBe(0);
    await unknownEffects(0);
  });

  it('undoes steps that ran at once at once, before it goes on to those before them', async () => {
    const group = [step('b', { undoMs: 30 }), step('c', { undoMs: 20 })] as const;
    const last = { name: 'd', do: task('d', (_: readonly [string, string]) => Promise.reject(new Error('no'))) };
    const running = saga([step('a'), group, last]).execute('>', { context: { clock } });
    running.catch(() => {});
    await clock.advance(30);
    await expect(running).rejects.toThrow('no');
    expect(log.slice(3)).toEqual(['undid c: >a -> >ac', 'undid b: >a -> >ab', 'undid a: > -> >a']);
  });

  it('does not wait for a step that has nothing to undo', async () => {
    const error = new Error('no');
    const forever = { name: 'forever', do: task('forever', (_: string) => new Promise<string>(() => {})) };
    await expect(saga([[forever, failing('b', error)]]).execute('>')).rejects.toBe(error);
    await unknownEffects(0);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });
});

describe('a step whose effect is unknown', () => {
  const asked: WhenUnknownInput<string>[] = [];
  const ask = task('ask', (it: WhenUnknownInput<string>) => {
    asked.push(it);
  });
  beforeEach(() => {
    asked.length = 0;
  });
  const abortAt = async (primitive: Primitive<string, unknown>, ms: number, reason: unknown) => {
    const controller = new AbortController();
    const running = primitive.execute('>', { signal: controller.signal, context: { clock } });
    running.catch(() => {});
    await clock.advance(ms);
    controller.abort(reason);
    return running;
  };

  it('is given up on after the grace, and undone by its whenUnknown before all others', async () => {
    const reason = new Error('stop');
    const order = saga([step('a'), { ...step('b', { ms: 10_000 }), whenUnknown: ask }], { graceMs: 100 });
    const running = abortAt(order, 10, reason);
    running.catch(() => {});
    await clock.advance(10);
    await clock.advance(99);
    expect(asked).toEqual([]);
    await clock.advance(1);
    await expect(running).rejects.toBe(reason);
    expect(asked).toEqual([{ input: '>a', error: reason }]);
    expect(log).toEqual(['did a', 'undid a: > -> >a']);
    await unknownEffects(0);
    await compensations('success', 2);
    expect(clock.pending).toBe(1); // the deaf step's own
  });

  it('is counted and shown where nothing can undo it', async () => {
    const running = abortAt(saga([step('a'), step('b', { ms: 10_000, heeds: true })]), 10, new Error('stop'));
    running.catch(() => {});
    await clock.advance(10);
    await expect(running).rejects.toThrow('stop');
    await unknownEffects(1);
    const span = telemetry.spans().find(({ name }) => name === 'saga SagaPrimitive');
    expect(span?.events[0]).toMatchObject({
      name: 'tta.saga.unknown_effect',
      attributes: { 'tta.saga.step': 'b' },
    });
    expect(clock.pending).toBe(0);
  });

  it('is also one that timed out by itself', async () => {
    const slow = step('slow', { ms: 10_000 });
    const running = saga([step('a'), { ...slow, do: timeout(slow.do, { timeoutMs: 50 }), whenUnknown: ask }]).execute(
      '>',
      { context: { clock } },
    );
    running.catch(() => {});
    await clock.advance(50);
    await expect(running).rejects.toThrow('slow did not finish within 50 ms');
    expect(asked).toMatchObject([{ input: '>a', error: { timeoutMs: 50 } }]);
  });

  it('is not one that failed by itself', async () => {
    const error = new Error('no');
    await expect(saga([step('a'), { ...failing('b', error), whenUnknown: ask }]).execute('>')).rejects.toBe(error);
    expect(asked).toEqual([]);
    await unknownEffects(0);
  });
});

describe('a saga that is aborted', () => {
  it('undoes also the step under way if it succeeds in spite of it, though it is the last', async () => {
    const controller = new AbortController();
    const running = saga([step('a'), step('b', { ms: 50 })]).execute('>', {
      signal: controller.signal,
      context: { clock },
    });
    running.catch(() => {});
    await clock.advance(10);
    const reason = new Error('stop');
    controller.abort(reason);
    await clock.advance(40);
    await expect(running).rejects.toBe(reason);
    expect(log).toEqual(['did a', 'did b', 'undid b: >a -> >ab', 'undid a: > -> >a']);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'saga', outcome: 'cancelled' }, 1);
    await telemetry.expectMetric(
      'tta_primitive_outcomes_total',
      { primitive_type: 'compensation', outcome: 'success' },
      2,
    );
  });

  it('starts no further step', async () => {
    const controller = new AbortController();
    const abort = { name: 'b', do: task('b', () => controller.abort(new Error('stop'))) };
    const running = saga([step('a'), abort, step('c') as never]).execute('>', { signal: controller.signal });
    await expect(running).rejects.toThrow('stop');
    expect(log).toEqual(['did a', 'undid a: > -> >a']);
  });

  it('lets compensations run to their end, in the run, on the clock and under the span of the saga', async () => {
    const controller = new AbortController();
    const seen: unknown[] = [];
    const probe = task('probe', (_: string, context) => {
      seen.push([context.tags, context.clock === clock, context.signal.aborted, context.workflowName]);
    });
    const undo = task('undo', async ({ input }: CompensateInput<string, string>, context) => {
      await context.clock.sleep(1_000, context.signal);
      await probe.execute(input);
    });
    const order = workflow('order', saga([{ ...step('a'), compensate: undo }, step('b', { ms: 10, heeds: true })]));
    const running = order.execute('>', { signal: controller.signal, context: { clock, tags: { team: 'x' } } });
    running.catch(() => {});
    await clock.advance(5);
    controller.abort(new Error('stop'));
    await clock.advance(1_000);
    await expect(running).rejects.toThrow('stop');
    expect(seen).toEqual([[{ team: 'x' }, true, false, 'order']]);
    telemetry.expectSpans(`
      invoke_workflow order !Error
        saga SagaPrimitive !Error
          task a
          task b !Error
          compensation a
            task undo
              task probe
    `);
  });
});

describe('the steps of a saga', () => {
  it('carry their types from one to the next', () => {
    const length = { name: 'length', do: task('length', (text: string) => text.length) };
    const even = { name: 'even', do: task('even', (n: number) => n % 2 === 0) };
    const shown = { name: 'shown', do: task('shown', (n: number) => `${n}`) };
    expectTypeOf(saga([length, shown])).toEqualTypeOf<Primitive<string, string>>();
    expectTypeOf(saga([length, [even, shown]])).toEqualTypeOf<Primitive<string, [boolean, string]>>();
    // @ts-expect-error a number is no string
    saga([length, { ...length, name: 'again' }]);
    // @ts-expect-error the output is a number
    saga([{ ...length, compensate: task('undo', (_: CompensateInput<string, Date>) => {}) }]);
    // @ts-expect-error there is no such key
    expect(() => saga([{ name: 'length', do: length.do, undo: length.do }])).toThrow('there is no option "undo"');
  });

  it.each([
    [[], 'saga: needs at least one step, got none'],
    [undefined, 'saga: steps must be a list [{ name, do, compensate }, …], got undefined'],
    [[[]], 'saga: steps that run at once must be one or more, got none'],
    [[{ name: '', do: task('a', () => 1) }], 'saga: step: name must be a text that is not empty, got ""'],
    [
      [{ name: 'a', do: () => 1 }],
      "saga: step a: do must be a primitive, got function do; wrap the function: task('name', fn)",
    ],
    [
      [{ name: 'a', do: task('a', () => 1), compensat: 1 }],
      'saga: step a: there is no option "compensat"; did you mean compensate?',
    ],
    [
      [{ name: 'a', do: task('a', () => 1), whenUnknown: task('a', () => 1) }],
      'saga: step a: whenUnknown needs a compensate beside it',
    ],
    [
      [
        { name: 'a', do: task('a', () => 1) },
        { name: 'a', do: task('a', () => 1) },
      ],
      'saga: two steps are called "a"; give each its own name',
    ],
  ])('are refused at construction: %#', (steps, message) => {
    expect(() => saga(steps as never)).toThrow(message);
  });

  it('have options that are checked too', () => {
    expect(() => saga([step('a')], { graceMs: -1 })).toThrow(
      'SagaOptions: graceMs must be a finite number, 0 or more, got -1',
    );
  });
});

it('leaves nothing behind after 10,000 sagas under one signal, and mixes none of them up', async () => {
  const { signal } = new AbortController();
  const undone = new Set<string>();
  const order = saga([
    {
      name: 'a',
      do: task('a', async (id: string) => id),
      compensate: task('undo', ({ output }: CompensateInput<string, string>) => {
        undone.add(output);
      }),
    },
    {
      name: 'b',
      do: task('b', async (id: string) => {
        await Promise.resolve();
        if (Number(id) % 2 === 1) throw new Error(id);
        return id;
      }),
    },
  ]);
  const results = await Promise.allSettled(
    Array.from({ length: 10_000 }, (_, i) => order.execute(String(i), { signal, context: { clock } })),
  );
  for (const [i, result] of results.entries()) {
    const id = String(i);
    if (i % 2 === 0) expect(result).toEqual({ status: 'fulfilled', value: id });
    else expect(result).toMatchObject({ status: 'rejected', reason: { message: id } });
    expect(undone.has(id)).toBe(i % 2 === 1);
  }
  await settled();
  expect(clock.pending).toBe(0);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
});
