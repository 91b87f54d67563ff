/** Errors of real clients, as their worker had them and as their caller gets them. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOf } from '../../src/queue/error-record.ts';
import { errorOf } from '../../src/queue/revive-error.ts';
import { judge } from '../../src/resilience/judge.ts';
import { retryAfterMs } from '../../src/resilience/retry-after.ts';
import { component } from '../support/component.ts';
import { startRedis } from '../support/redis.ts';

const cross = (thrown: unknown) => errorOf(JSON.parse(JSON.stringify(recordOf(thrown))));
const caught = (work: PromiseLike<unknown>) =>
  Promise.resolve(work).then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );
const KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD';

function expectSame(thrown: unknown): object {
  const crossed = cross(thrown);
  expect(judge(crossed)).toEqual(judge(thrown));
  expect(retryAfterMs(crossed, 0)).toBe(retryAfterMs(thrown, 0));
  const { name, code } = thrown as { name: string; code?: unknown };
  expect(crossed).toMatchObject(typeof code === 'string' ? { name, code } : { name });
  return crossed as object;
}

let server: Server;
let url: string;
beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    const status = Number(url.split('/')[1]) || 200;
    const code = status === 402 ? 'insufficient_quota' : 'other';
    response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '2', 'x-request-id': 'req_9' });
    response.end(JSON.stringify({ error: { message: `no: ${KEY}`, type: 'kind', code } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('an error of the client of OpenAI', () => {
  it.each([400, 401, 402, 429, 500, 503])('with status %i', async (status) => {
    const client = new OpenAI({ apiKey: 'k', baseURL: `${url}/${status}`, maxRetries: 0 });
    const crossed = expectSame(await caught(client.models.list()));
    expect(crossed).toMatchObject({ status, requestID: 'req_9', type: 'kind', retryAfterMs: 2_000 });
    expect(JSON.stringify([crossed, String(crossed)])).not.toContain('abcdefghij');
  });

  it('without a connection has the causes that fetch gave it', async () => {
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://127.0.0.1:1', maxRetries: 0 });
    const crossed = expectSame(await caught(client.models.list()));
    expect(crossed).toMatchObject({
      message: 'Connection error.',
      cause: { name: 'TypeError', message: 'fetch failed' },
    });
  });
});

it('an error of fetch, also of its time limit', async () => {
  expectSame(await caught(fetch('http://127.0.0.1:1')));
  expectSame(await caught(fetch('no url')));
  expectSame(await caught(fetch(url, { signal: AbortSignal.timeout(0) })));
  expectSame(await caught(fetch(url, { signal: AbortSignal.abort() })));
});

describe.skipIf(!component('redis-server'))('an error of ioredis', () => {
  it('that Redis has answered, and that of a connection that it has lost', async () => {
    const running = await startRedis();
    const client = new Redis(running.url, { retryStrategy: () => 10, maxRetriesPerRequest: 0 });
    client.on('error', () => {});
    await client.set('text', 'x');
    expect(expectSame(await caught(client.lpush('text', 'y')))).toMatchObject({ name: 'ReplyError' });
    await running.kill('SIGKILL');
    expectSame(await caught(client.get('text')));
    client.disconnect();
  });
});
