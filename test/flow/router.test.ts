import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoRouteError, router, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const increment = task('increment', (n: number) => n + 1);

describe('router', () => {
  const routes = { double, increment };

  it('runs the route that the selector names, also one that it names later', async () => {
    const route = router(async (n: number) => (n > 10 ? 'double' : 'increment'), routes);
    await expect(route.execute(11)).resolves.toBe(22);
    await expect(route.execute(1)).resolves.toBe(2);
  });

  it('takes the default where the selector names no route', async () => {
    const route = router(() => undefined, routes, { default: 'increment' });
    await expect(route.execute(1)).resolves.toBe(2);
  });

  it.each(['triple', 'toString', '__proto__', undefined])('rejects route %j with the list of routes', async (name) => {
    const running = router(() => name as never, routes, { name: 'maths' }).execute(1);
    await expect(running).rejects.toBeInstanceOf(NoRouteError);
    await expect(running).rejects.toThrow('its routes are double, increment');
    await telemetry.expectMetric('tta_primitive_outcomes_total', { primitive_type: 'router', outcome: 'rejected' }, 1);
  });

  it('refuses a default that is no route', () => {
    expect(() => router(() => 'double', routes, { default: 'triple' as never })).toThrow(
      'RouterOptions: default must be one of double, increment, got "triple"',
    );
  });
});
