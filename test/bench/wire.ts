/** What observing a call to a model costs, beside the same request by a bare `fetch`, to a server in another process. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { observeFetch } from '../../src/index.js';
import type { Case } from './measure.js';
import { byHand } from './reference.js';

const EVENTS = 200;
const TOGETHER = 16;

const server = fork(fileURLToPath(new URL('./wire-server.js', import.meta.url)), [String(EVENTS)], { execArgv: [] });
const port = await new Promise<number>((resolve) => server.once('message', (message) => resolve(Number(message))));
// The bench ends when it has nothing left to do.
server.unref();
server.channel?.unref();

const address = `http://127.0.0.1:${port}/v1/chat/completions`;
const headers = { 'content-type': 'application/json', authorization: 'Bearer key' };
const bodyOf = (more: object) =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Which river? '.repeat(20) }], ...more });
const whole = { method: 'POST', headers, body: bodyOf({}) };
const streamed = { method: 'POST', headers, body: bodyOf({ stream: true, stream_options: { include_usage: true } }) };

type Fetch = typeof fetch;
const bare: Fetch = globalThis.fetch;
const observed = observeFetch(bare, { hosts: `127.0.0.1:${port}=openai` });
const elsewhere = observeFetch(bare);
const stub: Fetch = async () => new Response('{}');
const stubbed = observeFetch(stub);

const json = (send: Fetch) => async () => (await send(address, whole)).json();
const read = (send: Fetch) => async () => {
  const response = await send(address, streamed);
  for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>);
};
const together = (send: Fetch) => () => Promise.all(Array.from({ length: TOGETHER }, json(send)));
const ask = (send: Fetch) => () => send('https://example.com/a/b?c=d', whole);

const reference = 'bare fetch';
export const calls: readonly Case[] = [
  { name: 'no model call, from memory', reference, ours: ask(stubbed), theirs: ask(stub) },
  {
    name: 'no model call, over a socket',
    reference,
    ours: json(elsewhere),
    theirs: json(bare),
    steps: 30,
    waits: true,
  },
  { name: 'a call, over a socket', reference, ours: json(observed), theirs: json(bare), steps: 30, waits: true },
  {
    ...{ name: 'a call, over a socket', reference: 'span, counter, histogram by hand', steps: 30, waits: true },
    ...{ ours: json(observed), theirs: byHand('llm', 'gpt-4o-mini', json(bare)) },
  },
  {
    ...{ name: `${TOGETHER} calls at a time`, reference, steps: 30 * TOGETHER, waits: true },
    ...{ ours: together(observed), theirs: together(bare) },
  },
  {
    name: `a stream of ${EVENTS} events`,
    reference,
    ours: read(observed),
    theirs: read(bare),
    steps: EVENTS,
    waits: true,
  },
];
