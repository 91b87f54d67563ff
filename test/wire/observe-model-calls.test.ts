/** The observer at the global `fetch`, with the protocols, the prices and the metrics of this package. */
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { race, task, timeout, workflow } from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { observeFetch } from '../../src/wire/observe-fetch.ts';
import { observeModelCalls, type Undo } from '../../src/wire/observe-model-calls.ts';
import { readAll, streamOf } from './fake-wire.ts';

const native = globalThis.fetch;
const CHAT = 'https://api.openai.com/v1/chat/completions';
const REQUEST = { method: 'POST', body: '{"model":"gpt-4o-mini","messages":[]}' };
const REPLY = {
  id: 'c1',
  object: 'chat.completion',
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 2_000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 1_500 } },
};

let telemetry: TestTelemetry;
const undos: Undo[] = [];
let answer: (...args: unknown[]) => unknown;
beforeEach(() => {
  telemetry = startTestTelemetry();
  answer = async () => Response.json(REPLY);
  globalThis.fetch = ((...args: unknown[]) => answer(...args)) as typeof fetch;
});
afterEach(async () => {
  for (const undo of undos.splice(0)) undo();
  globalThis.fetch = native;
  vi.restoreAllMocks();
  await telemetry.stop();
});

function install(options?: Parameters<typeof observeModelCalls>[0]): Undo {
  const undo = observeModelCalls(options);
  undos.push(undo);
  return undo;
}

/** The values of a metric by its labels, without those that are 0. */
async function shown(metric: string): Promise<Record<string, number>> {
  // A call is charged when the catalogue of prices has been loaded.
  await loadCatalogue();
  await new Promise((resolve) => setImmediate(resolve));
  const samples = (await telemetry.scrape()).samples.filter(({ name, value }) => name === metric && value !== 0);
  return Object.fromEntries(
    samples.map(({ labels: { job, ...labels }, value }) => [
      Object.values(labels).join(' '),
      Number(value.toFixed(12)),
    ]),
  );
}

const MODEL = 'gpt-4o-mini openai';

describe('a model call by any client', () => {
  it('is counted by how it ended: a caller, a race or a timeout is no failure of the model', async () => {
    install();
    const ask = task('ask', async (_: unknown, { signal }) => (await fetch(CHAT, { ...REQUEST, signal })).json());
    await ask.execute(undefined);
    answer = async () => Response.json({ error: { message: 'no' } }, { status: 500 });
    await ask.execute(undefined);
    answer = (_, request) => {
      const { signal } = request as { signal: AbortSignal };
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    };
    await race([ask, task('quick', () => 1)]).execute(undefined);
    await timeout(ask, { timeoutMs: 5 })
      .execute(undefined)
      .catch(() => {});
    const controller = new AbortController();
    const left = ask.execute(undefined, { signal: controller.signal }).catch(() => {});
    controller.abort();
    await left;
    expect(await shown('tta_llm_outcomes_total')).toEqual({
      'gpt-4o-mini openai success': 1,
      'gpt-4o-mini openai failure': 1,
      'gpt-4o-mini openai superseded': 1,
      'gpt-4o-mini openai timeout': 1,
      'gpt-4o-mini openai cancelled': 1,
    });
  });

  it('is a span, tokens and dollars, of the workflow that it runs in', async () => {
    install();
    const ask = task('ask', async () => (await fetch(CHAT, REQUEST)).json());
    expect(await workflow('answer', ask).execute(undefined)).toEqual(REPLY);
    expect(await shown('tta_llm_cost_total')).toEqual({ [MODEL]: 0.0002475 });
    expect(await shown('tta_workflow_llm_cost_total')).toEqual({ answer: 0.0002475 });
    expect(await shown('tta_llm_input_tokens_total')).toEqual({ [MODEL]: 2_000 });
    expect(await shown('tta_llm_cached_input_tokens_total')).toEqual({ [MODEL]: 1_500 });
    const spans = telemetry.spans();
    const call = spans.find(({ name }) => name === 'chat gpt-4o-mini');
    const step = spans.find(({ name }) => name.includes('ask'));
    expect(call?.parentSpanContext?.spanId ?? (call as never as { parentSpanId: string }).parentSpanId).toBe(
      step?.spanContext().spanId,
    );
  });

  it('outside of every workflow is counted too', async () => {
    install();
    await (await fetch(CHAT, REQUEST)).text();
    expect(await shown('tta_workflow_llm_cost_total')).toEqual({ __none__: 0.0002475 });
  });

  it('has no span where only metrics are asked for', async () => {
    install({ mode: 'metrics' });
    await (await fetch(CHAT, REQUEST)).json();
    expect(await shown('tta_llm_cost_total')).toEqual({ [MODEL]: 0.0002475 });
    expect(telemetry.spans()).toEqual([]);
  });

  it('is priced by the prices of the observer', async () => {
    install({ hosts: 'gateway.internal=gate', priceAs: { 'gate/gpt-4o-mini': 'openai/gpt-4o-mini' } });
    await (await fetch('http://gateway.internal:8080/v1/chat/completions', REQUEST)).json();
    expect(await shown('tta_llm_cost_total')).toEqual({ 'gpt-4o-mini gate': 0.0002475 });
  });

  it('on a host of the author without a price is unpriced: its dollars may be counted there', async () => {
    install({ hosts: 'gateway.internal=gate' });
    await (await fetch('http://gateway.internal:8080/v1/chat/completions', REQUEST)).json();
    expect(await shown('tta_llm_cost_total')).toEqual({});
    expect(await shown('tta_llm_unpriced_requests_total')).toEqual({ 'gpt-4o-mini gate': 1 });
  });

  it('that is refused costs nothing, and is no call of unknown usage', async () => {
    install();
    answer = async () => Response.json({ error: {} }, { status: 429 });
    await (await fetch(CHAT, REQUEST)).json();
    expect(await shown('tta_llm_requests_total')).toEqual({
      'gpt-4o-mini openai failure': 1,
    });
    expect(await shown('tta_llm_unmetered_requests_total')).toEqual({});
    expect(await shown('tta_llm_unpriced_requests_total')).toEqual({});
  });

  it('that is aborted before it is sent costs nothing, and is no call of unknown usage', async () => {
    install();
    answer = (...args) => native(...(args as Parameters<typeof fetch>));
    const aborted = { ...REQUEST, signal: AbortSignal.abort() };
    await expect(fetch(CHAT, aborted)).rejects.toThrow('aborted');
    await expect(fetch(new Request(CHAT, aborted))).rejects.toThrow('aborted');
    expect(await shown('tta_llm_requests_total')).toEqual({
      'gpt-4o-mini openai failure': 1,
      '__unknown__ openai failure': 1,
    });
    expect(await shown('tta_llm_unmetered_requests_total')).toEqual({});
    expect(await shown('tta_llm_unpriced_requests_total')).toEqual({});
  });

  it('that no protocol recognises is seen', async () => {
    install();
    await fetch('https://api.openai.com/v1/images/generations', REQUEST);
    expect(await shown('tta_llm_unmetered_requests_total')).toEqual({
      '__unrecognised__ openai': 1,
    });
    expect(await shown('tta_llm_requests_total')).toEqual({});
  });
});

