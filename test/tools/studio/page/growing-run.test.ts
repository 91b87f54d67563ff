/** A run that grows while it is looked at, and one that is large. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { chromiumPath, useStudio } from '../../../support/browser.ts';
import { newSpanId, newTraceId, span, workflowSpan } from '../../../support/studio-spans.ts';

const rows = (page: Page) => page.getByRole('treeitem');
const tree = (page: Page) => page.getByRole('tree');

describe.skipIf(chromiumPath === undefined)('a run that grows', () => {
  const studio = useStudio();
  const traceId = newTraceId();
  const root = newSpanId();
  const start = Date.now() * 1_000 - 60e6;
  /** The steps have names of their own, so that they do not fold. */
  const step = (i: number, shape: Partial<StudioSpan> = {}) =>
    span({ traceId, parentSpanId: root, name: `step ${i}`, startUs: start + i * 1_000, durationMs: 5, ...shape });
  const steps = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => step(from + i));

  test('shows new spans without a reload, and keeps what is selected and where it is scrolled to', async () => {
    await studio.send(...steps(100, 300));
    const page = await studio.open(`/run/${traceId}`);
    await rows(page).filter({ hasText: 'step 100' }).waitFor();
    expect(await rows(page).first().innerText()).toContain('still running');
    await tree(page).evaluate((element) => {
      element.scrollTop = 1_400;
    });
    const chosen = rows(page).filter({ hasText: 'step 155' });
    await chosen.click();
    const before = await chosen.boundingBox();
    const marker = await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }).isSamePage);
    // Before it, after it, and again a part of what is there.
    await studio.send(...steps(0, 100), ...steps(300, 400));
    await page.getByText('400', { exact: false }).first().waitFor();
    await expect.poll(() => page.locator('.run-facts').innerText()).toContain('400');
    expect(await chosen.getAttribute('aria-selected')).toBe('true');
    await expect.poll(async () => (await chosen.boundingBox())?.y).toBe(before?.y);
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(marker);
  });

  test('keeps a selected row where it is, also at the top', async () => {
    const page = await studio.open(`/run/${traceId}`);
    const chosen = rows(page).filter({ has: page.getByText('step 5', { exact: true }) });
    await chosen.click();
    const before = await chosen.boundingBox();
    await studio.send(step(500, { startUs: start - 2_000 }), step(501, { startUs: start - 1_000 }));
    await expect.poll(() => page.locator('.run-facts').innerText()).toContain('402');
    await expect.poll(async () => (await chosen.boundingBox())?.y).toBe(before?.y);
  });

  test('is as one left it when one comes back', async () => {
    const page = await studio.open(`/run/${traceId}`);
    await rows(page).first().waitFor();
    const scrolled = () => tree(page).evaluate((element) => element.scrollTop);
    await tree(page).evaluate((element) => {
      element.scrollTop = 1_400;
    });
    await rows(page).filter({ hasText: 'step 60' }).waitFor();
    await page.getByRole('link', { name: 'Numbers' }).click();
    await page.waitForURL(/numbers/);
    await page.goBack();
    await rows(page).filter({ hasText: 'step 60' }).waitFor();
    expect(await scrolled()).toBe(1_400);
  });

  test('is no longer under way when its root has come', async () => {
    const page = await studio.open(`/run/${traceId}`);
    await page.locator('.run-title').getByText('running').waitFor();
    await studio.send(workflowSpan('growing', { traceId, spanId: root, startUs: start, durationMs: 5_000 }));
    await page.locator('.run-title').getByText('success').waitFor();
    await page.getByRole('heading', { name: 'growing' }).waitFor();
    expect(await rows(page).first().innerText()).toContain('growing');
    expect(await page.getByText('still running').count()).toBe(0);
  });

  test('goes on when Studio was away for a while', async () => {
    const page = await studio.open(`/run/${traceId}`, { expected: /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/ });
    await rows(page).first().waitFor();
    await studio.stop();
    await page.getByText('does not answer').waitFor();
    await studio.restart();
    await studio.send(workflowSpan('growing', { traceId, spanId: root, startUs: start, durationMs: 5_000 }), step(7));
    await expect.poll(() => page.locator('.run-facts').innerText(), { timeout: 20_000 }).toMatch(/Spans\s+2\b/);
  });
});

describe.skipIf(chromiumPath === undefined)('a run of ten thousand spans', () => {
  const studio = useStudio();

  test('draws only the rows that are seen, goes to its last one, and finds a span by a word', async () => {
    const traceId = newTraceId();
    const root = newSpanId();
    const startUs = Date.now() * 1_000 - 60e6;
    await studio.send(workflowSpan('large', { traceId, spanId: root, startUs, durationMs: 60_000 }));
    for (let from = 0; from < 10_000; from += 1_000) {
      const part = Array.from({ length: 1_000 }, (_, i) => {
        const at = from + i;
        return span({ traceId, parentSpanId: root, name: `step-${at}`, startUs: startUs + at * 5_000, durationMs: 40 });
      });
      await studio.send(...part);
    }
    const page = await studio.open(`/run/${traceId}`);
    await expect.poll(() => page.locator('.run-facts').innerText()).toContain('10,001');
    expect(await rows(page).count()).toBeLessThan(100);
    await page.keyboard.press('End');
    await rows(page).filter({ hasText: 'step-9999' }).waitFor();
    expect(await rows(page).filter({ hasText: 'step-9999' }).getAttribute('aria-posinset')).toBe('10000');
    expect(await rows(page).count()).toBeLessThan(100);
    await page.keyboard.press('Control+f');
    await page.keyboard.type('step-4321');
    await page.keyboard.press('Enter');
    await page.getByText('1 of 1', { exact: true }).waitFor();
    await rows(page).filter({ hasText: 'step-4321' }).waitFor();
  });

  test('is as deep as it likes', async () => {
    const traceId = newTraceId();
    const ids = Array.from({ length: 3_000 }, newSpanId);
    const startUs = Date.now() * 1_000 - 60e6;
    const spans = ids.map((spanId, i) =>
      span({
        traceId,
        spanId,
        parentSpanId: ids[i - 1] ?? null,
        name: `level ${i}`,
        startUs: startUs + i,
        durationMs: 99,
      }),
    );
    await studio.send(...spans);
    const page = await studio.open(`/run/${traceId}`);
    await rows(page).first().waitFor();
    await page.keyboard.press('End');
    const last = rows(page).filter({ hasText: 'level 2999' });
    await last.waitFor();
    expect(await last.getAttribute('aria-level')).toBe('3000');
    await page.keyboard.press('c');
    await page.getByText('no workflow to compare by').waitFor();
  });
});
