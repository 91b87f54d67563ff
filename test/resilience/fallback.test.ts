import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fallback, task } from '../../src/index.ts';
import { scriptedTask, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

const always = () => true;
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
      [failing('substitute')],
    );
    await expect(answer.execute('x')).resolves.toBe('x');
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'FallbackPrimitive' }, 0);
  });

  it('goes down the chain until one answers, and says which did', async () => {
    const answer = fallback(failing('first'), [failing('second'), task('third', (s: string) => s.length)], {
      name: 'chain',
    });
    await expect(answer.execute('four')).resolves.toBe(4);
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'chain' }, 1);
    const span = telemetry.spans().find(({ name }) => name === 'fallback chain');
    expect(span?.attributes['tta.fallback.answered_by']).toBe('third');
    expect(span?.events.map(({ attributes }) => attributes?.['tta.primitive.name'])).toEqual(['first', 'second']);
  });

  it('rejects with the last error when no substitute answers', async () => {
    await expect(fallback(failing('a'), [failing('b')]).execute('x')).rejects.toThrow('b failed');
  });

  it('hands an aborted execution to no substitute', async () => {
    const controller = new AbortController();
    let asked = 0;
    const answer = fallback(
      task('primary', () => new Promise<string>(() => {})),
      [
        task('substitute', () => {
          asked += 1;
          return '';
        }),
      ],
    );
    const running = answer.execute(undefined, { signal: controller.signal });
    controller.abort(new Error('stop'));
    await expect(running).rejects.toThrow('stop');
    expect(asked).toBe(0);
    await telemetry.expectMetric('tta_fallback_activations_total', {}, 0);
  });

  it('asks a substitute only for the errors that it is for, and says in a metric who answered', async () => {
    const rateLimited = Object.assign(new Error('slow down'), { status: 429 });
    const primary = scriptedTask<string, string>('primary', [
      { result: 'primary' },
      { error: rateLimited },
      { error: new Error('broken') },
    ]);
    const onlyLimits = {
      use: scriptedTask<string, string>('other region', [{ result: 'other' }]),
      when: (error: unknown) => (error as { status?: number }).status === 429,
    };
    const answer = fallback(primary, [onlyLimits, scriptedTask<string, number>('apology', [{ result: 0 }])], {
      name: 'ask',
    });
    const outputs: (string | number)[] = [];
    for (let i = 0; i < 4; i += 1) outputs.push(await answer.execute('x'));
    expect(outputs).toEqual(['primary', 'other', 0, 0]);
    expect(onlyLimits.use.calls).toHaveLength(1);
    for (const [answered_by, count] of [
      ['primary', 1],
      ['other region', 1],
      ['apology', 2],
    ] as const) {
      await telemetry.expectMetric('tta_fallback_answers_total', { primitive_name: 'ask', answered_by }, count);
    }
    await telemetry.expectMetric('tta_fallback_activations_total', { primitive_name: 'ask' }, 3);
  });

  it('gives up with the error itself when no substitute is for it, and counts no activation', async () => {
    const error = new Error('broken');
    const answer = fallback(scriptedTask('primary', [{ error }]), [
      { use: failing('unasked') as never, when: () => false },
    ]);
    await expect(answer.execute('x')).rejects.toBe(error);
    await telemetry.expectMetric('tta_fallback_activations_total', {}, 0);
    telemetry.expectSpans(`
      fallback FallbackPrimitive !Error
        task primary !Error
    `);
  });

  it('decides by the error that came last', async () => {
    const seen: unknown[] = [];
    const when = (error: unknown) => {
      seen.push((error as Error).message);
      return true;
    };
    const answer = fallback(failing('a'), [
      { use: failing('b'), when },
      { use: failing('c'), when },
    ]);
    await expect(answer.execute('x')).rejects.toThrow('c failed');
    expect(seen).toEqual(['a failed', 'b failed']);
  });

  it('refuses a chain without a substitute and a substitute that is no primitive', () => {
    expect(() => fallback(failing('a'), [])).toThrow('fallback: needs at least one substitute, got none');
    expect(() => fallback(failing('a'), [(() => 1) as never])).toThrow(
      "fallback: substitute 1 must be a primitive, got a function; wrap the function: task('name', fn)",
    );
    expect(() => fallback(failing('a'), [{ use: 1 as never }])).toThrow(
      'fallback: substitute 1: use must be a primitive, got 1',
    );
    expect(() => fallback(failing('a'), [{ use: failing('b'), when: true as never }])).toThrow(
      'fallback: substitute 1: when must be a function, got true',
    );
    expect(() => fallback(failing('a'), [{ use: failing('b'), whem: always } as never])).toThrow(
      'there is no option "whem"; known are use, when',
    );
    expect(() => fallback(failing('a'), failing('b') as never)).toThrow(
      'fallback: substitutes must be a list [second, third] of primitives, got the primitive b; give a list: fallback(first, [second, third])',
    );
  });
});
