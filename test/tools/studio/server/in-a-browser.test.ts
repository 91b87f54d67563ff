import { describe, expect, it, onTestFinished } from 'vitest';
import { sendText } from '../../../../src/platform/http-server.ts';
import { serveLoopback } from '../../../../src/platform/loopback.ts';
import type { AboutAnswer } from '../../../../src/tools/studio/api.ts';
import { chromiumPath, useStudio } from '../../../support/browser.ts';
import { traceRequest, workflowSpan } from '../../../support/studio-spans.ts';

describe.skipIf(chromiumPath === undefined)('a page of another site, in a real browser', () => {
  const studio = useStudio();

  /** What the page could do: send, read, follow and show in a frame. */
  const ATTACK = (url: string, body: string) => `
    const tries = [
      ['post', () => fetch('${url}/v1/traces', { method: 'POST', mode: 'no-cors', headers: { 'content-type': 'text/plain' }, body: ${JSON.stringify(body)} })],
      ['beacon', async () => navigator.sendBeacon('${url}/v1/traces', new Blob([${JSON.stringify(body)}], { type: 'text/plain' }))],
      ['target', () => fetch('${url}/api/targets', { method: 'POST', mode: 'no-cors', body: '{"url":"http://127.0.0.1:1"}' })],
      ['read', async () => (await fetch('${url}/api/runs')).json()],
      ['stream', () => new Promise((resolve, reject) => { const source = new EventSource('${url}/api/live'); source.onmessage = resolve; source.onerror = reject; })],
    ];
    Promise.allSettled(tries.map(([, attempt]) => attempt())).then((all) => {
      document.title = all.map(({ status }, i) => tries[i][0] + ' ' + status).join(', ');
    });`;

  it.each(['127.0.0.1', 'localhost', 'evil.localhost'])('at %s sends nothing and reads nothing', async (host) => {
    await studio.send(workflowSpan('private'));
    const body = JSON.stringify(traceRequest([workflowSpan('forged')]));
    const evil = await serveLoopback({
      ...{ name: 'evil', host: '127.0.0.1', port: 0 },
      handle: ({ response }) =>
        sendText(
          response,
          200,
          `<script>${ATTACK(studio.url, body)}</script><iframe src="${studio.url}/"></iframe>`,
          'text/html',
        ),
    });
    onTestFinished(evil.close);
    const page = await studio.open('/', { expected: /./ });
    await page.goto(evil.url.replace('127.0.0.1', host));
    await page.waitForFunction(() => document.title.includes('stream'));
    expect(await page.title()).toMatch(/read rejected, stream rejected$/);
    expect(await page.frames()[1]?.evaluate(() => document.body?.innerText ?? '')).not.toContain('private');
    const { runs } = (await (await fetch(`${studio.url}/api/runs`)).json()) as { runs: { workflow: string }[] };
    expect(new Set(runs.map(({ workflow }) => workflow))).toEqual(new Set(['private']));
    const about = (await (await fetch(`${studio.url}/api/about`)).json()) as AboutAnswer;
    expect(about.targets).toEqual([]);
    expect(about.receiver.requests.map(({ status }) => status)).toContain(403);
  });
});

describe.skipIf(chromiumPath === undefined)('a page of a Studio with a token, in a real browser', () => {
  const token = 'a-token-that-is-long-enough';
  const studio = useStudio({ host: '0.0.0.0', token });

  it('opens with the token in its address, once, and stays open without it', async () => {
    const sent = await fetch(`${studio.url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(traceRequest([workflowSpan('shared')])),
    });
    expect(sent.status).toBe(200);
    const page = await studio.open(`/?token=${token}`);
    await page.getByText('shared').first().waitFor();
    expect(page.url()).not.toContain('token');
    await page.goto(`${studio.url}/?workflow=shared`);
    await page.getByText('shared').first().waitFor();
  });

  it('says what it needs without the token', async () => {
    const page = await studio.open('/', { expected: /401/ });
    expect(await page.innerText('body')).toContain('Studio needs its token');
  });
});
