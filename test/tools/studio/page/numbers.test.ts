import { describe, expect, test } from 'vitest';
import { axeViolations, chromiumPath, useStudio } from '../../../support/browser.ts';
import { type Answer, endpoint, metrics } from '../numbers/endpoint.ts';

const HOSTILE = '<img src=x onerror=alert(1)>\u202edef';

/** A program with runs, failures, dollars and a budget, which has done `runs` since its start. */
function scrapeOf(runs: number, startedMs: number): Answer {
  const run = (status: string) => `tta_workflow_executions_total{workflow_name="digest",status="${status}"}`;
  const outcome = (name: string) => `tta_workflow_outcomes_total{workflow_name="digest",outcome="${name}"}`;
  const bucket = (bound: string) => `tta_workflow_duration_seconds_bucket{workflow_name="digest",le="${bound}"}`;
  return metrics({
    process_start_time_seconds: startedMs / 1_000,
    [run('success')]: runs - 1,
    [run('failure')]: 1,
    [outcome('success')]: runs - 1,
    [outcome('failure')]: 1,
    [bucket('1')]: runs / 2,
    [bucket('2.5')]: runs,
    [bucket('+Inf')]: runs,
    'tta_llm_cost_total{model="gpt-4o",provider="openai"}': 0.1234 * runs,
    'tta_workflow_llm_cost_total{workflow_name="digest"}': 0.1234 * runs,
    'tta_llm_cost_by_use_total{use="answered"}': 0.1 * runs,
    'tta_llm_cost_by_use_total{use="retried"}': 0.0234 * runs,
    'tta_budget_remaining_dollars{budget="daily"}': 5,
    'tta_circuit_breaker_state{primitive_name="gateway"}': 2,
    'tta_spans_lost_total{reason="queue_full"}': 0,
    [`tta_tenant_llm_cost_total{tenant="${HOSTILE}"}`]: 1,
  });
}

