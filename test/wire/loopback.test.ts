/** The observed fetch on real sockets: what reaches the server, and what stays in memory. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { openModelCalls } from '../../src/wire/open-call.ts';
import { collectUntil, fakeWire, onlyCall, readAll } from './fake-wire.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat`;
}

/** An observed fetch for this server, and the notes about its calls. */
function observedFor(url: string) {
  const wire = fakeWire();
  return { wire, fetched: wire.wrap(fetch, { hosts: new URL(url).host }) };
}

const POST = { method: 'POST', body: '{"model":"m","stream":true}' };
const until = async (done: () => boolean) => {
  const end = performance.now() + 30_000;
  while (!done() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
};

describe('on a real socket', () => {
  it('reads what was compressed, at every border of its chunks', async () => {
    const text = 'née 😀 '.repeat(500);
    const body = gzipSync(`${text}END`);
    const url = await serve((request, response) => {
      request.resume();
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'text/event-stream' });
      for (let i = 0; i < body.length; i += 7) response.write(body.subarray(i, i + 7));
      response.end();
    });
    const { wire, fetched } = observedFor(url);
    expect(await readAll((await fetched(url, POST)).body)).toBe(`${text}END`);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', text: `${text}END`, firstChunks: 1 });
  });

  it('sends the same bytes and headers', async () => {
    const seen: unknown[] = [];
    const url = await serve(async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      seen.push([request.method, request.url, request.rawHeaders, body]);
      response.end('{}');
    });
    const init = { ...POST, headers: { 'X-Mine': '1', Authorization: 'Bearer k' } };
    await (await fetch(url, init)).text();
    await (await observedFor(url).fetched(url, init)).text();
    expect(seen[1]).toEqual(seen[0]);
  });

  it('lets the server write no more than its client reads, and tells it of a cancellation at once', async () => {
    let written = 0;
    let closed = false;
    const part = Buffer.alloc(65_536, 'x');
    const url = await serve((request, response) => {
      request.resume();
      response.on('close', () => {
        closed = true;
      });
      const write = () => {
        while (written < 50e6) {
          written += part.length;
          if (!response.write(part)) {
            response.once('drain', write);
            return;
          }
        }
        response.end();
      };
      write();
    });
    const { wire, fetched } = observedFor(url);
    const reader = (await fetched(url, POST)).body?.getReader();
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(written).toBeLessThan(20e6);
    await reader?.cancel();
    await until(() => closed);
    expect(closed).toBe(true);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', ends: 1 });
  });

  it('frees the socket of a reply that is dropped unread', async () => {
    let closed = 0;
    const url = await serve((request, response) => {
      request.resume();
      response.on('close', () => {
        closed += 1;
      });
      response.write('one ');
    });
    const { wire, fetched } = observedFor(url);
    await (async () => {
      await fetched(url, POST);
    })();
    await collectUntil(() => closed > 0 && onlyCall(wire).ends > 0);
    expect([closed, onlyCall(wire).outcome]).toEqual([1, 'cancelled']);
  });

  it('ends the call of a reply that is dropped half-read, whose socket fetch itself does not free', async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.write('one ');
    });
    const { wire, fetched } = observedFor(url);
    await (async () => {
      await (await fetched(url, POST)).body?.getReader().read();
    })();
    await collectUntil(() => onlyCall(wire).ends > 0);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', ends: 1 });
  });

  it('fails where the connection breaks in the middle, with the error that fetch has', async () => {
    const url = await serve((request, response) => {
      request.resume();
      response.write('one ');
      setTimeout(() => response.destroy(), 20);
    });
    const { wire, fetched } = observedFor(url);
    const ours = await readAll((await fetched(url, POST)).body).catch((error: Error) => error);
    const theirs = await readAll((await fetch(url, POST)).body).catch((error: Error) => error);
    expect(String(ours)).toBe(String(theirs));
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error: ours, ends: 1 });
  });

  it('is aborted in the middle of a reply', async () => {
    let closed = false;
    const url = await serve((request, response) => {
      request.resume();
      response.on('close', () => {
        closed = true;
      });
      response.write('one ');
    });
    const { wire, fetched } = observedFor(url);
    const abort = new AbortController();
    const response = await fetched(url, { ...POST, signal: abort.signal });
    const reading = readAll(response.body);
    setTimeout(() => abort.abort(), 20);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await until(() => closed);
    expect([closed, onlyCall(wire).outcome]).toEqual([true, 'cancelled']);
  });

  it('times out by the signal, and that is a failure', async () => {
    const url = await serve((request) => {
      request.resume();
    });
    const { wire, fetched } = observedFor(url);
    const failing = fetched(url, { ...POST, signal: AbortSignal.timeout(50) });
    await expect(failing).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error: { name: 'TimeoutError' } });
  });
});

