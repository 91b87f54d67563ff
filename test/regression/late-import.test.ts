/**
 * Primitives that were loaded when an SDK was registered already, as `node --import tta-primitives/register app.js`
 * loads them, were not counted: only the instruments that existed when the provider came were made there.
 */
import { afterEach, expect, it } from 'vitest';
import { lostSpans } from '../../src/telemetry/lost-spans.ts';
import { currentMeter } from '../../src/telemetry/meter.ts';
// Not the front door of `testing`: that would load the primitives.
import { startTestTelemetry } from '../../src/testing/telemetry.ts';

const telemetry = startTestTelemetry();
afterEach(() => telemetry.stop());

it('counts and times primitives that are loaded after the provider came, and loses nothing counted before', async () => {
  expect(currentMeter()).toBeDefined();
  lostSpans('shutdown').value += 3;
  const { task } = await import('../../src/index.ts');
  await task('late', () => 'in time').execute();
  await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'late', status: 'success' }, 1);
  await telemetry.expectMetric('tta_execution_duration_seconds_count', { primitive_type: 'task' }, 1);
  await telemetry.expectMetric('tta_spans_lost_total', { reason: 'shutdown' }, 3);
});
