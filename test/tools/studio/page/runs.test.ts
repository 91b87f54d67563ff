import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import type { StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { axeViolations, chromiumPath, useStudio } from '../../../support/browser.ts';
import { span, workflowSpan } from '../../../support/studio-spans.ts';

const row = (page: Page, name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name }) });
const names = (page: Page) => page.locator('.rows .name').allTextContents();
const activeName = (page: Page) => page.locator('.rows .active .name').textContent();
const scrollTop = (page: Page) => page.locator('[role=grid]').evaluate((grid) => grid.scrollTop);

/** A run with one model call. */
function paidRun(workflow: string, cost: number | undefined): StudioSpan[] {
  const root = workflowSpan(workflow);
  const call = span({
    traceId: root.traceId,
    parentSpanId: root.spanId,
    name: 'chat model-a',
    attributes: {
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'model-a' },
      ...{ 'gen_ai.usage.input_tokens': 1_200, 'gen_ai.usage.output_tokens': 34 },
      ...(cost === undefined ? {} : { 'tta.llm.cost_usd': cost }),
    },
  });
  return [root, call];
}

/** Many runs, the first of them the oldest. */
const manyRuns = (count: number, name = 'many') =>
  Array.from({ length: count }, (_, i) => workflowSpan(`${name}-${String(i).padStart(4, '0')}`));

