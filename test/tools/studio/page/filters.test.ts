import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { chromiumPath, useStudio } from '../../../support/browser.ts';
import { span, workflowSpan } from '../../../support/studio-spans.ts';

const names = (page: Page) => page.locator('.rows .name').allTextContents();

describe.skipIf(chromiumPath === undefined)('the filter of the list', () => {
  const studio = useStudio();

  test.each([
    'target',
    'status:timeout',
    'workflow:"target run"',
    'service:billing',
    'model:model-z',
    'session:s-42',
    'correlation:"order 7/b"',
    'tenant:acme',
    'tag.file:"docs/READ ME.md"',
    '>60s',
    '>$1',
    '>=50000tokens',
    'gateway unreachable',
    'from:2031-01-01',
    'kind:workflow status:timeout >$1 gateway',
  ])('finds the one run with %s, and its address opens the same list', async (line) => {
    const target = workflowSpan('target run', {
      service: 'billing',
      startUs: Date.UTC(2031, 5, 1) * 1_000,
      durationMs: 90_000,
      status: 'error',
      statusMessage: 'the gateway is unreachable',
      attributes: {
        ...{ 'tta.outcome': 'timeout', 'session.id': 's-42', 'tta.correlation.id': 'order 7/b', 'tta.tenant': 'acme' },
        ...{ 'tta.tag.file': 'docs/READ ME.md' },
      },
    });
    const call = span({
      ...{ traceId: target.traceId, parentSpanId: target.spanId, name: 'chat', service: 'billing', scope: 'any' },
      startUs: target.startUs,
      attributes: {
        ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'model-z', 'tta.llm.cost_usd': 1.5 },
        ...{ 'gen_ai.usage.input_tokens': 60_000, 'gen_ai.usage.output_tokens': 5 },
      },
    });
    if ((await (await fetch(`${studio.url}/api/runs`)).json()).runs.length === 0) {
      await studio.send(
        target,
        call,
        workflowSpan('another', { service: 'shop' }),
        span({ name: 'GET /', scope: 'http' }),
      );
    }
    const page = await studio.open('/');
    await expect.poll(() => names(page)).toHaveLength(3);
    await page.keyboard.press('/');
    await page.keyboard.type(line);
    await page.keyboard.press('Enter');
    await expect.poll(() => names(page)).toEqual(['target run']);
    const shared = await studio.open(new URL(page.url()).search);
    await expect.poll(() => names(shared)).toEqual(['target run']);
    const field = (each: Page) => each.getByRole('combobox', { name: 'Filter the runs' }).inputValue();
    expect(await field(shared)).toBe(await field(page));
  });

  test('puts the slowest, the costliest and the one with most tokens first', async () => {
    for (const [order, column] of [
      ['Slowest', 'Duration'],
      ['Costliest', 'Dollars'],
      ['Most tokens', 'Tokens'],
    ] as const) {
      const page = await studio.open('/');
      await page.getByLabel('Order').selectOption(order);
      await expect.poll(async () => (await names(page))[0]).toBe('target run');
      expect(await page.locator('[aria-sort=descending]').textContent()).toContain(column);
      await page
        .getByRole('columnheader', { name: /Started/ })
        .getByRole('link')
        .click();
      await expect.poll(async () => (await names(page)).at(-1)).toBe('target run');
    }
  });

  test('narrows to a time span by one choice', async () => {
    const page = await studio.open('/');
    await expect.poll(() => names(page)).toHaveLength(3);
    await page.getByLabel('Time').selectOption('Last hour');
    await expect.poll(() => new URL(page.url()).searchParams.has('from')).toBe(true);
    await page.getByLabel('Time').selectOption('Any time');
    await expect.poll(() => page.url()).toBe(`${studio.url}/`);
  });
});
