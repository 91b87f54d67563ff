/** One run on the page of Studio, made by the library itself, by clicks and keys. */
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { RunSummary } from '../../../../src/tools/studio/model/run.ts';
import { axeViolations, chromiumPath, useStudio } from '../../../support/browser.ts';
import { workflowSpan } from '../../../support/studio-spans.ts';
import { planTrips } from '../../../support/studio-workflow.ts';

describe.skipIf(chromiumPath === undefined)('a run on the page of Studio', () => {
  const studio = useStudio();
  let worked = '';
  let failed = '';

  beforeAll(async () => {
    await planTrips(studio.url, { offers: 12 }, { offers: 12, fails: true });
    const runs = await newestRuns(studio.url);
    failed = runs.find(({ status }) => status === 'failure')?.traceId ?? '';
    worked = runs.find(({ status }) => status === 'success')?.traceId ?? '';
  });

  const rows = (page: Page) => page.getByRole('treeitem');
  const row = (page: Page, name: string | RegExp) => rows(page).filter({ hasText: name }).first();
  const details = (page: Page) => page.getByRole('complementary', { name: 'Details' });

  test('opens a failed run on one sentence: what failed, why, and what became of it', async () => {
    const page = await studio.open(`/run/${failed}`);
    const story = page.locator('.story');
    await story.getByText('the bank refused').waitFor();
    expect(await story.innerText()).toMatch(/pay failed.*the bank refused/s);
    await story.getByRole('button', { name: 'pay' }).first().click();
    await details(page).getByRole('heading', { name: 'pay' }).waitFor();
    await page.waitForURL(/span=/);
  });

  test('shows tries, waits, fallbacks, cache hits, the first chunk, model, tokens and dollars', async () => {
    const page = await studio.open(`/run/${worked}`);
    await row(page, 'patient').waitFor();
    expect(await row(page, 'patient').innerText()).toContain('3 tries');
    expect(await row(page, 'patient').locator('.piece.wait').count()).toBe(2);
    expect(await row(page, 'patient').locator('.mark.retry').count()).toBe(2);
    expect(await row(page, 'any-map').innerText()).toContain('fell back to online-map');
    await page.keyboard.press('End');
    expect(await rows(page).filter({ hasText: 'cache hit' }).count()).toBe(1);
    expect(await row(page, /^tell/).locator('.mark.first-chunk').count()).toBe(1);
    await row(page, /^tell/).click();
    const facts = await details(page).innerText();
    expect(facts).toContain('trip-model');
    expect(facts).toContain('120 in, 30 out (20 from the cache)');
    expect(facts).toMatch(/First chunk\s+after/);
    expect(await row(page, 'seats').count()).toBe(1);
  });

  test('says of a span that failed what absorbed it, and leads there', async () => {
    const page = await studio.open(`/run/${worked}`);
    await row(page, 'paper-map').click();
    await details(page).getByText('Absorbed by').waitFor();
    expect(await details(page).innerText()).toMatch(/Absorbed by\s+fallback any-map\s+by the answer of online-map/);
    await details(page).getByRole('button', { name: 'fallback any-map' }).click();
    await details(page).getByRole('heading', { name: 'any-map' }).waitFor();
  });

  test('folds twelve equal siblings into one row, and opens them in their place', async () => {
    const page = await studio.open(`/run/${worked}`);
    const fold = row(page, '× 12');
    await fold.waitFor();
    expect(await fold.getAttribute('aria-expanded')).toBe('false');
    expect(await fold.innerText()).toMatch(/max .*ms/);
    expect(await rows(page).filter({ hasText: 'SequentialPrimitive' }).count()).toBeLessThan(12);
    await fold.click();
    await details(page).getByText('12 equal siblings').waitFor();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => fold.getAttribute('aria-expanded')).toBe('true');
    await expect.poll(() => rows(page).and(page.locator('[aria-setsize="12"]')).count()).toBeGreaterThan(3);
    await page.keyboard.press('ArrowLeft');
    await expect.poll(() => fold.getAttribute('aria-expanded')).toBe('false');
  });

  test('Ctrl+F searches in the run, and opens the fold that hides what it finds', async () => {
    const page = await studio.open(`/run/${worked}`);
    await row(page, '× 12').waitFor();
    await page.keyboard.press('Control+f');
    await page.keyboard.type('offer-price');
    await page.keyboard.press('Enter');
    await page.getByText('1 of 12').waitFor();
    expect(await rows(page).filter({ hasText: 'offer-price' }).count()).toBeGreaterThan(0);
    await page.keyboard.press('Enter');
    await page.getByText('2 of 12').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).not.toBe('INPUT');
  });

  test('a link to a span opens it, within its fold, also after a restart of the browser', async () => {
    const page = await studio.open(`/run/${worked}`);
    const fold = row(page, '× 12');
    await fold.click();
    await details(page).getByRole('listitem').first().getByRole('button').click();
    await page.waitForURL(/span=[0-9a-f]{16}/);
    const again = await studio.open(new URL(page.url()).pathname + new URL(page.url()).search);
    await again.locator('[aria-selected=true]').waitFor();
    expect(await again.locator('[aria-selected=true]').getAttribute('aria-level')).not.toBe('1');
    await details(again).getByText('Outcome').waitFor();
  });

  test('says that messages are not captured, and marks them where they are', async () => {
    const page = await studio.open(`/run/${worked}`);
    await row(page, /^tell/).click();
    await details(page).getByText('Messages are not captured').waitFor();
    await planTrips(studio.url, { captureContent: true });
    const [newest] = await newestRuns(studio.url);
    const captured = await studio.open(`/run/${newest?.traceId}?tab=messages`);
    await captured.getByText('Answer to Which one?').first().waitFor();
    expect(await captured.locator('.badge', { hasText: 'captured' }).count()).toBeGreaterThan(0);
  });

  test('shows an error with the chain of its causes, as many as there are', async () => {
    const stack = [
      'Error: no answer',
      '    at ask (app.js:1:1)',
      'Caused by: TypeError: fetch failed',
      '    at node:internal',
      'Caused by: SocketError: other side closed',
    ].join('\n');
    const attributes = { 'exception.type': 'Error', 'exception.message': 'no answer', 'exception.stacktrace': stack };
    const root = workflowSpan('asking', {
      status: 'error',
      statusMessage: 'no answer',
      events: [{ name: 'exception', atUs: Date.now() * 1_000, attributes }],
    });
    await studio.send(root);
    const page = await studio.open(`/run/${root.traceId}`);
    await page.locator('.story').getByText('no answer').first().waitFor();
    await page.keyboard.press('e');
    const causes = details(page).getByRole('list', { name: 'Causes' });
    await causes.waitFor();
    expect(await causes.getByRole('listitem').allInnerTexts()).toEqual([
      'caused by TypeError: fetch failed',
      'caused by SocketError: other side closed',
    ]);
  });

  test('the graph shows each primitive once, with its number and its failures', async () => {
    const page = await studio.open(`/run/${failed}`);
    await page.getByRole('link', { name: 'Graph' }).click();
    await page.getByRole('button', { name: /llm ask.*13 ×/ }).waitFor();
    const pay = page.getByRole('button', { name: /task pay.*✕ 1/ });
    await pay.focus();
    await page.keyboard.press('Enter');
    await details(page).getByText('the bank refused').first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  test('c compares with the newest run that worked: what failed, what is missing, time and dollars', async () => {
    const page = await studio.open(`/run/${failed}`);
    await row(page, 'patient').waitFor();
    await page.keyboard.press('c');
    await page.waitForURL(/\/compare\//);
    await page.getByText('success became failure').waitFor();
    expect(await page.locator('.story').innerText()).toMatch(/first difference is pay, which failed/);
    await page.getByRole('row').filter({ hasText: 'pay task' }).first().click();
    await page.getByRole('complementary', { name: 'Step' }).getByText('the bank refused').first().waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.waitForURL(`${studio.url}/run/${failed}`);
  });

  test('bars have their colours, and the selected row a frame, where the system has its own colours', async () => {
    const page = await studio.open(`/run/${failed}`);
    const bar = row(page, 'pay').locator('.piece');
    const colour = () => bar.first().evaluate((element) => getComputedStyle(element).backgroundColor);
    const before = await colour();
    await page.emulateMedia({ forcedColors: 'active' });
    expect(await colour()).toBe(before);
    await row(page, 'pay').click();
    const selected = page.getByRole('treeitem', { selected: true });
    expect(await selected.evaluate((element) => getComputedStyle(element).outlineStyle)).toBe('solid');
  });

  test('numbers beside one another keep their order where the digits are Arabic', async () => {
    const page = await studio.open(`/run/${worked}`, { locale: 'ar-EG' });
    await row(page, 'patient').waitFor();
    const spans = page.locator('.run-facts > div').filter({ hasText: 'Spans' }).locator('dd');
    const [all, failing] = await spans.evaluate((element) => {
      const range = document.createRange();
      range.selectNode(element.firstChild as Node);
      return [range, element.querySelector('.bad') as Element].map((each) => each.getBoundingClientRect().left);
    });
    expect(all).toBeLessThan(failing as number);
  });

  test('axe finds nothing, wide and narrow, light and dark, with details and without', async () => {
    for (const [width, colours] of [
      [2_560, 'light'],
      [1_280, 'dark'],
      [360, 'light'],
      [360, 'dark'],
    ] as const) {
      const page = await studio.open(`/run/${worked}`, { width, colours });
      await row(page, 'patient').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await row(page, 'patient').click();
      await details(page).getByText('Failed tries').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(wide).toBe(0);
    }
  });
});

async function newestRuns(url: string): Promise<readonly RunSummary[]> {
  const response = await fetch(`${url}/api/runs`);
  return ((await response.json()) as { runs: readonly RunSummary[] }).runs;
}
