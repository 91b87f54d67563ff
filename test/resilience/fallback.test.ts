import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fallback, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const failing = (name: string) =>
  task(name, (_: string): string => {
    throw new Error(`${name} failed`);
  });

describe('fallback', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('does not touch the substitutes while the primary answers', async () => {
    const answer = fallback(
      task('primary', (s: string) => s),
      failing('substitute'),
    );
    await expect(answer.execute('x')).resolves.toBe('x');
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'FallbackPrimitive' }, 0);
  });

  it('goes down the chain until one answers, and says which did', async () => {
    const answer = fallback(
      failing('first'),
      failing('second'),
      task('third', (s: string) => s.length),
      { name: 'chain' },
    );
    await expect(answer.execute('four')).resolves.toBe(4);
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'chain' }, 1);
    const span = telemetry.spans().find(({ name }) => name === 'fallback chain');
    expect(span?.attributes['tta.fallback.answered_by']).toBe('third');
    expect(span?.events.map(({ attributes }) => attributes?.['tta.primitive.name'])).toEqual(['first', 'second']);
  });

  it('rejects with the last error when nobody answers', async () => {
    await expect(fallback(failing('a'), failing('b')).execute('x')).rejects.toThrow('b failed');
  });

  it('hands an aborted execution to nobody', async () => {
    const controller = new AbortController();
    let asked = 0;
    const answer = fallback(
      task('primary', () => new Promise<string>(() => {})),
      task('substitute', () => {
        asked += 1;
        return '';
      }),
    );
    const running = answer.execute(undefined, { signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(running).rejects.toThrow('stop');
    expect(asked).toBe(0);
    await telemetry.expectMetric('tta_fallback_activations_total', {}, 0);
  });

  it('refuses a chain without a substitute and a substitute that is no primitive', () => {
    expect(() => fallback(failing('a'))).toThrow('fallback: needs at least one substitute, got none');
    expect(() => fallback(failing('a'), (() => 1) as never)).toThrow(
      "fallback: substitute 1 must be a primitive, got a function; wrap the function: task('name', fn)",
    );
  });
});
