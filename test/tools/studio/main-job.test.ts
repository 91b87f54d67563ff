/** `tta digest --chaos` as a user starts it, and what its Studio shows meanwhile and afterwards. */
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { NumbersAnswer, RunsAnswer } from '../../../src/tools/studio/api.ts';
import { chromiumPath, useStudio } from '../../support/browser.ts';
import { scrape, total } from '../../support/scrape.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { tta } from '../../support/tta.ts';

/** Texts of their own, so that each needs its call: with these faults about a third of the first tries fail. */
const document = (i: number) =>
  Array.from(
    { length: 12 },
    (_, line) => `Ship ${i} carries ${line + 3} crates of tea to harbour ${i * 7 + line}.`,
  ).join(' ');
const files = Object.fromEntries(
  Array.from({ length: 60 }, (_, i) => [`docs/${i}.md`, `# Ship ${i}\n\n${document(i)}`]),
);

describe.skipIf(chromiumPath === undefined)('the main job with --chaos', () => {
  // Only its browser is used: the digest starts a Studio of its own.
  const studio = useStudio();
  const rows = (page: Page) => page.getByRole('treeitem');

  test('grows on the page while it runs, and shows what failed, what was retried, what was cached, and the dollars of the endpoint', async () => {
    const cwd = tempFolder(files);
    const args = ['digest', 'docs', '--chaos', '--offline', '--studio-port', '0', '--every', '1', '--concurrency', '3'];
    const digest = tta(args, { cwd });
    const [, metrics = ''] = await digest.waitForStdout(/Metrics {2}(\S+)/);
    const [, address = ''] = await digest.waitForStdout(/Studio {3}(\S+)/);

    const page = await studio.open();
    await page.goto(address);
    const first = page.getByRole('row').filter({ hasText: 'running' });
    await first.waitFor();
    await first.getByRole('link').first().click();
    const spans = async () =>
      Number(/Spans\s+([\d,]+)/.exec(await page.locator('.run-facts').innerText())?.[1]?.replace(',', ''));
    await expect.poll(spans).toBeGreaterThan(0);
    await page.evaluate(() => Object.assign(globalThis, { isSamePage: true }));
    const early = await spans();
    await expect.poll(spans).toBeGreaterThan(early);
    await page.locator('.run-title').getByText('success').waitFor();
    expect(await page.evaluate(() => 'isSamePage' in globalThis)).toBe(true);

    await digest.waitForStdout(/Written to/);
    await page.locator('.story').getByText('absorbed').first().waitFor();
    expect(await page.locator('.story').innerText()).toMatch(/worked, although .* failed: .*-model-retry/s);
    await page.keyboard.press('e');
    const failed = page.getByRole('treeitem', { selected: true });
    await failed.getByText(/^✕ (failed|timeout)$/).waitFor();
    await page.getByRole('complementary', { name: 'Details' }).getByText('Outcome', { exact: true }).waitFor();
    expect(await rows(page).filter({ hasText: 'tries' }).count()).toBeGreaterThan(0);

    // Later runs are answered by the cache and cost nothing, so the first run has all dollars of the process.
    const shown = /Dollars\s+≥?\s*(?:US)?\$([\d.]+)/.exec(await page.locator('.run-facts').innerText())?.[1];
    const { runs } = (await (await fetch(`${address}/api/runs`)).json()) as RunsAnswer;
    const dollars = runs.reduce((sum, { nanodollars }) => sum + (nanodollars ?? 0), 0) / 1e9;
    expect(dollars).toBeGreaterThan(0);
    await expect
      .poll(async () => Math.abs(total(await scrape(metrics), 'tta_llm_cost_total') - dollars) < 1e-8)
      .toBe(true);
    expect(Math.abs(Number(shown) - dollars)).toBeLessThan(0.01);

    // The numbers are those of the endpoint too, which is scraped every five seconds.
    const counted = async () => {
      const { panels } = (await (await fetch(`${address}/api/numbers?window=all`)).json()) as NumbersAnswer;
      return panels.find(({ id }) => id === 'cost')?.series[0]?.total ?? 0;
    };
    await expect.poll(async () => Math.abs((await counted()) - dollars) < 1e-8, { timeout: 15_000 }).toBe(true);

    await digest.waitForStdout(/run 2/);
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    const cached = page.getByRole('row').filter({ hasText: 'from cache' }).first();
    await cached.getByRole('link').first().click();
    await page.locator('.run-facts').getByText('Cache hits').waitFor();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('cache hit');
    await rows(page).filter({ hasText: 'cache hit' }).first().waitFor();
    await page.close();
    digest.kill('SIGTERM');
    await digest.exited;
  });
});
