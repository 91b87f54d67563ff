import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoopLimitError, loop, task } from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const loopSpan = () => telemetry.spans().find(({ name }) => name.startsWith('loop'));

describe('loop', () => {
  it('feeds the output back until it is good enough', async () => {
    const seen: [number, number][] = [];
    const grow = loop(double, {
      until: (n, iteration) => {
        seen.push([n, iteration]);
        return n > 10;
      },
      maxIterations: 10,
      name: 'grow',
    });
    await expect(grow.execute(3)).resolves.toBe(12);
    expect(seen).toEqual([
      [6, 1],
      [12, 2],
    ]);
    telemetry.expectSpans(`
      loop grow
        task double
        task double
    `);
    expect(loopSpan()?.attributes).toMatchObject({ 'tta.loop.iterations': 2 });
    expect(loopSpan()?.events.map(({ name, attributes }) => [name, attributes])).toEqual([
      ['tta.loop', { 'tta.loop.iteration': 1 }],
      ['tta.loop', { 'tta.loop.iteration': 2 }],
    ]);
    await telemetry.expectMetric('tta_loop_iterations_total', { primitive_name: 'grow' }, 2);
  });

  it('may be satisfied by the last iteration it has, and asks a judge that takes its time', async () => {
    const grow = loop(double, { until: async (n) => n === 8, maxIterations: 3 });
    await expect(grow.execute(1)).resolves.toBe(8);
  });

  it('ends at its limit with the facts, and shows the last output only to code that asks for it', async () => {
    const secret = task('secret', (text: string) => `${text}!`);
    const grow = loop(secret, { until: () => false, maxIterations: 3 });
    const error = await grow.execute('key').catch((reason: unknown) => reason as LoopLimitError);
    expect(error).toBeInstanceOf(LoopLimitError);
    expect(error).toMatchObject({
      message: 'loop around secret: until did not hold within 3 iterations; the last output was a text of 6 characters',
      maxIterations: 3,
      lastOutput: 'key!!!',
    });
    expect(JSON.stringify({ ...(error as LoopLimitError) })).not.toContain('key');
    await telemetry.expectMetric('tta_loop_iterations_total', { primitive_name: 'LoopPrimitive' }, 3);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'loop', outcome: 'failure' }, 1);
  });

  it.each([
    [['a', 'b'], 'an array of 2'],
    [{ a: 1 }, 'an object with 1 keys'],
    [undefined, 'undefined'],
    [7, 'a number'],
  ])('measures %j as %s', async (output, measured) => {
    const same = loop(
      task('same', (_: unknown) => output as unknown),
      { until: () => false, maxIterations: 1 },
    );
    await expect(same.execute(0)).rejects.toThrow(`within 1 iteration; the last output was ${measured}`);
  });

  it('ends with the error of the primitive or of the judge, and tells how far it came', async () => {
    const error = new Error('no');
    const failing = task('failing', (n: number) => (n > 1 ? Promise.reject(error) : n + 1));
    await expect(loop(failing, { until: () => false, maxIterations: 9 }).execute(1)).rejects.toBe(error);
    const failingJudge = loop(double, { until: () => Promise.reject(error), maxIterations: 9 });
    await expect(failingJudge.execute(1)).rejects.toBe(error);
    expect(telemetry.spans().flatMap(({ attributes }) => attributes['tta.loop.iterations'] ?? [])).toEqual([1, 1]);
  });

  it('stops in the tick of an abort, also while the judge ponders', async () => {
    const clock = createVirtualClock();
    const reason = new Error('stop');
    for (const slow of [
      loop(
        task('nap', (n: number, context) => context.clock.sleep(1_000, context.signal).then(() => n)),
        { until: () => false, maxIterations: 9 },
      ),
      loop(double, { until: () => new Promise<boolean>(() => {}), maxIterations: 9 }),
    ]) {
      const controller = new AbortController();
      const running = slow.execute(1, { signal: controller.signal, context: { clock } });
      await settled();
      controller.abort(reason);
      expect(clock.pending).toBe(0);
      await expect(running).rejects.toBe(reason);
    }
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'loop', outcome: 'cancelled' }, 2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('keeps the span small however often it runs', async () => {
    const long = loop(
      task('next', (n: number) => n + 1),
      { until: (n) => n === 1_000, maxIterations: 1_000 },
    );
    await expect(long.execute(0)).resolves.toBe(1_000);
    expect(loopSpan()?.events).toHaveLength(64);
    expect(loopSpan()?.attributes).toMatchObject({ 'tta.loop.iterations': 1_000 });
  });

  it('is refused at construction without a bound, a judge or a primitive', () => {
    expect(() => loop(double, { until: () => true } as never)).toThrow(
      'LoopOptions: maxIterations must be a whole number, 1 or more, got undefined',
    );
    expect(() => loop(double, { until: () => true, maxIterations: 0 })).toThrow(RangeError);
    expect(() => loop(double, { maxIterations: 1 } as never)).toThrow('LoopOptions: until must be a function');
    expect(() => loop((() => 1) as never, { until: () => true, maxIterations: 1 })).toThrow('must be a primitive');
    expect(() => loop(double, { until: () => true, maxIteration: 1 } as never)).toThrow('did you mean maxIterations?');
  });
});