describe.skipIf(chromiumPath === undefined)('the list of runs', () => {
  describe('of a few', () => {
    const studio = useStudio();

    test('is empty at first, and shows a run when it comes, without a reload', async () => {
      const page = await studio.open('/');
      await page.getByRole('heading', { name: 'No run has arrived yet' }).waitFor();
      await studio.send(workflowSpan('first'));
      await row(page, 'first').waitFor();
      expect(await page.title()).toBe('Runs · Studio');
    });

    test('has status, duration, tokens, dollars and what failed', async () => {
      await studio.send(...paidRun('paid', 0.0123));
      await studio.send(
        workflowSpan('broken', { status: 'error', statusMessage: 'gateway said 503', durationMs: 2_500 }),
      );
      const page = await studio.open('/');
      await row(page, 'paid').getByText('success').waitFor();
      await row(page, 'paid').getByText('1,234', { exact: true }).waitFor();
      await row(page, 'paid').getByText('$0.0123').waitFor();
      await row(page, 'broken').getByText('failure').waitFor();
      await row(page, 'broken').getByText('gateway said 503').waitFor();
      await row(page, 'broken').getByText('2.50 s').waitFor();
    });

    test('says that dollars are unknown where a call has no price', async () => {
      const [root, call] = paidRun('partly', 0.5) as [StudioSpan, StudioSpan];
      const [, unpriced] = paidRun('other', undefined) as [StudioSpan, StudioSpan];
      await studio.send(root, call, { ...unpriced, traceId: root.traceId, parentSpanId: root.spanId });
      await studio.send(...paidRun('unpriced', undefined));
      const page = await studio.open('/');
      await row(page, 'partly')
        .getByText(/≥.*\$0\.5000/)
        .waitFor();
      await row(page, 'partly').getByTitle('the cost of 1 model call is not known').waitFor();
      await row(page, 'unpriced')
        .getByText('unknown', { exact: true })
        .or(row(page, 'unpriced').getByText(/^unknown/))
        .first()
        .waitFor();
    });

    test('has a run that is under way, and changes it in its place when it ends', async () => {
      const root = workflowSpan('growing');
      const child = () => span({ traceId: root.traceId, parentSpanId: root.spanId, name: 'a step' });
      await studio.send(child());
      const page = await studio.open('/?status=running');
      await row(page, 'a step').getByText('running').waitFor();
      await studio.send(child(), root);
      // It does not match the filter any more.
      await page.getByText('No run matches this filter.').waitFor();
      await page.getByRole('link', { name: 'Show all runs' }).click();
      await row(page, 'growing').getByText('success').waitFor();
    });

    test('narrows by a click and by the line, and the address has the filter', async () => {
      const page = await studio.open('/');
      await row(page, 'paid').waitFor();
      await page.getByRole('link', { name: 'Failed', exact: true }).click();
      await row(page, 'paid').waitFor({ state: 'detached' });
      await row(page, 'broken').waitFor();
      expect(new URL(page.url()).searchParams.get('status')).toBe('failure,timeout,rejected');
      const field = page.getByRole('combobox', { name: 'Filter the runs' });
      expect(await field.inputValue()).toBe('status:failure,timeout,rejected');
      await page.keyboard.press('/');
      await page.keyboard.type('workflow:paid');
      await page.keyboard.press('Enter');
      await row(page, 'paid').waitFor();
      expect(new URL(page.url()).search).toBe('?workflow=paid');
      await page.goBack();
      await row(page, 'broken').waitFor();
      await page.goBack();
      await row(page, 'paid').waitFor();
      expect(await field.inputValue()).toBe('');
    });

    test('opens a shared address as it was', async () => {
      const page = await studio.open('/?workflow=paid&sort=dollars');
      await row(page, 'paid').waitFor();
      expect(await names(page)).toEqual(['paid']);
      expect(await page.getByRole('combobox', { name: 'Filter the runs' }).inputValue()).toBe(
        'workflow:paid sort:dollars',
      );
      await page.getByRole('columnheader', { name: /Dollars/, exact: false }).waitFor();
      expect(await page.locator('[aria-sort=descending]').textContent()).toContain('Dollars');
    });

    test('has its filter still when one comes back from a run or from the numbers', async () => {
      const page = await studio.open('/?status=failure&workflow=broken');
      await row(page, 'broken').click();
      await page.waitForURL(/\/run\/[0-9a-f]{32}$/);
      await page.getByRole('heading', { name: 'broken' }).waitFor();
      await expect.poll(() => page.title()).toBe('broken: failure · Studio');
      await page.keyboard.press('Escape');
      await page.waitForURL(/\/\?status=failure&workflow=broken$/);
      await page.getByRole('link', { name: 'Numbers' }).click();
      await page.waitForURL(/\/numbers$/);
      await page.getByRole('link', { name: 'Runs', exact: true }).click();
      await page.waitForURL(/\/\?status=failure&workflow=broken$/);
      expect(await names(page)).toEqual(['broken']);
      expect(await page.title()).toBe('Runs · Studio');
    });

    test('says what is wrong with a filter, and keeps what was typed', async () => {
      const page = await studio.open('/');
      await page.keyboard.press('/');
      await page.keyboard.type('status:bad');
      await page.keyboard.press('Enter');
      await page.getByText(/A status is one of/).waitFor();
      expect(await page.getByRole('combobox', { name: 'Filter the runs' }).inputValue()).toBe('status:bad');
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      expect(await page.getByRole('combobox', { name: 'Filter the runs' }).inputValue()).toBe('');
    });

    test('suggests keys and values, by the keyboard alone', async () => {
      const page = await studio.open('/');
      await row(page, 'paid').waitFor();
      await page.keyboard.press('/');
      await page.keyboard.type('sta');
      await page.getByRole('option', { name: /status:/ }).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.type('fail');
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter');
      await row(page, 'paid').waitFor({ state: 'detached' });
      expect(new URL(page.url()).search).toBe('?status=failure');
    });

    test('hides runs without a workflow or a model call, and says how many', async () => {
      await studio.send(span({ name: 'GET /healthz', scope: 'http' }), span({ name: 'GET /ready', scope: 'http' }));
      const page = await studio.open('/');
      await row(page, 'GET /healthz').waitFor();
      await page.getByRole('link', { name: 'Hide 2 other runs' }).click();
      await row(page, 'GET /healthz').waitFor({ state: 'detached' });
      await page.getByRole('link', { name: 'Show 2 other runs' }).click();
      await row(page, 'GET /healthz').waitFor();
    });

    test('shows hostile texts as text', async () => {
      const hostile = '<img src=x onerror=alert(1)> \u202e\u001b[31m javascript:alert(1)';
      await studio.send(
        workflowSpan(hostile, { service: hostile, status: 'error', statusMessage: `${hostile}${'x'.repeat(100_000)}` }),
      );
      const page = await studio.open('/?status=failure', { width: 2_560 });
      await page
        .getByRole('link', { name: '<img src=x onerror=alert(1)> ⟨U+202E⟩␛[31m javascript:alert(1)' })
        .waitFor();
      expect(await page.locator('img').count()).toBe(0);
      const links = await page.locator('a').evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
      for (const link of links) expect(link).toMatch(/^http:\/\/127\.0\.0\.1:/);
      expect(await axeViolations(page)).toEqual([]);
    });

    test('works on a phone by touch: a filter, two runs to compare, one to open', async () => {
      await studio.send(
        workflowSpan('pocket', { status: 'error', statusMessage: 'no signal' }),
        workflowSpan('pocket'),
      );
      const page = await studio.open('/?workflow=pocket', { width: 360, height: 740 });
      await row(page, 'pocket').first().waitFor();
      for (const box of await page.getByRole('checkbox').all()) await box.click();
      await page.getByRole('button', { name: 'Compare' }).click();
      await page.waitForURL(/\/compare\//);
      await page.goBack();
      await page.getByRole('button', { name: 'Put back' }).click();
      await page.getByRole('link', { name: 'Failed', exact: true }).click();
      await expect.poll(() => names(page)).toEqual(['pocket']);
      await row(page, 'pocket').getByText('no signal').click();
      await page.getByRole('heading', { name: 'pocket' }).waitFor();
      expect(new URL(page.url()).pathname).toMatch(/^\/run\//);
    });

    test('compares two picked runs, or the active one with the newest that worked', async () => {
      await studio.send(workflowSpan('twice', { name: 'one' }));
      await studio.send(workflowSpan('twice', { status: 'error', statusMessage: 'no' }));
      const page = await studio.open('/?workflow=twice');
      await row(page, 'twice').first().waitFor();
      await page.keyboard.press('j');
      await page.keyboard.press('c');
      await page.waitForURL(/\/compare\/[0-9a-f]{32}\/[0-9a-f]{32}$/);
      const path = new URL(page.url()).pathname;
      await page.goBack();
      await row(page, 'twice').first().waitFor();
      await page.keyboard.press('x');
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await page.getByText('Two runs are picked.').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('c');
      await page.waitForURL(/\/compare\//);
      // The older one is "before", in whatever order they were picked.
      expect(new URL(page.url()).pathname).toBe(path);
    });
  });

  describe('of many', () => {
    const studio = useStudio();

    test('is walked through by keys: into a run, and back to where one was', async () => {
      for (let i = 0; i < 3; i++) await studio.send(...manyRuns(200, `walk-${i}`));
      const page = await studio.open('/');
      await row(page, 'walk-2-0199').waitFor();
      for (const key of ['j', 'ArrowDown', 'j', 'k']) await page.keyboard.press(key);
      expect(await activeName(page)).toBe('walk-2-0198');
      for (let i = 0; i < 60; i++) await page.keyboard.press('j');
      expect(await activeName(page)).toBe('walk-2-0138');
      const before = await scrollTop(page);
      expect(before).toBeGreaterThan(500);
      await page.keyboard.press('Enter');
      await page.waitForURL(/\/run\/[0-9a-f]{32}$/);
      await page.goBack();
      await row(page, 'walk-2-0138').waitFor();
      await expect.poll(() => scrollTop(page)).toBe(before);
      expect(await activeName(page)).toBe('walk-2-0138');
      await page.keyboard.press('j');
      expect(await activeName(page)).toBe('walk-2-0137');
    });

    test('loads what is further down when one gets there', async () => {
      const page = await studio.open('/');
      await row(page, 'walk-2-0199').waitFor();
      await page.locator('.count').getByText('200+ runs').waitFor();
      await expect
        .poll(async () => {
          await page.keyboard.press('End');
          return await activeName(page);
        })
        .toBe('walk-0-0000');
      await page.locator('.count').getByText('600 runs').waitFor();
      await page.keyboard.press('Home');
      expect(await activeName(page)).toBe('walk-2-0199');
    });

    test('keeps what one looks at in its place when new runs come, and counts them', async () => {
      const page = await studio.open('/');
      await row(page, 'walk-2-0199').waitFor();
      for (let i = 0; i < 50; i++) await page.keyboard.press('j');
      const active = page.locator('.rows .active');
      const before = await active.boundingBox();
      await studio.send(...manyRuns(3, 'late'));
      await page.getByRole('button', { name: '3 new' }).waitFor();
      expect(await active.boundingBox()).toEqual(before);
      expect(await activeName(page)).toBe('walk-2-0150');
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('button', { name: '3 new' }).click();
      await row(page, 'late-0002').waitFor();
      expect(await scrollTop(page)).toBe(0);
      expect(await page.getByRole('button', { name: /new$/ }).count()).toBe(0);
    });

    test('says that the connection is lost, and catches up after it', async () => {
      const page = await studio.open('/', {
        expected: /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY|Failed to load/,
      });
      await row(page, 'late-0002').waitFor();
      await studio.stop();
      await page.getByText(/Studio does not answer/).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await studio.restart();
      await studio.send(workflowSpan('after the restart'));
      await page.getByText(/Studio does not answer/).waitFor({ state: 'detached' });
      await row(page, 'after the restart').waitFor();
      // That Studio keeps in memory, and has only this one.
      expect(await names(page)).toEqual(['after the restart']);
    });
  });
});
