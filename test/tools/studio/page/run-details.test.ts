/** What a reader does with a run: opens folds, follows an agent, copies, compares, comes back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, describe, expect, test } from 'vitest';
import type { Attributes, StudioSpan } from '../../../../src/tools/studio/model/span.ts';
import { axeViolations, chromiumPath, useStudio } from '../../../support/browser.ts';
import { newSpanId, newTraceId, type SpanShape, span, workflowSpan } from '../../../support/studio-spans.ts';

const rows = (page: Page) => page.getByRole('treeitem');
const row = (page: Page, name: string | RegExp) => rows(page).filter({ hasText: name }).first();
const details = (page: Page) => page.getByRole('complementary', { name: 'Details' });

/** A workflow with these spans directly in it, each some milliseconds after the one before. */
function runOf(workflow: string, shapes: readonly SpanShape[], root: SpanShape = {}): readonly StudioSpan[] {
  const [traceId, spanId] = [newTraceId(), newSpanId()];
  const startUs = Date.now() * 1_000 - 30e6;
  return [
    workflowSpan(workflow, { traceId, spanId, startUs, durationMs: 20_000, ...root }),
    ...shapes.map((shape, i) => span({ traceId, parentSpanId: spanId, startUs: startUs + i * 10_000, ...shape })),
  ];
}
const idOf = ([root]: readonly StudioSpan[]) => root?.traceId ?? '';
const failure = (message: string): SpanShape => ({ status: 'error', statusMessage: message });
const task = (name: string): Attributes => ({ 'tta.primitive.type': 'task', 'tta.primitive.name': name });

