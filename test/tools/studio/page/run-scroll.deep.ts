import { describe, expect, test } from 'vitest';
import { chromiumPath, useStudio } from '../../../support/browser.ts';
import { newSpanId, newTraceId, span, workflowSpan } from '../../../support/studio-spans.ts';

const SPANS = 10_000;
const BATCH = 500;
const SECONDS = 8;

describe.skipIf(chromiumPath === undefined)('a run of ten thousand spans', () => {
  const studio = useStudio();

  test('scrolls and grows with the frames of the browser', async () => {
    const [traceId, root] = [newTraceId(), newSpanId()];
    const startUs = Date.now() * 1_000 - 60e6;
    const batch = (from: number) =>
      Array.from({ length: BATCH }, (_, i) =>
        span({ traceId, parentSpanId: root, name: `step-${from + i}`, startUs: startUs + (from + i) * 5_000 }),
      );
    for (let from = 0; from < SPANS / 2; from += BATCH) await studio.send(...batch(from));
    const page = await studio.open(`/run/${traceId}`);
    await page.getByRole('treeitem').first().waitFor();
    for (const isLive of [false, true]) {
      let from = SPANS / 2;
      const grow = async () => {
        if (from < SPANS) await studio.send(...batch(from));
        from += BATCH;
      };
      const timer = isLive ? setInterval(() => void grow(), (SECONDS * 1_000) / (SPANS / 2 / BATCH) / 2) : undefined;
      const frames = await page.getByRole('tree').evaluate(async (tree, ms) => {
        const found: number[] = [];
        const start = performance.now();
        for (let last = start; last - start < ms; ) {
          tree.scrollTop += 120;
          const time = await new Promise<number>((drawn) => requestAnimationFrame(drawn));
          found.push(time - last);
          last = time;
        }
        return found.slice(1).sort((one, other) => one - other);
      }, SECONDS * 1_000);
      clearInterval(timer);
      const at = (share: number) => frames[Math.floor(frames.length * share)]?.toFixed(1);
      process.stderr.write(
        `${isLive ? 'growing' : 'still'}: ${frames.length} frames in ${SECONDS} s, median ${at(0.5)} ms, p95 ${at(0.95)} ms\n`,
      );
      expect(await page.getByRole('treeitem').count()).toBeLessThan(120);
    }
    await studio.send(workflowSpan('large', { traceId, spanId: root, startUs, durationMs: 60_000 }));
    await expect
      .poll(() => page.locator('.run-facts').innerText(), { timeout: 60_000 })
      .toContain((SPANS + 1).toLocaleString('en-GB'));
    await page.keyboard.press('End');
    await page
      .getByRole('treeitem')
      .filter({ hasText: `step-${SPANS - 1}` })
      .waitFor();
  });
});
