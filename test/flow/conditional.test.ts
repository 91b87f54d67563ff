import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { conditional, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const double = task('double', (n: number) => n * 2);
const increment = task('increment', (n: number) => n + 1);

describe('conditional', () => {
  it('takes the branch that the test decides, and the input itself without an otherwise', async () => {
    const even = conditional((n: number) => n % 2 === 0, double, increment);
    await expect(even.execute(2)).resolves.toBe(4);
    await expect(even.execute(3)).resolves.toBe(4);
    await expect(conditional((n: number) => n > 9, double).execute(3)).resolves.toBe(3);
    expect(
      telemetry
        .spans()
        .filter(({ name }) => name.startsWith('conditional'))
        .map((span) => span.attributes['tta.conditional.branch']),
    ).toEqual(['then', 'otherwise', 'none']);
  });
});