describe('no span has', () => {
  const shownOfSpans = async () => {
    await loadCatalogue();
    await new Promise((resolve) => setImmediate(resolve));
    return JSON.stringify(
      telemetry.spans().map(({ name, attributes, status, events }) => ({ name, attributes, status, events })),
    );
  };

  it('the words of a provider, which may quote the prompt', async () => {
    install();
    const error = { message: 'this prompt is not allowed: my secret', code: 'invalid_prompt' };
    for (const body of [JSON.stringify({ error }), `data: ${JSON.stringify({ error })}\n\n`]) {
      answer = async () => new Response(body);
      await (await fetch(CHAT, REQUEST)).text();
    }
    expect(await shownOfSpans()).toMatch(/^(?!.*my secret).*"error.type":"invalid_prompt"/);
  });

  it('the words of fetch or of a client, which may quote a header, an address or a reason', async () => {
    install();
    answer = (...args) => native(...(args as Parameters<typeof fetch>));
    const refused: readonly (readonly [string, object])[] = [
      [CHAT, { ...REQUEST, headers: { 'api-key': 'my\nsecret' } }],
      [CHAT.replace('api', 'my:secret@api'), REQUEST],
      [CHAT, { ...REQUEST, signal: AbortSignal.abort(new Error('my secret')) }],
      [CHAT, { ...REQUEST, signal: AbortSignal.abort(new DOMException('my secret', 'TimeoutError')) }],
    ];
    for (const [address, init] of refused) await expect(fetch(address, init)).rejects.toThrow(/my\W*secret/);
    answer = async () => {
      throw new Error('my secret', { cause: { code: 'ECONNREFUSED' } });
    };
    await expect(fetch(CHAT, REQUEST)).rejects.toThrow('my secret');
    const spans = await shownOfSpans();
    expect(spans).not.toMatch(/secret/);
    expect(spans).toMatch(/"message":"the request or its reply failed: ECONNREFUSED"/);
    expect(telemetry.spans().map(({ attributes }) => attributes['error.type'])).toEqual([
      ...['TypeError', 'TypeError', 'AbortError', 'TimeoutError', 'Error'],
    ]);
  });
});

