import { execFile } from 'node:child_process';
import { connect } from 'node:http2';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { AboutAnswer } from '../../../../src/tools/studio/api.ts';
import { axeViolations, chromiumPath, useStudio } from '../../../support/browser.ts';
import { freePort } from '../../../support/free-port.ts';
import { span, workflowSpan } from '../../../support/studio-spans.ts';

const SIZES = [
  [360, 740],
  [768, 1_024],
  [1_280, 800],
  [2_560, 1_440],
] as const;

describe.skipIf(chromiumPath === undefined)('the page of Studio', () => {
  describe('with runs', () => {
    const studio = useStudio();

    test.each(SIZES)('fits into %i pixels, dark and light, and axe finds nothing', async (width, height) => {
      await studio.send(
        workflowSpan('digest', { status: 'error', statusMessage: `gateway ${'said '.repeat(100)}`, durationMs: 4_000 }),
        workflowSpan(`long-${'name'.repeat(100)}`),
        span({ name: '', service: '', scope: 'http' }),
      );
      for (const colours of ['light', 'dark'] as const) {
        const page = await studio.open('/', { width, height, colours });
        await page.getByRole('link', { name: 'digest' }).first().waitFor();
        await page.keyboard.press('j');
        expect(await axeViolations(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
        const grid = page.getByRole('grid');
        expect(await grid.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
        const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        const [red = 0] = (ground.match(/\d+/g) ?? []).map(Number);
        expect(red < 128).toBe(colours === 'dark');
      }
    });

    test('keeps the theme that the reader chose', async () => {
      const page = await studio.open('/');
      const scheme = () => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
      expect(await scheme()).toBe('light dark');
      await page.getByLabel('Theme').selectOption('dark');
      expect(await scheme()).toBe('dark');
      await page.reload();
      await expect.poll(scheme).toBe('dark');
      await page.getByLabel('Theme').selectOption('system');
      expect(await scheme()).toBe('light dark');
    });

    test('has numbers in the locale and times in the zone of the reader', async () => {
      const startUs = Date.UTC(2026, 0, 15, 12, 34, 56) * 1_000;
      await studio.send(workflowSpan('dated', { startUs, durationMs: 1_234 }));
      const german = await studio.open('/?workflow=dated', { locale: 'de-DE', zone: 'Asia/Tokyo' });
      const row = german.getByRole('row').filter({ hasText: 'dated' });
      await row.getByText('1,23 s').waitFor();
      await row.getByText('15. Jan., 21:34').waitFor();
      expect(await row.locator('time').getAttribute('title')).toMatch(/15\.01\.2026.*21:34:56 (GMT\+9|JST)/);
      const english = await studio.open('/?workflow=dated', { zone: 'America/New_York' });
      await english.getByText('1.23 s').waitFor();
      await english.getByText('15 Jan, 07:34').waitFor();
    });

    test('moves nothing by itself for a reader who wants reduced motion', async () => {
      const root = workflowSpan('moving');
      await studio.send(span({ traceId: root.traceId, parentSpanId: root.spanId, name: 'under way' }));
      for (const reducedMotion of [true, false]) {
        const page = await studio.open('/?status=running', { reducedMotion });
        const sign = page.locator('.status-running .sign').first();
        await sign.waitFor();
        const animation = await sign.evaluate((element) => getComputedStyle(element).animationName);
        expect(animation).toBe(reducedMotion ? 'none' : 'turn');
      }
    });

    test('lists its keys', async () => {
      const page = await studio.open('/');
      await page.getByRole('link', { name: 'digest' }).first().waitFor();
      await page.keyboard.press('?');
      const dialog = page.getByRole('dialog', { name: 'Keys' });
      await dialog.getByText('Next run').waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
    });

    test('says what it receives and keeps, also when there are runs', async () => {
      const page = await studio.open('/');
      await page.getByRole('button', { name: /all is well; what Studio receives and keeps/ }).click();
      const dialog = page.getByRole('dialog', { name: 'What Studio receives and keeps' });
      await dialog.getByText('POST /v1/traces').first().waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });

    test('says that runs are missing where programs send only a share of their traces', async () => {
      const sampled = span({ name: 'sampled', resource: { 'tta.sampling.ratio': 0.1 } });
      await studio.send(sampled);
      const page = await studio.open('/');
      await page.getByText(/sends only a share of its traces/).waitFor();
      expect(await axeViolations(page)).toEqual([]);
    });

    test('says what the reader should know about what is kept, until it is read', async () => {
      const note = 'The disk is full: runs are kept in memory only';
      const page = await studio.open('/');
      await page.route('**/api/about', async (route) => {
        const answer = (await (await route.fetch()).json()) as AboutAnswer;
        await route.fulfill({ json: { ...answer, storage: { ...answer.storage, notes: [note] } } });
      });
      await page.locator('.note').getByText(note).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Hide' }).click();
      await page.getByText(note).waitFor({ state: 'detached' });
      await page.getByRole('button', { name: /there is a note on what is kept/ }).waitFor();
    });

    test('says why the list cannot be had, and asks again', async () => {
      const page = await studio.open('/numbers', { expected: /500/ });
      await page.route('**/api/runs?*', (route) => route.fulfill({ status: 500, body: 'the disk is gone' }));
      await page.getByRole('link', { name: 'Runs' }).click();
      await page.getByText(/the disk is gone/).waitFor();
      expect(await axeViolations(page)).toEqual([]);
      await page.unroute('**/api/runs?*');
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.getByRole('link', { name: 'digest' }).first().waitFor();
    });
  });

  describe('without a run', () => {
    const studio = useStudio();

    test.each([
      [360, 740],
      [1_280, 800],
    ])('says what it listens on and how to send spans, in %i pixels', async (width, height) => {
      for (const colours of ['light', 'dark'] as const) {
        const page = await studio.open('/', { width, height, colours });
        await page.getByRole('heading', { name: 'No run has arrived yet' }).waitFor();
        await page.locator('dd').getByText(studio.url).waitFor();
        await page.getByText(/^None since the start/).waitFor();
        await page.getByText('No endpoint is scraped.').waitFor();
        for (const title of ['Node.js with tta-primitives', 'Any Node.js program', 'Python', 'Any program with OTLP']) {
          const lines = await page.locator('figure').filter({ hasText: title }).locator('pre').textContent();
          expect(lines).toContain(studio.url);
        }
        expect(await axeViolations(page)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      }
    });

    test('copies the lines', async () => {
      const page = await studio.open('/');
      await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
      const python = page.locator('figure').filter({ hasText: 'Python' });
      await python.getByRole('button', { name: 'Copy' }).click();
      await python.getByText('Copied').first().waitFor();
      const copied = await page.evaluate(() => navigator.clipboard.readText());
      expect(copied).toContain(`OTEL_EXPORTER_OTLP_ENDPOINT=${studio.url}`);
      expect(copied).toContain('opentelemetry-instrument python app.py');
    });

    test('says when the last request came and what was wrong with it', async () => {
      const page = await studio.open('/');
      const post = (path: string, type: string) =>
        fetch(`${studio.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body: '{}' });
      await post('/v1/trace', 'application/json');
      await page.locator('.requests').getByText('POST /v1/trace', { exact: true }).waitFor();
      await page
        .locator('.requests')
        .getByText(/Send spans to .*\/v1\/traces/)
        .waitFor();
      await post('/v1/traces', 'text/plain');
      await page.locator('.requests').getByText('415').waitFor();
      const client = connect(studio.url);
      client.on('error', () => {});
      const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
      client.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' }).on('error', () => {});
      await page.locator('.requests').getByText(/gRPC/).first().waitFor();
      client.destroy();
      expect(await axeViolations(page)).toEqual([]);
    });

    test('has a line that sends one span by hand', async () => {
      const page = await studio.open('/');
      const figure = page.locator('figure').filter({ hasText: 'One span by hand' });
      const lines = (await figure.locator('pre').textContent()) ?? '';
      const { stdout } = await promisify(execFile)('bash', ['-c', lines], { timeout: 30_000 });
      expect(stdout).toBe('{}');
      await page.getByRole('link', { name: 'hello' }).waitFor();
    });
  });

  describe('with an endpoint that cannot be scraped', async () => {
    const target = `http://127.0.0.1:${await freePort()}/metrics`;
    const studio = useStudio({ targets: [{ url: target }] });

    test('says which, and why', async () => {
      const page = await studio.open('/');
      const line = page.locator('.wiring li').filter({ hasText: target });
      await line.getByText(/Connection refused/).waitFor();
    });
  });
});
