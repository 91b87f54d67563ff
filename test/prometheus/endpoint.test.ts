import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Endpoint, type EndpointOptions } from '../../src/prometheus/endpoint.ts';
import { answerWeb } from '../../src/prometheus/metrics-request.ts';
import type { Place } from '../../src/prometheus/options.ts';
import { send } from '../support/http.ts';

let endpoint: Endpoint | undefined;
afterEach(() => endpoint?.stop());

const TEXT = '# TYPE café counter\ncafé_total{name="ü"} 1\n';
const text = async () => TEXT;

const PLACE: Place = { host: '127.0.0.1', port: 0, token: undefined, allowedHosts: [] };

async function serve(
  metrics: () => Promise<string> = text,
  { trouble = async () => undefined, ...place }: Partial<Place & Pick<EndpointOptions, 'trouble'>> = {},
): Promise<string> {
  endpoint = new Endpoint({ read: async () => [Buffer.from(await metrics())], trouble });
  await endpoint.start({ ...PLACE, ...place });
  return endpoint.url as string;
}

/** Writes bytes as they are, and gives what came back when the connection ends. */
function exchange(url: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}
/** A client that reads the beginning of an answer, and the rest when it is told to. */
function openPaused(url: string): { begun: Promise<number>; bytes(): Promise<number> } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n');
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  const begun = new Promise<number>((resolve) =>
    socket.once('data', (chunk) => {
      socket.pause();
      resolve(statusesIn(chunk.toString())[0] ?? 0);
    }),
  );
  return {
    begun,
    async bytes() {
      socket.resume();
      await closed;
      return socket.bytesRead;
    },
  };
}

const statusesIn = (answers: string) =>
  [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));

