import { afterEach, expect, it, vi } from 'vitest';
import { type EventLoopDelay, measureEventLoopDelay } from '../../src/platform/event-loop-delay.ts';

let delay: EventLoopDelay | undefined;
afterEach(() => delay?.stop());

function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

it('is 0 before a measurement, grows when the loop is blocked, and is 0 after reset', async () => {
  const measured = measureEventLoopDelay();
  delay = measured;
  expect([measured.percentileMs(50), measured.percentileMs(99), measured.maxMs()]).toEqual([0, 0, 0]);
  await vi.waitFor(
    () => {
      block(60);
      expect(measured.maxMs()).toBeGreaterThan(40);
    },
    { timeout: 10_000 },
  );
  expect(measured.percentileMs(100)).toBeGreaterThan(40);
  measured.stop();
  measured.reset();
  expect([measured.percentileMs(99), measured.maxMs()]).toEqual([0, 0]);
});
