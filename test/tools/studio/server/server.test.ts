import { describe, expect, it, onTestFinished } from 'vitest';
import type { LiveEvent, RunAnswer, RunsAnswer } from '../../../../src/tools/studio/api.ts';
import { startStudio } from '../../../../src/tools/studio/studio.ts';
import { send } from '../../../support/http.ts';
import { build } from '../../../support/tta.ts';

async function open() {
  const studio = await startStudio({ port: 0, version: '1.2.3' });
  onTestFinished(studio.close);
  return studio.url;
}

const id = (value: number, length: number) => value.toString(16).padStart(length, '0');

async function post(url: string, trace: number, spans: number, first = 1) {
  const span = (n: number) => ({
    ...{ traceId: id(trace, 32), spanId: id(n, 16), name: `span ${n}` },
    ...{ startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000001000000000' },
  });
  const scopeSpans = [{ spans: Array.from({ length: spans }, (_, i) => span(first + i)) }];
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans }] });
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(response.status).toBe(200);
}

const json = async <T>(url: string) => (await (await fetch(url)).json()) as T;

describe('the server', () => {
  it('lists runs, and tells those that have changed since', async () => {
    const url = await open();
    await post(url, 1, 2);
    const first = await json<RunsAnswer>(`${url}/api/runs`);
    expect(first.runs.map(({ spans }) => spans)).toEqual([2]);
    await post(url, 2, 1);
    const later = await json<RunsAnswer>(`${url}/api/runs?since=${first.change}`);
    expect(later.runs.map(({ traceId }) => traceId)).toEqual([id(2, 32)]);
    expect(later.change).toBeGreaterThan(first.change);
  });

  it('tells a run and its spans, and then only those that have arrived since', async () => {
    const url = await open();
    await post(url, 7, 3);
    const { spans, last, more } = await json<RunAnswer>(`${url}/api/runs/${id(7, 32)}`);
    expect([spans.length, more]).toEqual([3, false]);
    await post(url, 7, 2, 10);
    const rest = await json<RunAnswer>(`${url}/api/runs/${id(7, 32)}?after=${last}`);
    expect(rest.spans.map(({ name }) => name)).toEqual(['span 10', 'span 11']);
    expect((await fetch(`${url}/api/runs/${id(8, 32)}`)).status).toBe(404);
    expect((await fetch(`${url}/api/runs/..%2f..%2fpackage.json`)).status).toBe(404);
  });

  it('tells a huge run in parts, all of it', async () => {
    const url = await open();
    for (let n = 0; n < 3; n += 1) await post(url, 9, 5_000, 1 + n * 5_000);
    const seen = new Set<string>();
    let after = 0;
    for (let more = true; more; ) {
      const answer = await json<RunAnswer>(`${url}/api/runs/${id(9, 32)}?after=${after}`);
      for (const { spanId } of answer.spans) seen.add(spanId);
      ({ last: after, more } = answer);
    }
    expect(seen.size).toBe(15_000);
  });

  it.each([
    ['/api/runs?limit=0', 'limit must be a whole number from 1 to 500'],
    ['/api/runs?limit=501', 'limit must be'],
    ['/api/runs?limit=1e2', 'limit must be'],
    ['/api/runs?since=-1', 'since must be'],
    [`/api/runs/${id(7, 32)}?after=x`, 'after must be'],
    ['/api/numbers?from=5&to=5', 'from must be earlier than to'],
    ['/api/numbers?points=1000000', 'points must be'],
  ])('says what is wrong with %s', async (path, message) => {
    const url = await open();
    await post(url, 7, 1);
    const response = await fetch(`${url}${path}`);
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining(message)]);
  });

  it('says which methods a path takes, and that a path does not exist', async () => {
    const url = await open();
    const answers = await Promise.all([
      fetch(`${url}/api/runs`, { method: 'DELETE' }),
      fetch(`${url}/api/targets`),
      fetch(`${url}/api/nothing`),
      fetch(`${url}/api/targets`, { method: 'POST', body: '{}' }),
      fetch(`${url}/api/targets`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }),
      fetch(`${url}/api/targets`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([405, 405, 404, 415, 400, 400]);
    expect(answers[0]?.headers.get('allow')).toBe('GET, HEAD');
  });

  it('tells open pages which runs have changed', async () => {
    const url = await open();
    const { body } = await fetch(`${url}/api/live`);
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    const events: LiveEvent[] = [];
    const read = async (wanted: number) => {
      while (events.length < wanted) {
        const { value } = await reader.read();
        const data = /data: (.*)\n/.exec(new TextDecoder().decode(value))?.[1];
        if (data !== undefined) events.push(JSON.parse(data) as LiveEvent);
      }
    };
    await read(1);
    expect(events[0]?.runs).toBeNull();
    await Promise.all([post(url, 1, 1), post(url, 2, 1)]);
    await read(2);
    await reader.cancel();
    expect(new Set(events[1]?.runs)).toEqual(new Set([id(1, 32), id(2, 32)]));
    expect(events[1]?.change).toBe((await json<RunsAnswer>(`${url}/api/runs`)).change);
  });

  it('tells what it is', async () => {
    const url = await open();
    await post(url, 1, 4);
    expect(await json(`${url}/api/about`)).toMatchObject({ version: '1.2.3', url, receiver: { spans: 4 } });
  });

  it('needs a token where other machines can reach it', async () => {
    await expect(startStudio({ port: 0, host: '0.0.0.0' })).rejects.toThrow(
      'startStudio: other machines can reach 0.0.0.0, so it needs a token',
    );
  });
});

describe('the files of the page', () => {
  build();

  it('are served: the page at every path that is no file', async () => {
    const url = await open();
    const index = await fetch(`${url}/`);
    const text = await index.text();
    expect([index.status, index.headers.get('cache-control')]).toEqual([200, 'no-cache']);
    expect(await (await fetch(`${url}/compare/a/b?x=1`)).text()).toBe(text);
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(text) ?? [];
    const asset = await fetch(`${url}${script}`);
    expect(asset.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(asset.headers.get('cache-control')).toContain('immutable');
    for (const path of ['/assets/old-1234.js', '/favicon.ico', '/..%2f..%2fpackage.json', '/assets/', '/metrics'])
      expect([path, (await fetch(`${url}${path}`)).status]).toEqual([path, 404]);
    // The links of a page at such an address would lead to the other site.
    for (const path of ['//evil.example/run/1', '///evil.example'])
      expect([path, (await send(url, { path })).status]).toEqual([path, 404]);
  });

  it('are zipped for those who can read it, and not sent again to those who have them', async () => {
    const url = await open();
    const plain = await send(`${url}/`);
    const zipped = await send(`${url}/`, { headers: { 'accept-encoding': 'gzip' } });
    expect([plain.headers['content-encoding'], zipped.headers['content-encoding']]).toEqual([undefined, 'gzip']);
    const etag = String(plain.headers.etag);
    const again = await send(`${url}/`, { headers: { 'if-none-match': etag } });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    const head = await send(`${url}/`, { method: 'HEAD' });
    expect([head.status, head.body.length, head.headers['content-length']]).toEqual([
      200,
      0,
      String(plain.body.length),
    ]);
  });
});