describe('the endpoint', () => {
  it('serves the current metrics with the content type that Prometheus expects', async () => {
    let scrapes = 0;
    const url = await serve(async () => `${TEXT}scrapes ${++scrapes}\n`);
    const [first, second] = [await fetch(url), await fetch(`${url}?a=b`)];
    expect(first.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await first.text()).toBe(`${TEXT}scrapes 1\n`);
    expect(await second.text()).toBe(`${TEXT}scrapes 2\n`);
  });

  it('compresses only for clients that ask for it, and says what an answer depends on', async () => {
    const url = await serve();
    const plain = await send(url);
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.headers).toMatchObject({
      'cache-control': 'no-store',
      vary: 'Accept, Accept-Encoding, Authorization',
    });
    const zipped = await send(url, { headers: { 'accept-encoding': 'gzip' } });
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': String(zipped.body.length) });
    expect(gunzipSync(zipped.body).toString()).toBe(TEXT);
  });

  it('answers HEAD with the same headers and no body', async () => {
    const response = await send(await serve(), { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers['content-length']).toBe(String(Buffer.byteLength(TEXT)));
    expect(response.body).toHaveLength(0);
  });

  it('answers other paths with the path of the metrics', async () => {
    const url = await serve();
    for (const path of ['/', '/metrics/', '/favicon.ico', '//[']) {
      const response = await fetch(url.replace('/metrics', path));
      expect([path, response.status, await response.text()]).toEqual([path, 404, 'Metrics are at /metrics\n']);
    }
  });

  it('takes a whole URL as the target of a request, as a proxy sends it', async () => {
    const url = await serve();
    const ask = (target: string) => exchange(url, `GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    expect(statusesIn(await ask(`${url}?a=b`))).toEqual([200]);
    expect(statusesIn(await ask('http://attacker.example/metrics'))).toEqual([403]);
  });

  it('refuses other methods, and reads no further where they have a body', async () => {
    const url = await serve();
    const response = await fetch(url, { method: 'POST', body: 'x' });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect(response.headers.get('connection')).toBe('close');
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) {
      expect([method, (await send(url, { method })).status]).toEqual([method, 405]);
    }
  });

  it('takes no tunnel and no other protocol', async () => {
    const url = await serve();
    const rest = 'HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    expect(await exchange(url, `CONNECT localhost:22 ${rest}`)).toBe('');
    expect((await send(url, { headers: { connection: 'upgrade', upgrade: 'websocket' } })).status).toBe(200);
  });

  it('answers with 503 and the error, without its secrets, when the collection fails', async () => {
    const url = await serve(() => Promise.reject(new Error('no metrics from redis://:hunter2secret@host')));
    const response = await fetch(url);
    expect(response.status).toBe(503);
    const answer = await response.text();
    expect(answer).toContain('no metrics from');
    expect(answer).not.toContain('hunter2secret');
  });

  it('says whether the process serves, and whether metrics can be had', async () => {
    let trouble: string | undefined = 'no MeterProvider yet';
    const url = new URL(await serve(text, { trouble: async () => trouble, token: 'secret' }));
    const ask = async (path: string) => {
      const response = await fetch(new URL(path, url));
      return `${response.status} ${await response.text()}`;
    };
    expect(await ask('/healthz')).toBe('200 ok\n');
    expect(await ask('/readyz')).toBe('503 Metrics could not be collected: no MeterProvider yet\n');
    trouble = undefined;
    expect(await ask('/readyz')).toBe('200 ok\n');
    expect((await fetch(new URL('/readyz', url), { method: 'POST' })).status).toBe(405);
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
  it.skipIf(!hasIPv6)('serves over IPv6', async () => {
    const url = await serve(text, { host: '::1' });
    expect(url).toMatch(/^http:\/\/\[::1\]:\d+\/metrics$/);
    expect(await (await fetch(url)).text()).toBe(TEXT);
  });

  it('has a reachable address as its url when it listens on all addresses', async () => {
    const url = await serve(text, { host: '0.0.0.0' });
    expect(url).toMatch(/^http:\/\/localhost:\d+\/metrics$/);
    expect((await fetch(url)).status).toBe(200);
  });

  it('closes at once with an idle connection and an unfinished request', async () => {
    const url = new URL(await serve());
    const half = connect(Number(url.port), url.hostname);
    half.on('error', () => {});
    const cut = new Promise((closed) => half.on('close', closed));
    await new Promise((written) => half.write('GET /metrics HTTP/1.1\r\nhost: x\r\n', written));
    await (await fetch(url, { headers: { connection: 'keep-alive' } })).text();
    await endpoint?.stop();
    await cut;
  });

  it('rejects with the error of the system when it cannot listen, and can be started again', async () => {
    const first = await serve();
    const other = endpoint as Endpoint;
    const port = Number(new URL(first).port);
    await expect(serve(text, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await other.stop();
    await endpoint?.start({ ...PLACE, port });
    expect(endpoint?.url).toBe(first);
  });

  it('does not listen when it is stopped while it starts, and is started once', async () => {
    await serve();
    await endpoint?.stop();
    const starting = [endpoint?.start(PLACE), endpoint?.start(PLACE)];
    await endpoint?.stop();
    await Promise.all(starting);
    expect(endpoint?.url).toBeUndefined();
  });
});

describe('the token of the endpoint', () => {
  const TOKEN = 'pässword with spaces';
  const bearer = (token: string) => `Bearer ${Buffer.from(token).toString('latin1')}`;

  it('is asked for, and compared without regard to the case of the scheme', async () => {
    const url = await serve(text, { token: TOKEN });
    const ask = async (authorization?: string) =>
      send(url, authorization === undefined ? {} : { headers: { authorization } });
    const none = await ask();
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, 'Bearer realm="metrics"']);
    for (const wrong of [bearer('other'), bearer(`${TOKEN}x`), bearer(''), 'Basic eDp5', 'Bearer']) {
      const { status, headers, body } = await ask(wrong);
      expect([wrong, status, headers['www-authenticate']]).toEqual([
        wrong,
        401,
        'Bearer realm="metrics", error="invalid_token"',
      ]);
      expect(body.toString()).not.toContain('ssword');
    }
    expect((await ask(bearer(TOKEN))).status).toBe(200);
    expect((await ask(bearer(TOKEN).replace('Bearer', 'bearer'))).status).toBe(200);
  });

  it('may end with any character', async () => {
    // The last byte of each in UTF-8 is a space in Latin-1.
    for (const token of ['voilà', 'пароР', '☠']) {
      const url = await serve(text, { token });
      expect([token, (await send(url, { headers: { authorization: bearer(token) } })).status]).toEqual([token, 200]);
      const response = await answerWeb(new Request(url, { headers: { authorization: bearer(token) } }), {
        token,
        read: async () => [Buffer.from(TEXT)],
      });
      expect(response.status).toBe(200);
      await endpoint?.stop();
    }
  });

  it('costs no scrape where it is wrong', async () => {
    let scrapes = 0;
    const url = await serve(async () => `${++scrapes}`, { token: TOKEN });
    await send(url);
    expect(scrapes).toBe(0);
  });
});

describe('on loopback, the name of the host', () => {
  const ask = async (url: string, host: string, headers: Record<string, string> = {}) =>
    (await send(url, { headers: { host, ...headers } })).status;

  it('is one of this machine, the configured one, or one that is allowed', async () => {
    const url = await serve(text, { allowedHosts: ['Metrics.example.com:443', '2001:db8::1'] });
    for (const host of [
      ...['localhost', 'localhost:80', 'LOCALHOST.', 'app.localhost:1', '127.0.0.1', '127.8.9.1:9', '[::1]:9464'],
      ...['127.1', '[::ffff:127.0.0.1]:9464', '[::FFFF:7f00:1]'],
      ...['metrics.example.com', 'metrics.EXAMPLE.com.:9464', '[2001:db8::1]'],
    ]) {
      expect([host, await ask(url, host)]).toEqual([host, 200]);
    }
  });

  it('is no other, and the answer says how to allow it', async () => {
    const url = await serve();
    for (const host of [
      ...['attacker.example', 'localhost.attacker.example', '127.0.0.1.attacker.example', 'notlocalhost', '10.0.0.1'],
      ...[
        '0.0.0.0',
        '[::2]',
        '[::ffff:10.0.0.1]',
        ':',
        'localhost@attacker.example',
        'localhost/x',
        'localhost:99999',
        '%',
        'a b',
      ],
    ]) {
      expect([host, await ask(url, host)]).toEqual([host, 403]);
    }
    const { body } = await send(url, { headers: { host: 'attacker.example' } });
    expect(body.toString()).toMatch(/attacker\.example.*allowedHosts/);
    expect((await send(url.replace('/metrics', '/healthz'), { headers: { host: 'attacker.example' } })).status).toBe(
      403,
    );
  });

  it('is there once: another server may have looked at the other one', async () => {
    const url = await serve();
    for (const hosts of [
      ['localhost', 'attacker.example'],
      ['localhost', 'localhost'],
    ]) {
      const lines = hosts.map((host) => `Host: ${host}\r\n`).join('');
      const answer = await exchange(url, `GET /metrics HTTP/1.1\r\n${lines}connection: close\r\n\r\n`);
      expect(statusesIn(answer)).toEqual([400]);
    }
  });

  it('may be missing: no browser leaves it out', async () => {
    expect(statusesIn(await exchange(await serve(), 'GET /metrics HTTP/1.0\r\n\r\n'))).toEqual([200]);
  });

  it('is not looked at on other addresses', async () => {
    expect(await ask(await serve(text, { host: '0.0.0.0' }), 'attacker.example')).toBe(200);
  });

  it('does not help a page of another site, but a link works', async () => {
    const url = await serve();
    const site = { 'sec-fetch-site': 'cross-site' };
    expect(await ask(url, 'localhost', { ...site, 'sec-fetch-mode': 'no-cors' })).toBe(403);
    expect(await ask(url, 'localhost', { ...site, 'sec-fetch-mode': 'navigate' })).toBe(200);
    expect(await ask(url, 'localhost', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })).toBe(200);
  });
});

describe('clients that want too much', () => {
  const GET = 'GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n';

  it('are all answered, 500 at once', async () => {
    const url = await serve();
    const statuses = await Promise.all(Array.from({ length: 500 }, async () => (await send(url)).status));
    expect(statuses.filter((status) => status === 200)).toHaveLength(500);
  });

  it('leave other work its turn: a large answer is written to one after the other', async () => {
    const parts = Array<Buffer>(4_000).fill(Buffer.alloc(1024, 'x'));
    let collected = () => {};
    const shared = new Promise<void>((resolve) => {
      collected = resolve;
    });
    endpoint = new Endpoint({ read: () => shared.then(() => parts), trouble: async () => undefined });
    await endpoint.start(PLACE);
    const url = endpoint.url as string;
    const clients = Array.from({ length: 30 }, () => openPaused(url));
    await vi.waitFor(async () => expect((await send(url.replace('/metrics', '/healthz'))).status).toBe(200));
    let turns = 0;
    const count = () => {
      turns += 1;
      next = setImmediate(count);
    };
    let next = setImmediate(count);
    collected();
    await Promise.all(clients.map(({ begun }) => begun));
    clearImmediate(next);
    expect(turns).toBeGreaterThan(3);
    expect((await send(url)).body).toHaveLength(4_000 * 1024);
  });

  it('get answers to some requests at once in one connection, in their order', async () => {
    let scrapes = 0;
    const url = await serve(async () => `${++scrapes}\n`);
    const answers = await exchange(url, `${GET.repeat(3)}${GET.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n')}`);
    expect(statusesIn(answers)).toEqual([200, 200, 200, 200]);
    expect([...answers.matchAll(/^(\d)$/gm)].map(([, n]) => n)).toEqual(['1', '2', '3', '4']);
  });

  it('are cut off after 0.2 MB of requests at once, and cost some scrapes', async () => {
    let scrapes = 0;
    const url = await serve(async () => `${++scrapes}`);
    await exchange(url, GET.repeat(4_500));
    expect(scrapes).toBeLessThanOrEqual(8);
    expect((await fetch(url)).status).toBe(200);
  });

  it('hold no answer in memory that they do not read: it is cut off for another one, or after 30 s', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    // More than the system itself keeps for a connection.
    const large = 'x'.repeat(30 * 1024 * 1024);
    const url = await serve(async () => large);
    const first = openPaused(url);
    expect(await first.begun).toBe(200);
    const second = openPaused(url);
    expect(await second.begun).toBe(200);
    // 64 MiB is the limit for all.
    expect((await send(url)).body).toHaveLength(large.length);
    expect(await first.bytes()).toBeLessThan(large.length);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await second.bytes()).toBeLessThan(large.length);
    expect((await send(url)).status).toBe(200);
  });

  it('are told that their headers are too many or too large', async () => {
    const url = await serve();
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, '1']));
    expect((await send(url, { headers: many })).status).toBe(431);
    expect((await send(url, { headers: { 'x-large': 'x'.repeat(20_000) } })).status).toBe(431);
  });
});
