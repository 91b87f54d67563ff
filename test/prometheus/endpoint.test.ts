import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpServer } from '../../src/platform/http-server.ts';
import { startEndpoint } from '../../src/prometheus/endpoint.ts';

let endpoint: HttpServer | undefined;
afterEach(() => endpoint?.close());

async function serve(metrics: () => Promise<string>, host = '127.0.0.1'): Promise<string> {
  endpoint = await startEndpoint({ host, port: 0, read: async () => [Buffer.from(await metrics())] });
  return endpoint.url;
}
const TEXT = '# TYPE café counter\ncafé_total{name="ü"} 1\n';
const text = async () => TEXT;

describe('the endpoint', () => {
  it('serves the current metrics with the content type that Prometheus expects', async () => {
    let scrapes = 0;
    const url = await serve(async () => `${TEXT}scrapes ${++scrapes}\n`);
    const [first, second] = [await fetch(url), await fetch(`${url}?a=b`)];
    expect(first.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await first.text()).toBe(`${TEXT}scrapes 1\n`);
    expect(await second.text()).toBe(`${TEXT}scrapes 2\n`);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const response = await fetch(await serve(text), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(TEXT)));
    expect(await response.text()).toBe('');
  });

  it('answers other paths with the path of the metrics', async () => {
    const url = await serve(text);
    for (const path of ['/', '/metrics/', '/favicon.ico', '//[']) {
      const response = await fetch(url.replace('/metrics', path));
      expect([path, response.status, await response.text()]).toEqual([path, 404, 'Metrics are at /metrics\n']);
    }
  });

  it('refuses other methods', async () => {
    const response = await fetch(await serve(text), { method: 'POST', body: 'x' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  it('answers with 503 and the error when the collection fails', async () => {
    const url = await serve(() => Promise.reject(new Error('no metrics today')));
    const response = await fetch(url);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('no metrics today');
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
  it.skipIf(!hasIPv6)('serves over IPv6', async () => {
    const url = await serve(text, '::1');
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/metrics$/);
    expect(await (await fetch(url)).text()).toBe(TEXT);
  });

  it('has a reachable address as its url when it listens on all addresses', async () => {
    const url = await serve(text, '0.0.0.0');
    expect(url).toMatch(/^http:\/\/localhost:\d+\/metrics$/);
    expect((await fetch(url)).status).toBe(200);
  });

  it('closes at once with an idle connection and an unfinished request', async () => {
    const url = new URL(await serve(text));
    const half = connect(Number(url.port), url.hostname);
    half.on('error', () => {});
    const cut = new Promise((closed) => half.on('close', closed));
    await new Promise((written) => half.write('GET /metrics HTTP/1.1\r\nhost: x\r\n', written));
    await (await fetch(url, { headers: { connection: 'keep-alive' } })).text();
    await endpoint?.close();
    await cut;
  });

  it('rejects with the error of the system when it cannot listen', async () => {
    const port = Number(new URL(await serve(text)).port);
    await expect(
      startEndpoint({ host: '127.0.0.1', port, read: async () => [Buffer.from(TEXT)] }),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});
