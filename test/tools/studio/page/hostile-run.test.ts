/** Every text of a span can come from anywhere: it is shown as text, whatever stands in it. */
import { describe, expect, test } from 'vitest';
import type { Attributes } from '../../../../src/tools/studio/model/span.ts';
import { axeViolations, chromiumPath, useStudio } from '../../../support/browser.ts';
import { newTraceId, span, workflowSpan } from '../../../support/studio-spans.ts';

const SCRIPT = '<img src=x onerror="globalThis.isOwned=1"><script>globalThis.isOwned=1</script>';
const TEXTS = [
  SCRIPT,
  'javascript:globalThis.isOwned=1',
  'data:text/html,<script>globalThis.isOwned=1</script>',
  '\u202egnp.exe\u202c \u2066x\u2069 \u200b',
  '\u001b[31mred\u001b[0m\u0007',
  '\ud800 lone',
  `${'a\u0300'.repeat(3)}${'\u0301'.repeat(200)}`,
  '__proto__',
  '{{7*7}}',
  'a\nb\tc\r\nd',
  '',
  ' ',
];

describe.skipIf(chromiumPath === undefined)('a run with hostile texts', () => {
  const studio = useStudio();

  test.each(TEXTS.map((text) => [JSON.stringify(text).slice(0, 60), text]))('shows %s as text', async (_, text) => {
    const traceId = newTraceId();
    const attributes: Attributes = {
      [text || 'empty']: text,
      'tta.primitive.type': text,
      'tta.primitive.name': text,
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': text,
      'gen_ai.tool.name': text,
      'gen_ai.input.messages': JSON.stringify([{ role: text, parts: [{ type: 'text', content: text }] }]),
      'tta.fallback.answered_by': text,
      'tta.router.route': text,
      'session.id': text,
      'tta.tag.x': text,
      nested: [text, { [text || 'empty']: text }],
    };
    const atUs = Date.now() * 1_000;
    const event = { name: text, atUs, attributes: { 'exception.message': text, 'exception.stacktrace': text } };
    const root = workflowSpan(text, {
      ...{ traceId, name: text, service: text, scope: text, status: 'error', statusMessage: text },
      attributes: { ...attributes, 'gen_ai.operation.name': 'invoke_workflow', 'gen_ai.workflow.name': text },
      events: [event, { ...event, name: 'exception' }],
    });
    const calls = Array.from({ length: 6 }, () =>
      span({ traceId, parentSpanId: root.spanId, name: text, kind: 'client', attributes, resource: { [text]: text } }),
    );
    await studio.send(root, ...calls);
    const page = await studio.open();
    const row = page.locator(`#run-${traceId}`);
    expect((await row.getByRole('link').innerText()).trim()).not.toBe('');
    const labels = await row
      .getByRole('checkbox')
      .evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')));
    expect(labels.join('')).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200b]/u);
    for (const path of [`?span=${root.spanId}`, `?span=${calls[3]?.spanId}`, '?tab=graph', '?tab=messages']) {
      await page.goto(`${studio.url}/run/${traceId}${path}`);
      await page.getByRole('complementary', { name: 'Details' }).waitFor();
      await page.locator('details').evaluateAll((all) => {
        for (const each of all) each.setAttribute('open', '');
      });
      if (path === '?tab=graph') await page.locator('.graph').waitFor();
      expect(await page.evaluate(() => 'isOwned' in globalThis)).toBe(false);
      expect(await page.locator('img, script:not([src]), iframe, object, embed').count()).toBe(0);
      const links = await page.locator('a').evaluateAll((all) => all.map((each) => (each as HTMLAnchorElement).href));
      expect(links.filter((href) => !href.startsWith(`${studio.url}/`))).toEqual([]);
      const shown = await page.evaluate(() => document.body.innerText);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
      expect(shown).not.toMatch(/[\u0000-\u0008\u001b\u202a-\u202e\u2066-\u2069\u200b]/);
    }
  });

  test('folds a value of megabytes, and shows the whole of what was kept', async () => {
    const root = workflowSpan('big', { attributes: { note: 'x'.repeat(3_000_000), other: 'y'.repeat(5_000) } });
    await studio.send(root);
    const page = await studio.open(`/run/${root.traceId}?span=${root.spanId}`);
    await page.getByText('Attributes').click();
    const length = (await page.getByRole('complementary', { name: 'Details' }).innerText()).length;
    expect(length).toBeLessThan(10_000);
    await page.getByRole('button', { name: 'Show all 5,000 characters' }).click();
    await page.getByText('y'.repeat(5_000)).waitFor();
    expect(await axeViolations(page)).toEqual([]);
  });
});
