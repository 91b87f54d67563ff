import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPrimitive } from '../../src/core/primitive.ts';
import { RaceError, race, stream, task } from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedTask,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const answering = <Out>(name: string, delayMs: number, result: Out) =>
  scriptedTask<string, Out>(name, [{ result, delayMs }]);
const failing = (name: string, delayMs: number, error: unknown) =>
  scriptedTask<string, never>(name, [{ error, delayMs }]);
const raceSpan = () => telemetry.spans().find(({ name }) => name === 'race RacePrimitive');
const outcome = (type: string, name: string, value: number) =>
  telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: type, outcome: name }, value);

describe('race', () => {
  it('gives the first answer and aborts the others at once', async () => {
    const clock = createVirtualClock();
    const running = race([answering('far', 900, 1), answering('near', 300, 2), answering('gone', 500, 3)]).execute(
      'x',
      {
        context: { clock },
      },
    );
    await clock.advance(300);
    await expect(running).resolves.toBe(2);
    expect(clock.pending).toBe(0);
    expect(raceSpan()?.attributes).toMatchObject({ 'tta.race.winner': 'near', 'tta.race.winner_index': 1 });
    await outcome('race', 'success', 1);
    await outcome('task', 'success', 1);
    await outcome('task', 'superseded', 2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('tells the losers why through their signal, and the winner nothing', async () => {
    const signals: AbortSignal[] = [];
    const branch = (name: string, ms: number) =>
      task(name, async (_: string, context) => {
        signals.push(context.signal);
        await context.clock.sleep(ms, context.signal);
      });
    const clock = createVirtualClock();
    const running = race([branch('slow', 20), branch('quick', 10)], { name: 'duel' }).execute('x', {
      context: { clock },
    });
    await clock.advance(10);
    await running;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    expect(signals[0]?.reason).toMatchObject({ name: 'AbortError', message: 'duel: quick answered first' });
  });

  it('does not wait for a loser that still has something to finish', async () => {
    let finish = () => {};
    const tidy = createPrimitive<string, string>({
      type: 'task',
      name: 'tidy',
      run: () =>
        new Promise((resolve) => {
          finish = () => resolve('late');
        }),
    });
    await expect(race([tidy, answering('now', 0, 'now')]).execute('x')).resolves.toBe('now');
    await telemetry.expectMetric('tta_primitive_active', { primitive_type: 'task' }, 1);
    finish();
    await settled();
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
    await outcome('race', 'success', 1);
  });

  it('goes on without those who fail', async () => {
    const clock = createVirtualClock();
    const running = race([failing('broken', 1, new Error('no')), answering('slow', 5, 'yes')]).execute('x', {
      context: { clock },
    });
    await clock.advance(5);
    await expect(running).resolves.toBe('yes');
    await outcome('task', 'failure', 1);
  });

  it('fails with all errors in the order of the branches when no branch answers', async () => {
    const clock = createVirtualClock();
    const [first, second] = [new Error('late'), new TypeError('early')];
    const running = race([failing('a', 5, first), failing('b', 1, second)]).execute('x', { context: { clock } });
    const failure = running.catch((error: unknown) => error as RaceError);
    await clock.advance(5);
    expect(await failure).toBeInstanceOf(RaceError);
    expect(await failure).toBeInstanceOf(AggregateError);
    expect((await failure) as RaceError).toMatchObject({
      name: 'RaceError',
      message: 'race: all 2 branches failed: a: Error: late; b: TypeError: early',
      errors: [first, second],
    });
    await outcome('race', 'failure', 1);
  });

  it('says of many failures only the first few, each cut short', async () => {
    const many = Array.from({ length: 9 }, (_, i) => failing(`b${i}`, 0, new Error('x'.repeat(1_000))));
    const error = (await race(many)
      .execute('x')
      .catch((reason: unknown) => reason)) as RaceError;
    expect(error.errors).toHaveLength(9);
    expect(error.message.length).toBeLessThan(800);
    expect(error.message).toMatch(/; and 4 more$/);
  });

  it('ends with the reason in the tick of an abort, all branches with it', async () => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const running = race([answering('a', 10, 1), answering('b', 20, 2)]).execute('x', {
      signal: controller.signal,
      context: { clock },
    });
    await settled();
    const reason = new Error('stop');
    controller.abort(reason);
    expect(clock.pending).toBe(0);
    await expect(running).rejects.toBe(reason);
    await outcome('race', 'cancelled', 1);
    await outcome('task', 'cancelled', 2);
  });

  it('lets the winning stream be read to its end, still under the caller’s signal', async () => {
    const numbers = stream('numbers', async function* (_: string, context) {
      for (let n = 1; n <= 3; n += 1) {
        context.signal.throwIfAborted();
        yield n;
      }
    });
    const read: number[] = [];
    for await (const n of await race([numbers, task('never', (_: string) => new Promise<never>(() => {}))]).execute(
      'x',
    )) {
      read.push(n);
    }
    expect(read).toEqual([1, 2, 3]);
    await outcome('race', 'success', 1);
    const controller = new AbortController();
    const chunks = await race([numbers]).execute('x', { signal: controller.signal });
    await chunks.next();
    controller.abort(new Error('enough'));
    await expect(chunks.next()).rejects.toThrow('enough');
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('closes the stream of a loser', async () => {
    const endless = (name: string) =>
      stream(name, async function* (_: string) {
        for (let n = 1; ; n += 1) yield n;
      });
    const chunks = await race([endless('one'), endless('two')]).execute('x');
    await settled();
    await telemetry.expectMetric('tta_primitive_active', { primitive_type: 'stream' }, 1);
    await outcome('stream', 'superseded', 1);
    await expect(chunks.next()).resolves.toEqual({ done: false, value: 1 });
    await chunks.return?.();
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('is right ten thousand times at once', async () => {
    const duel = race([task('a', async (n: number) => n), task('b', () => new Promise<never>(() => {}))]);
    const all = await Promise.all(Array.from({ length: 10_000 }, (_, n) => duel.execute(n)));
    expect(all).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
    await outcome('task', 'superseded', 10_000);
  });

  it('is refused at construction without branches that are primitives', () => {
    expect(() => race([])).toThrow('race: needs at least one branch, got none');
    expect(() => race({} as never)).toThrow('race: branches must be a list [a, b] of primitives, got an object');
    expect(() => race([() => 1] as never)).toThrow('race: branch 1 must be a primitive');
    expect(() => race([answering('a', 1, 1)], { nam: 'x' } as never)).toThrow('did you mean name?');
  });
});
