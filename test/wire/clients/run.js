/**
 * Asks one client all that `cases.js` has, and writes what it saw as JSON: results, errors, requests as they arrived, and
 * how each reply ended for the server. With `observed`, model calls are observed, and what was counted is told too.
 */
import crypto from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import { readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { casesFor } from './cases.js';
import { clean } from './clean.js';

const [root, name, mode, output, only] = process.argv.slice(2);
const load = (file) => import(pathToFileURL(join(root, 'dist/src', file)).href);

// The ids of the server and of clients are the same in each run.
crypto.randomBytes = (size) => Buffer.alloc(size, 1);
syncBuiltinESMExports();
Math.random = () => 0.5;

const unhandled = [];
process.on('unhandledRejection', (error) => unhandled.push(clean(error)));

let faults = [];
const { startModelServer } = await load('tools/offline-model/model-server.js');
const server = await startModelServer({
  anyModel: true,
  chaos: () => {
    const fault = faults.shift() ?? 'none';
    const given = typeof fault === 'string' ? { kind: fault } : fault;
    requests.at(-1).fault = given.kind;
    return given;
  },
});
const url = server.baseURL.replace(/\/v1$/, '');

/** Differ from run to run, or from one request to the next, by the client's own doing. */
const CHANGING = /^(host|x-amz-date|authorization|amz-sdk-invocation-id|amz-sdk-request|idempotency-key|x-fern-.*)$/i;
let requests = [];
diagnostics.subscribe('http.server.request.start', ({ request, response }) => {
  const body = [];
  const headers = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [key, value] = request.rawHeaders.slice(at, at + 2);
    headers.push(CHANGING.test(key) ? key : `${key}: ${clean(value)}`);
  }
  const seen = { method: request.method, url: request.url, headers, fate: 'open' };
  requests.push(seen);
  request.on('data', (chunk) => body.push(chunk));
  request.on('end', () => {
    seen.body = Buffer.concat(body).toString('base64');
  });
  const sent = [];
  for (const method of ['write', 'end']) {
    const send = response[method];
    response[method] = (chunk, ...more) => {
      if (chunk !== undefined && typeof chunk !== 'function') sent.push(Buffer.from(chunk));
      return send.call(response, chunk, ...more);
    };
  }
  response.on('close', () => {
    seen.status = response.headersSent ? response.statusCode : undefined;
    seen.fate = response.writableFinished ? 'whole' : 'left';
    seen.usage = usageIn(Buffer.concat(sent).toString('latin1'));
  });
});

/** What a reply says of its tokens, found as a person would find it: no text of these tests looks like it. */
function usageIn(sent) {
  const billed = /"billed_units":\{"input_tokens":(\d+),"output_tokens":(\d+)/.exec(sent);
  const last = (names) => [...sent.matchAll(new RegExp(`"(?:${names})":(\\d+)`, 'g'))].at(-1)?.[1];
  const input = billed?.[1] ?? last('prompt_tokens|input_tokens|promptTokenCount|prompt_eval_count|inputTokens');
  const output = billed?.[2] ?? last('completion_tokens|output_tokens|candidatesTokenCount|eval_count|outputTokens');
  return input === undefined ? undefined : { input: Number(input), output: Number(output ?? 0) };
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Some clients leave a stream to the garbage collector. */
async function until(condition, ms = 5_000) {
  for (const end = Date.now() + ms; !condition() && Date.now() < end; ) {
    await sleep(2);
    if (end - Date.now() < ms - 200) globalThis.gc();
  }
}

const { ADAPTERS, EMBEDDERS } = await import('./adapters.js');
const adapter = ADAPTERS[name];
const { observe } = mode === 'observed' ? await import('./observed.js') : {};
const observed = await observe?.(load, { provider: adapter.provider, models: [adapter.model, ...EMBEDDERS], url });

/** In a function of its own: what a client keeps can be collected after it. */
async function ask(options, run) {
  // Time limits that could end a call of another case are far away.
  const client = await adapter.make({ url, maxRetries: 0, timeout: 60_000, observe: observed?.client, ...options });
  const requested = () => until(() => requests.length > 0);
  try {
    return { value: clean(await run(client, { url, requested })) };
  } catch (error) {
    return { thrown: clean(error) };
  }
}

const results = {};
for (const [title, { faults: planned = [], client: options = {}, run }] of Object.entries(casesFor(adapter))) {
  if (only !== undefined && only !== title) continue;
  if (process.env.TRACE) process.stderr.write(`${title}\n`);
  faults = [...planned];
  requests = [];
  const result = await ask(options, run);
  await until(() => requests.every(({ fate }) => fate !== 'open'));
  results[title] = { result, requests, counted: await observed?.counted(requests.length, sleep) };
}
await observed?.stop();
await server.close();
await sleep(20);
const { version } = JSON.parse(readFileSync(`node_modules/${adapter.from}/package.json`, 'utf8'));
writeFileSync(
  output,
  JSON.stringify({ results, unhandled, client: `${adapter.from} ${version}`, breaksOnAbort: adapter.breaksOnAbort }),
);
if (adapter.lingers) process.exit();