describe.skipIf(chromiumPath === undefined)('the numbers of Studio', () => {
  const studio = useStudio();

  async function program(runs = 8) {
    const startedMs = Date.now() - 1_000;
    const running = await endpoint(scrapeOf(runs, startedMs));
    const tell = async () => {
      const response = await fetch(`${studio.url}/api/targets`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ url: running.url }),
      });
      expect(response.status).toBe(200);
    };
    await tell();
    return {
      ...running,
      async grow(to: number) {
        running.set(scrapeOf(to, startedMs));
        await tell();
      },
    };
  }

  test('say that nothing is scraped, and how to change that', async () => {
    const page = await studio.open('/numbers');
    await page.getByText('No endpoint is scraped').waitFor();
    await page.getByText('--scrape http://127.0.0.1:9464').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  test('show what a program did, with dollars to the cent, and grow without a reload', async () => {
    const running = await program(8);
    const page = await studio.open('/numbers?window=5m');
    const tile = (title: string) => page.locator('.tile', { has: page.getByText(title, { exact: true }) });
    await tile('Executions').getByText('8', { exact: true }).waitFor();
    expect(await tile('Cost').locator('.amount').innerText()).toBe('$0.9872');
    expect(await tile('Cost by use').innerText()).toContain('$0.1872');
    expect(await tile('Failed requests').innerText()).toContain('12.5%');
    expect(await tile('Left of budgets').innerText()).toContain('$5.00');
    expect(await tile('Circuit state').innerText()).toContain('open');
    expect(await tile('Spans lost').innerText()).toContain('0');
    expect(await tile('Cache hit rate').innerText()).toContain('no data');
    await page.evaluate(() => {
      document.body.dataset.same = 'page';
    });
    await running.grow(20);
    await tile('Executions').getByText('20', { exact: true }).waitFor({ timeout: 15_000 });
    expect(await page.evaluate(() => document.body.dataset.same)).toBe('page');
  });

  test('draw charts, and say the same in words', async () => {
    await program();
    const page = await studio.open('/numbers');
    const panel = page.getByRole('figure', { name: 'Request rate by workflow' });
    await panel.locator('canvas').waitFor();
    const colours = await panel.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
      return new Set(Array.from({ length: data.length / 4 }, (_, i) => data.slice(4 * i, 4 * i + 3).join())).size;
    });
    expect(colours).toBeGreaterThan(3);
    expect(
      await panel
        .getByRole('row', { name: /digest/ })
        .first()
        .innerText(),
    ).toMatch(/\/s/);
    await panel.getByText('All values').click();
    await expect.poll(() => panel.getByRole('region').getByRole('row').count()).toBeGreaterThan(60);
    expect(await axeViolations(page)).toEqual([]);
  });

  test('show another time by a click, a key or the address, and a drawn one', async () => {
    await program();
    const page = await studio.open('/numbers');
    const times = page.getByRole('navigation', { name: 'Time' });
    await times.getByRole('link', { name: '1m: the last 1 minute' }).click();
    await expect.poll(() => page.url()).toMatch(/\?window=1m$/);
    const before = await times.locator('.soft').innerText();
    await page.keyboard.press('4');
    await expect.poll(() => page.url()).toMatch(/\?window=1h$/);
    expect(await times.locator('[aria-current]').innerText()).toBe('1h');
    await expect.poll(() => times.locator('.soft').innerText()).not.toBe(before);
    const chart = page.getByRole('figure', { name: 'Request rate by workflow' }).locator('.u-over');
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('there is no chart');
    await page.mouse.move(box.x + box.width / 2, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + (3 * box.width) / 4, box.y + 50, { steps: 5 });
    await page.mouse.up();
    await expect.poll(() => page.url()).toMatch(/\?from=\d+&to=\d+$/);
    const drawn = new URL(page.url()).searchParams;
    expect(Math.abs(Number(drawn.get('to')) - Number(drawn.get('from')) - 900_000)).toBeLessThan(120_000);
    await page.keyboard.press('-');
    await expect.poll(() => page.url()).not.toContain(String(drawn.get('from')));
    await page.goBack();
    await page.goBack();
    await expect.poll(() => page.url()).toMatch(/\?window=1h$/);
  });

  test('lead from a point of a chart to the runs behind it, by mouse and by keys', async () => {
    await program();
    const page = await studio.open('/numbers?window=1m');
    const panel = page.getByRole('figure', { name: 'Failed requests by workflow' });
    const chart = panel.locator('.u-over');
    await chart.scrollIntoViewIfNeeded();
    const box = await chart.boundingBox();
    if (box === null) throw new Error('there is no chart');
    await page.mouse.move(box.x + box.width - 3, box.y + 20);
    await panel
      .locator('output')
      .getByText(/digest\s.*%/)
      .waitFor();
    await page.mouse.click(box.x + box.width - 3, box.y + 20);
    await expect
      .poll(() => page.url())
      .toMatch(/\/\?workflow=digest&status=failure%2Ctimeout%2Crejected&from=\d+&to=\d+$/);
    await page.goBack();
    await panel.getByRole('group', { name: 'Chart of' }).focus();
    await page.keyboard.press('ArrowLeft');
    await panel
      .locator('output')
      .getByText(/digest\s.*%/)
      .waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toMatch(/\/\?workflow=digest&status=.*&from=\d+&to=\d+$/);
    await page.goBack();
    await panel.getByRole('link', { name: 'digest' }).click();
    await expect.poll(() => page.url()).toMatch(/\/\?workflow=digest&status=.*&from=\d+&to=\d+$/);
  });

  test('say what is wrong with an endpoint', async () => {
    const running = await program();
    running.set((_, response) => response.writeHead(401).end());
    const page = await studio.open('/numbers');
    await page.getByText('An endpoint cannot be read').waitFor({ timeout: 15_000 });
    await page
      .getByText('It wants a token', { exact: false })
      .or(page.getByText('it wants a token', { exact: false }))
      .first()
      .waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  test('show names from anywhere as texts', async () => {
    await program();
    const page = await studio.open('/numbers');
    await page.getByText('<img src=x onerror=alert(1)>⟨U+202E⟩def').first().waitFor();
    expect(await page.locator('.numbers img').count()).toBe(0);
  });

  test.each([
    ['dark', { colours: 'dark', width: 1280 }],
    ['as narrow as a phone', { width: 360, height: 740 }],
    ['very wide', { width: 2_560, height: 1_300 }],
    ['in another language', { locale: 'de-CH', zone: 'Asia/Tokyo', reducedMotion: true }],
  ] as const)('are clean %s', async (_, options) => {
    await program();
    const page = await studio.open('/numbers', options);
    await page.getByRole('figure').first().locator('canvas').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
  });
});
