import { connect } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type HttpServer,
  type HttpServerOptions,
  sendJson,
  sendText,
  startHttpServer,
} from '../../src/platform/http-server.ts';
import { serveLoopback } from '../../src/platform/loopback.ts';
import { openConnection } from '../support/http.ts';

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function serve(handle: HttpServerOptions['handle'], host = '127.0.0.1'): Promise<string> {
  server = await startHttpServer({ host, port: 0, handle });
  return server.url;
}

describe('the HTTP server', () => {
  it('has the path without the query, and answers with the length of the body', async () => {
    const url = await serve(({ path, response }) => sendText(response, 201, `${path} ü`));
    const response = await fetch(`${url}/a/b?c=d`);
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'text/plain; charset=utf-8']);
    expect(response.headers.get('content-length')).toBe('7');
    expect(await response.text()).toBe('/a/b ü');
  });

  it('answers with JSON', async () => {
    const response = await fetch(await serve(({ response }) => sendJson(response, 200, { ok: 'ü' })));
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ ok: 'ü' });
  });

  it('answers a failure with 500 and its message', async () => {
    const response = await fetch(await serve(() => Promise.reject(new Error('out of paper'))));
    expect([response.status, await response.text()]).toEqual([500, 'out of paper\n']);
  });

  it('cuts the connection after a failure when the headers are already sent', async () => {
    const url = await serve(({ response }) => {
      response.writeHead(200).write('half');
      throw new Error('out of paper');
    });
    await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
  });

  it.each(['the client disconnects', 'the server closes'])(
    'aborts the signal of an exchange when %s',
    async (which) => {
      let arrived = (_: AbortSignal) => {};
      const arrival = new Promise<AbortSignal>((resolve) => {
        arrived = resolve;
      });
      const url = await serve(({ signal }) => arrived(signal));
      const client = new AbortController();
      const answer = fetch(url, { signal: client.signal }).catch(() => 'none');
      const signal = await arrival;
      expect(signal.aborted).toBe(false);
      const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve));
      if (which === 'the client disconnects') client.abort();
      else await server?.close();
      await aborted;
      expect(await answer).toBe('none');
    },
  );

  it('closes at once with an unfinished request, and can be closed again', async () => {
    const url = new URL(await serve(() => {}));
    const half = connect(Number(url.port), url.hostname);
    half.on('error', () => {});
    const cut = new Promise((closed) => half.on('close', closed));
    await new Promise((written) => half.write('GET / HTTP/1.1\r\nhost: x\r\n', written));
    await server?.close();
    await server?.close();
    await cut;
  });

  it('rejects with the error of the system when it cannot listen', async () => {
    const port = Number(new URL(await serve(() => {})).port);
    const again = startHttpServer({ host: '127.0.0.1', port, handle: () => {} });
    await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the limits of the HTTP server', () => {
  const limited = async (limits: Partial<HttpServerOptions>, handle: HttpServerOptions['handle'] = answer) => {
    server = await startHttpServer({ host: '127.0.0.1', port: 0, handle, ...limits });
    return server.url;
  };
  const answer: HttpServerOptions['handle'] = ({ response }) => sendText(response, 200, 'ok');

  it.each([
    ['a head that does not end', 'GET / HTTP/1.1\r\nhost: x\r\n', { headTimeoutMs: 100 }],
    ['a connection without a request', '', { headTimeoutMs: 100 }],
    ['a body that does not end', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nx', { requestTimeoutMs: 100 }],
    ['a connection after its answer', 'GET / HTTP/1.1\r\nhost: x\r\n\r\n', { idleTimeoutMs: 100 }],
  ])('close %s, by the real clock', async (_, text, limits) => {
    const body: HttpServerOptions['handle'] = async ({ request, response }) => {
      for await (const _ of request);
      sendText(response, 200, 'ok');
    };
    const { ended } = await openConnection(await limited(limits, body), text);
    const startedAt = performance.now();
    await ended;
    // Node.js adds a second to the time for which a connection may be idle.
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('close the oldest connection without a request when there are too many, and else the oldest', async () => {
    let arrived = 0;
    const url = await limited({ maxConnections: 2 }, ({ path, response }) => {
      if (path === '/slow') arrived += 1;
      else sendText(response, 200, 'ok');
    });
    const SLOW = 'GET /slow HTTP/1.1\r\nhost: x\r\n\r\n';
    const oldest = await openConnection(url, SLOW);
    await vi.waitFor(() => expect(arrived).toBe(1));
    const idle = await openConnection(url, '');
    await openConnection(url, SLOW);
    await idle.ended;
    await vi.waitFor(() => expect(arrived).toBe(2));
    expect((await fetch(url)).status).toBe(200);
    await oldest.ended;
  });

  it('do not keep a client out: 1,000 connections without a request make room for it', async () => {
    const url = await limited({ maxConnections: 100 });
    await Promise.all(Array.from({ length: 1_000 }, () => openConnection(url, 'GET / HT').catch(() => {})));
    expect((await fetch(url)).status).toBe(200);
  });
});

describe('a server for this machine only', () => {
  it('rejects with a sentence and the cause when it cannot listen', async () => {
    const port = Number(new URL(await serve(() => {})).port);
    const again = serveLoopback({ name: 'startThis', host: '127.0.0.1', port, handle: () => {} });
    await expect(again).rejects.toMatchObject({
      message: `startThis: cannot listen on 127.0.0.1 port ${port}: the port is taken: pass another one, or 0 for any free one`,
      cause: { code: 'EADDRINUSE' },
    });
  });
});
