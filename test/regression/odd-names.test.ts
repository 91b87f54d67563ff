/**
 * Two names with a NUL shared a series, an author's `__other__` and the overflow were two series of one name of which a
 * reader keeps one, and a name of 10,000 characters stood twice on every span.
 */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fallback, loop, task, workflow } from '../../src/index.ts';
import { MAX_SERIES } from '../../src/telemetry/semconv.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

it('keeps apart names that differ only in where a NUL stands', async () => {
  const spare = task('spare', () => 0);
  await fallback(
    task('b\u0000c', () => 1),
    [spare],
    { name: 'a' },
  ).execute();
  await fallback(
    task('c', () => 1),
    [spare],
    { name: 'a\u0000b' },
  ).execute();
  const { samples } = await telemetry.scrape();
  const answers = samples.filter(({ name, value }) => name === 'tta_fallback_answers_total' && value > 0);
  expect(answers.map(({ value }) => value)).toEqual([1, 1]);
});

it('bounds names on spans as it does on metrics', async () => {
  const name = 'x'.repeat(10_000);
  await workflow(
    name,
    task(name, () => 1),
  ).execute();
  for (const span of telemetry.spans()) {
    expect(span.name.length).toBeLessThanOrEqual(256);
    for (const value of Object.values(span.attributes)) expect(String(value).length).toBeLessThanOrEqual(256);
  }
});

it('adds what an author calls __other__ to the series of that name, and loses neither', async () => {
  const once = (name: string) =>
    loop(
      task('t', (n: number) => n),
      { name, until: () => true, maxIterations: 1 },
    );
  const own = once('__other__');
  for (let i = 0; i < MAX_SERIES; i += 1) once(`loop-${i}`);
  await once('one too many').execute(1);
  await own.execute(1);
  await telemetry.expectMetric('tta_loop_iterations_total', { primitive_name: '__other__' }, 2);
});