describe.skipIf(chromiumPath === undefined)('the details of a run', () => {
  const studio = useStudio();

  test('a map of 500 is one row, which names the slowest and those that failed, and opens in its place', async () => {
    const items = Array.from({ length: 500 }, (_, i): SpanShape => {
      const shape = { name: 'task item', attributes: { ...task('item'), number: `n-${i}` } };
      return i % 100 === 50 ? { ...shape, ...failure('no room') } : { ...shape, durationMs: i === 321 ? 4_000 : 20 };
    });
    const run = runOf('mapping', items);
    await studio.send(...run);
    const page = await studio.open(`/run/${idOf(run)}`);
    const fold = row(page, '× 500');
    await fold.waitFor();
    expect(await rows(page).count()).toBe(2);
    expect(await fold.innerText()).toMatch(/5 failed/);
    await fold.click();
    await details(page).getByText('Failed, the newest first').waitFor();
    expect(await details(page).innerText()).not.toContain('(empty)');
    await details(page).getByRole('button', { name: '4.00 s' }).click();
    // Only what was asked for is opened: not 500 rows.
    await expect.poll(() => rows(page).count()).toBe(3);
    await page.waitForURL(new RegExp(`span=${run[322]?.spanId}`));
    await fold.getByRole('button', { name: /failed/ }).click();
    await details(page).getByText('no room').first().waitFor();
    await fold.getByRole('button', { name: 'Open' }).click();
    await page.keyboard.press('End');
    await expect.poll(() => rows(page).last().getAttribute('aria-posinset')).toBe('500');
    expect(await axeViolations(page)).toEqual([]);
  });

  test('four equal siblings do not fold', async () => {
    const run = runOf(
      'few',
      Array.from({ length: 4 }, () => ({ name: 'task item', attributes: task('item') })),
    );
    await studio.send(...run);
    const page = await studio.open(`/run/${idOf(run)}`);
    await expect.poll(() => rows(page).count()).toBe(5);
  });

  test("an agent's model calls and tools stand in their order, with messages, tokens and errors", async () => {
    const chat = (text: string): SpanShape => ({
      name: 'chat gpt-5',
      kind: 'client',
      scope: 'opentelemetry.instrumentation.openai',
      attributes: {
        'gen_ai.operation.name': 'chat',
        'gen_ai.request.model': 'gpt-5',
        'gen_ai.usage.input_tokens': 11,
        'gen_ai.usage.output_tokens': 7,
        'gen_ai.output.messages': JSON.stringify([{ role: 'assistant', parts: [{ type: 'text', content: text }] }]),
      },
    });
    const tool = (name: string, shape: SpanShape = {}): SpanShape => ({
      name: `execute_tool ${name}`,
      scope: 'agents',
      attributes: { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': name },
      ...shape,
    });
    const run = runOf('agent', [
      chat('I look it up'),
      tool('search'),
      chat('and once more'),
      tool('fetch-page', failure('404')),
      chat('That is all'),
    ]);
    await studio.send(...[...run].reverse());
    const page = await studio.open(`/run/${idOf(run)}`);
    await page.getByRole('link', { name: /Model calls/ }).click();
    await page.getByText('3 model calls and 2 tools').waitFor();
    const turns = await page.locator('.turn').allInnerTexts();
    expect(turns.map((turn) => /search|fetch-page|look it up|once more|That is all/.exec(turn)?.[0])).toEqual([
      'look it up',
      'search',
      'once more',
      'fetch-page',
      'That is all',
    ]);
    expect(turns[3]).toContain('404');
    expect(turns[0]).toContain('11 tokens in, 7 out');
    expect(await page.locator('.turn .badge', { hasText: 'captured' }).count()).toBe(3);
    expect(await axeViolations(page)).toEqual([]);
  });

  test('copies a run and a span, as text and as JSON that can be sent again', async () => {
    const run = runOf('copied', [{ name: 'task step', attributes: task('step'), ...failure('it broke') }]);
    await studio.send(...run);
    const page = await studio.open(`/run/${idOf(run)}`);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await row(page, 'step').waitFor();
    await page.getByRole('button', { name: 'Copy as text' }).click();
    await page.getByText('Copied').first().waitFor();
    expect(await copied()).toContain('it broke');
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    await expect.poll(copied).toContain('resourceSpans');
    const sent = await fetch(`${studio.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: (await copied()).replaceAll(idOf(run), newTraceId()),
    });
    expect(sent.status).toBe(200);
    await row(page, 'step').click();
    await page.keyboard.press('y');
    await expect.poll(copied).toMatch(/^task step: failure/);
    await details(page).getByRole('button', { name: 'Copy link' }).click();
    await expect.poll(copied).toBe(`${studio.url}/run/${idOf(run)}?span=${run[1]?.spanId}`);
  });

  test('says that there is nothing to compare with, and compares any two runs', async () => {
    const step = (name: string, durationMs: number): SpanShape => ({ name, attributes: task(name), durationMs });
    const one = runOf('orders', [step('load', 50), step('check', 10), step('store', 20)], failure('first'));
    const other = runOf('orders', [step('load', 900), step('store', 20), step('mail', 5)], failure('second'));
    await studio.send(...one, ...other);
    const page = await studio.open(`/run/${idOf(one)}`);
    await row(page, 'load').waitFor();
    await page.keyboard.press('c');
    await page.getByText('No other run of orders that worked is kept').waitFor();
    await page.goto(`${studio.url}/compare/${idOf(one)}/${idOf(other)}`);
    await page.getByText('1 step was added, 1 missing').waitFor();
    // The address alone brings the look of its sentences too.
    const sentences = await page.locator('.story').boundingBox();
    const card = await page.locator('.card').first().boundingBox();
    expect(sentences?.x).toBe(card?.x);
    const step1 = (name: string) => page.getByRole('row').filter({ hasText: name });
    expect(await step1('check task').innerText()).toContain('missing');
    expect(await step1('mail task').innerText()).toContain('added');
    expect(await page.locator('.story').innerText()).toMatch(/Most time apart: load, \+850 ms/);
    await page.keyboard.press('x');
    await page.waitForURL(`${studio.url}/compare/${idOf(other)}/${idOf(one)}`);
    await expect.poll(() => step1('check task').innerText()).toContain('added');
    await page.getByRole('checkbox').check();
    await step1('store task').waitFor();
    await page.getByLabel('Another run in place of the compared one').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  test('the arrows, Enter and Escape lead from the list into a run, to its details, and back to the list', async () => {
    const run = runOf('walked', [{ name: 'task deep', attributes: task('deep') }]);
    await studio.send(...run);
    const page = await studio.open('/?workflow=walked');
    await page.getByRole('row').filter({ hasText: 'walked' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(new RegExp(`/run/${idOf(run)}`));
    await row(page, 'deep').waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await details(page).getByRole('heading', { name: 'deep' }).waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('ASIDE');
    await page.keyboard.press('Escape');
    await details(page).getByText('Where did the time go?').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(`${studio.url}/?workflow=walked`);
  });

  test('on a phone the details are a sheet, and the overview is a view of its own', async () => {
    const tags = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`tta.tag.of-the-run-${i}`, 'long value']));
    const call = { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'small-model' };
    const shapes = [
      { name: 'task step', attributes: task('step') },
      { name: 'chat', attributes: call },
    ];
    const run = runOf('small', shapes, { attributes: tags });
    await studio.send(...run);
    const page = await studio.open(`/run/${idOf(run)}`, { width: 360, height: 740, isPhone: true });
    await row(page, 'step').tap();
    await details(page).getByText('Outcome').waitFor();
    const sheet = await details(page).boundingBox();
    expect(sheet?.width).toBe(360);
    expect((sheet?.y ?? 0) + (sheet?.height ?? 0)).toBe(740);
    await details(page).getByRole('button', { name: 'Close' }).click();
    expect(await details(page).count()).toBe(0);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByText('Where did the time go?').waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });

  test('a graph of very many primitives shows a part, and says so', async () => {
    const run = runOf(
      'wide',
      Array.from({ length: 400 }, (_, i) => ({ name: `task t${i}`, attributes: task(`t${i}`) })),
    );
    await studio.send(...run);
    const page = await studio.open(`/run/${idOf(run)}?tab=graph`);
    await page.getByText('300 outermost of 401 primitives').waitFor();
    expect(await page.getByRole('button', { name: /^task t/ }).count()).toBe(299);
  });

  test('a run that is not kept says so', async () => {
    const page = await studio.open(`/run/${newTraceId()}`, { expected: /404/ });
    await page.getByText('Studio does not keep this run').waitFor();
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.waitForURL(`${studio.url}/`);
    const run = runOf('lonely', []);
    await studio.send(...run);
    await page.goto(`${studio.url}/compare/${newTraceId()}/${idOf(run)}`);
    await page.getByText('Studio does not keep the first of these runs').waitFor();
    await page.getByRole('link', { name: 'The other run' }).click();
    await page.getByRole('heading', { name: 'lonely' }).waitFor();
    await page.goto(`${studio.url}/run/${newTraceId()}`);
    await page.getByText('Studio does not keep this run').waitFor();
    await page.keyboard.press('Escape');
    await page.waitForURL(`${studio.url}/`);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'tta-studio-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(chromiumPath === undefined)('a link to a span', () => {
  const studio = useStudio({ folder });

  test('survives a restart of Studio', async () => {
    const items = Array.from({ length: 30 }, () => ({ name: 'task item', attributes: task('item') }));
    const run = runOf('kept', items);
    await studio.send(...run);
    await studio.stop();
    await studio.restart();
    const page = await studio.open(`/run/${idOf(run)}?span=${run[17]?.spanId}`);
    await page.getByRole('heading', { name: 'kept' }).waitFor();
    const chosen = page.locator('[aria-selected=true]');
    await chosen.waitFor();
    expect(await chosen.getAttribute('aria-posinset')).toBe('17');
    await details(page)
      .getByText(run[17]?.spanId ?? '')
      .waitFor();
  });
});