describe('a stream without usage', () => {
  const body = '{"model":"gpt-4o-mini","stream":true,"messages":[]}';
  const chunk = (more: object) => `data: ${JSON.stringify({ id: 'c', model: 'gpt-4o-mini', ...more })}\n\n`;
  const texts = [
    chunk({ choices: [{ index: 0, delta: { content: 'Yes.' }, finish_reason: null }] }),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  ];
  const sent: { body: string; headers?: object }[] = [];
  beforeEach(() => {
    sent.length = 0;
    answer = async (_url, init) => {
      sent.push(init as { body: string });
      const asked = (init as { body: string }).body.includes('include_usage');
      const usage = chunk({ choices: [], usage: REPLY.usage });
      const all = [...texts, ...(asked ? [usage] : []), 'data: [DONE]\n\n'];
      return streamOf(asked ? all.map((text) => text.replace(']}\n', '],"usage":null}\n')) : all);
    };
  });
  const plain = [...texts, 'data: [DONE]\n\n'].join('');

  it('is an estimate, and counts as unmetered', async () => {
    install();
    expect(await (await fetch(CHAT, { method: 'POST', body })).text()).toBe(plain);
    expect(sent[0]?.body).toBe(body);
    expect(await shown('tta_llm_unmetered_requests_total')).toEqual({ [MODEL]: 1 });
  });

  it('is asked for it where the author wants that, and its client sees what it would have seen', async () => {
    install({ includeUsage: true });
    const init = Object.freeze({ method: 'POST', body });
    expect(await (await fetch(CHAT, init)).text()).toBe(plain);
    expect(await readAll((await fetch(CHAT, init)).body)).toBe(plain);
    const buffer = await (await fetch(CHAT, init)).arrayBuffer();
    expect([Buffer.from(buffer).toString(), buffer.byteLength]).toEqual([plain, plain.length]);
    const blob = await (await fetch(CHAT, init)).blob();
    expect([await blob.text(), blob.type]).toEqual([plain, 'text/event-stream']);
    expect(JSON.parse(sent[0]?.body ?? '')).toEqual({ ...JSON.parse(body), stream_options: { include_usage: true } });
    expect(await shown('tta_llm_unmetered_requests_total')).toEqual({});
    expect(await shown('tta_llm_cost_total')).toEqual({ [MODEL]: 0.00099 });
  });

  it('is not asked for it where the length or the signature of the request is fixed', async () => {
    install({ includeUsage: true });
    const all = [
      { 'Content-Length': String(body.length) },
      { Authorization: 'AWS4-HMAC-SHA256 Credential=x' },
      { 'X-Amz-Date': '20260101T000000Z' },
    ];
    for (const headers of all) expect(await (await fetch(CHAT, { method: 'POST', body, headers })).text()).toBe(plain);
    expect(sent.map((init) => init.body)).toEqual([body, body, body]);
  });
});

describe('a call is counted once', () => {
  const once = () =>
    vi.waitFor(async () => expect(await shown('tta_llm_cost_total')).toEqual({ [MODEL]: 0.0002475 }), 10_000);

  it('when installed twice', async () => {
    install();
    install({ mode: 'all' });
    await (await fetch(CHAT, REQUEST)).json();
    await once();
  });

  it('by an observed fetch on top of the global one', async () => {
    install();
    await (await observeFetch()(CHAT, REQUEST)).json();
    await once();
  });

  it('by another copy of the package', async () => {
    install();
    vi.resetModules();
    const other = await import('../../src/wire/observe-model-calls.ts');
    expect(other.observeModelCalls).not.toBe(observeModelCalls);
    undos.unshift(other.observeModelCalls());
    await (await fetch(CHAT, REQUEST)).json();
    await once();
  });
});

describe('the undo', () => {
  it('puts back the earlier fetch, with its descriptor', () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'fetch');
    const undo = install();
    expect(globalThis.fetch).not.toBe(before?.value);
    undo();
    expect(Object.getOwnPropertyDescriptor(globalThis, 'fetch')).toEqual(before);
    undo();
    expectTypeOf(undo).toEqualTypeOf<() => void>();
  });

  it('leaves what was put on top, and lets requests pass unseen', async () => {
    const undo = install();
    const ours = globalThis.fetch;
    const top = ((...args: Parameters<typeof fetch>) => ours(...args)) as typeof fetch;
    globalThis.fetch = top;
    undo();
    expect(globalThis.fetch).toBe(top);
    await (await fetch(CHAT, REQUEST)).json();
    expect(await shown('tta_llm_requests_total')).toEqual({});
  });

  it('in the wrong order lets everything pass unseen', async () => {
    const [first, second] = [install(), install()];
    first();
    second();
    expect(await (await fetch(CHAT, REQUEST)).json()).toEqual(REPLY);
    expect(await shown('tta_llm_requests_total')).toEqual({});
  });

  it('does not end the calls that run', async () => {
    const undo = install();
    const response = await fetch(CHAT, REQUEST);
    undo();
    await response.json();
    expect(await shown('tta_llm_cost_total')).toEqual({ [MODEL]: 0.0002475 });
  });
});

describe('a global fetch', () => {
  it('that is no function, or not observed, is left alone', () => {
    install({ mode: 'off' });
    const before = globalThis.fetch;
    expect(globalThis.fetch).toBe(before);
    globalThis.fetch = undefined as never;
    expect(() => install()()).not.toThrow();
    expect(globalThis.fetch).toBeUndefined();
  });
});
