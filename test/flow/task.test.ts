import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { createVirtualClock, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

describe('task', () => {
  it('gives what its function gives, at once or later, under its name', async () => {
    await expect(task('now', (n: number) => n * 2).execute(2)).resolves.toBe(4);
    await expect(task('later', async (n: number) => n * 2).execute(3)).resolves.toBe(6);
    telemetry.expectSpans(`
      task now
      task later
    `);
  });

  it('rejects with the very error of its function, thrown at once or later', async () => {
    const error = new Error('no');
    const thrown = task('now', () => {
      throw error;
    });
    await expect(thrown.execute()).rejects.toBe(error);
    await expect(task('later', () => Promise.reject(error)).execute()).rejects.toBe(error);
  });

  it('hands its function the signal, the clock, the ids and the tags of the execution', async () => {
    const clock = createVirtualClock();
    const look = task('look', (_: void, context) => context);
    const context = await look.execute(undefined, { context: { clock, workflowId: 'w', tags: { team: 'search' } } });
    expect(context).toMatchObject({ clock, workflowId: 'w', correlationId: 'w', tags: { team: 'search' } });
    expect(context.signal).toBeInstanceOf(AbortSignal);
  });

  it('rejects with the reason of an abort while its function goes on', async () => {
    const controller = new AbortController();
    let ended = false;
    const clock = createVirtualClock();
    const slow = task('slow', async (_: void, context) => {
      await context.clock.sleep(1_000);
      ended = true;
    });
    const running = slow.execute(undefined, { signal: controller.signal, context: { clock } });
    const reason = new Error('stop');
    controller.abort(reason);
    await expect(running).rejects.toBe(reason);
    expect(ended).toBe(false);
    await clock.advance(1_000);
    expect(ended).toBe(true);
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'task', outcome: 'cancelled' }, 1);
  });

  it('refuses an empty name and what is not a function', () => {
    expect(() => task(' ', () => 1)).toThrow('task: name must be a text that is not empty, got " "');
    expect(() => task('t', 1 as never)).toThrow('task: fn must be a function, got 1');
  });
});