describe('memory', () => {
  it('holds nothing of the calls that have ended, read, left, dropped or rejected', async () => {
    const wire = fakeWire();
    const replies: Record<string, () => Promise<Response>> = {
      read: async () => new Response('{}'),
      left: async () => new Response('one two'),
      rejected: () => Promise.reject(new Error('no')),
    };
    const fetched = wire.wrap((_url: string, init: { fate: string; method: string; body: string }) =>
      (replies[init.fate] as () => Promise<Response>)(),
    );
    const round = async (count: number) => {
      for (let i = 0; i < count; i += 1) {
        const init = { method: 'POST', body: '{}', fate: Object.keys(replies)[i % 3] as string };
        const response = await fetched('https://api.openai.com/v1/chat', init).catch(() => undefined);
        if (init.fate === 'read') await response?.json();
        if (init.fate === 'left') await response?.body?.cancel();
      }
      wire.calls.length = 0;
      await collectUntil(() => openModelCalls() === 0);
      (globalThis as { gc?: () => void }).gc?.();
      return process.memoryUsage().heapUsed;
    };
    const heaps = [await round(3_000), await round(3_000)];
    for (let i = 0; i < 4; i += 1) heaps.push(await round(9_000));
    expect(openModelCalls()).toBe(0);
    // What calls leave behind grows in each round, what the engine compiles or keeps for a while does not.
    const growths = heaps.slice(2).map((heap, i) => (heap - (heaps[i + 1] as number)) / 9_000);
    expect(Math.min(...growths)).toBeLessThan(20);
  });

  it('of a large reply that is read by chunks stays small', async () => {
    const part = new Uint8Array(65_536).fill(120);
    const wire = fakeWire();
    const parts = {
      ...wire.parts,
      recognise: (...args: Parameters<typeof wire.parts.recognise>) => {
        const found = wire.parts.recognise(...args);
        return (
          found && {
            ...found,
            reader: (...more: Parameters<typeof found.reader>) => ({ ...found.reader(...more), chunk: () => {} }),
          }
        );
      },
    };
    const { createObserver } = await import('../../src/wire/observer.ts');
    const { observed } = await import('../../src/wire/observe-fetch.ts');
    let left = 800;
    const fetched = observed(
      async (_url: string, _init: object) => {
        const body = new ReadableStream({
          type: 'bytes',
          pull(controller) {
            left -= 1;
            if (left === 0) controller.close();
            else controller.enqueue(part.slice());
          },
        });
        return new Response(body);
      },
      createObserver({}, parts),
    );
    const body = (await fetched('https://api.openai.com/v1/chat', POST)).body as unknown as AsyncIterable<Uint8Array>;
    (globalThis as { gc?: () => void }).gc?.();
    const before = process.memoryUsage();
    let most = 0;
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes % (64 * 65_536) !== 0) continue;
      (globalThis as { gc?: () => void }).gc?.();
      const now = process.memoryUsage();
      most = Math.max(most, now.heapUsed + now.arrayBuffers - before.heapUsed - before.arrayBuffers);
    }
    expect(bytes).toBe(799 * 65_536);
    expect(most).toBeLessThan(8e6);
  });
});
