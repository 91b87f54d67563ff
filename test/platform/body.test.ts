import { once } from 'node:events';
import { request as startRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, it, onTestFinished } from 'vitest';
import { type Arriving, BodyError, readBody } from '../../src/platform/body.ts';
import { sendText, startHttpServer } from '../../src/platform/http-server.ts';

async function start(arriving: Arriving) {
  const server = await startHttpServer({
    host: '127.0.0.1',
    port: 0,
    async handle({ request, response }) {
      try {
        sendText(response, 200, String((await readBody(request, 1_000, arriving)).length));
      } catch (error) {
        sendText(response, error instanceof BodyError ? error.status : 500, '');
      }
    },
  });
  onTestFinished(server.close);
  return server.url;
}

/** A request whose body is not complete. */
function begin(url: string, bytes: number) {
  const outgoing = startRequest(url, { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, agent: false });
  outgoing.on('error', () => {});
  outgoing.write(Buffer.alloc(bytes));
  return outgoing;
}

const post = async (url: string, body: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  (await fetch(url, { method: 'POST', headers, body })).status;

it('bodies that arrive at the same time have one limit, and make room when they end', async () => {
  const arriving = { bytes: 0, most: 1_500 };
  const url = await start(arriving);
  const first = begin(url, 800);
  await expect.poll(() => arriving.bytes).toBe(800);
  expect(await post(url, new Uint8Array(800))).toBe(503);
  expect(await post(url, new Uint8Array(600))).toBe(200);
  first.end();
  expect((await once(first, 'response'))[0].statusCode).toBe(200);
  expect(await post(url, new Uint8Array(800))).toBe(200);
  expect(arriving.bytes).toBe(0);
});

it('a body that is cut off, too large or cannot be unzipped gives its room back', async () => {
  const arriving = { bytes: 0, most: 10_000 };
  const url = await start(arriving);
  const first = begin(url, 800);
  await expect.poll(() => arriving.bytes).toBe(800);
  first.destroy();
  await expect.poll(() => arriving.bytes).toBe(0);
  expect(await post(url, new Uint8Array(5_000))).toBe(413);
  expect(await post(url, new Uint8Array(gzipSync(Buffer.alloc(5_000))), { 'content-encoding': 'gzip' })).toBe(413);
  expect(await post(url, new Uint8Array(500), { 'content-encoding': 'gzip' })).toBe(400);
  expect(await post(url, new Uint8Array(500), { 'content-encoding': 'br' })).toBe(415);
  expect(await post(url, new Uint8Array(gzipSync(Buffer.alloc(900))), { 'content-encoding': 'gzip' })).toBe(200);
  expect(arriving.bytes).toBe(0);
});
