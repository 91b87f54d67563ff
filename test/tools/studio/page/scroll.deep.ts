import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumPath, useStudio } from '../../../support/browser.ts';
import { workflowSpan } from '../../../support/studio-spans.ts';

const RUNS = 10_000;
const BATCH = 500;

/** Scrolls the list for a while, and measures the time between the frames that the browser draws, in milliseconds. */
async function scrollFor(page: Page, ms: number): Promise<readonly number[]> {
  return await page.evaluate(async (duration) => {
    const grid = document.querySelector('[role=grid]');
    if (grid === null) throw new Error('There is no list');
    const frames: number[] = [];
    const start = performance.now();
    for (let last = start; last - start < duration; ) {
      grid.scrollTop += 120;
      const time = await new Promise<number>((drawn) => requestAnimationFrame(drawn));
      frames.push(time - last);
      last = time;
    }
    return frames.slice(1).sort((one, other) => one - other);
  }, ms);
}

describe.skipIf(chromiumPath === undefined)('a list of ten thousand runs', () => {
  const studio = useStudio();

  test('scrolls to its end, also while runs arrive', async () => {
    for (let i = 0; i < RUNS; i += BATCH) {
      await studio.send(...Array.from({ length: BATCH }, (_, k) => workflowSpan(`run-${i + k}`)));
    }
    const page = await studio.open('/');
    await page.getByRole('link', { name: `run-${RUNS - 1}`, exact: true }).waitFor();
    for (const isLive of [false, true]) {
      const timer = isLive ? setInterval(() => void studio.send(workflowSpan('late')), 100) : undefined;
      const frames = await scrollFor(page, 8_000);
      clearInterval(timer);
      const at = (share: number) => frames[Math.floor(frames.length * share)]?.toFixed(1);
      const rows = await page.locator('.rows > .row').count();
      process.stderr.write(
        `${isLive ? 'live' : 'still'}: ${frames.length} frames in 8 s, median ${at(0.5)} ms, p95 ${at(0.95)} ms, ${rows} rows drawn\n`,
      );
      expect(rows).toBeLessThan(120);
    }
    await expect
      .poll(
        async () => {
          await page.keyboard.press('End');
          return await page.locator('.rows .active .name').textContent();
        },
        { timeout: 60_000 },
      )
      .toBe('run-0');
  });
});
