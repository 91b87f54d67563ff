import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openAICompatible } from '../../src/llm/openai-compatible.ts';
import { pricesInForce } from '../../src/llm/price-book.ts';
import { parseExposition, select } from '../../src/prometheus/parse.ts';
import { register } from '../../src/sdk/index.ts';
import { observeFetch } from '../../src/wire/observe-fetch.ts';
import { ENTRY, endChildren, runModule } from '../support/child.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { build } from '../support/tta.ts';
import { captureWarnings } from '../support/warnings.ts';

beforeAll(build);
afterEach(() => {
  endChildren();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const LINE =
  /^tta-primitives observes the model calls of this program over fetch; TTA_MODEL_CALLS=off switches it off\n$/;
const NATIVE = globalThis.fetch;
const quiet = { prometheus: false, traces: false } as const;
const start = async (options = {}) => {
  const sdk = await register({ ...quiet, ...options });
  onTestFinished(() => sdk.shutdown());
  return sdk;
};

describe('register', () => {
  it('observes fetch until its shutdown', async () => {
    const sdk = await start();
    expect(globalThis.fetch).not.toBe(NATIVE);
    await sdk.shutdown();
    expect(globalThis.fetch).toBe(NATIVE);
  });

  it('leaves fetch as it is when that is switched off, by an option or by the environment', async () => {
    const sdk = await start({ modelCalls: 'off' });
    expect(globalThis.fetch).toBe(NATIVE);
    await sdk.shutdown();
    vi.stubEnv('TTA_MODEL_CALLS', 'off');
    await start();
    expect(globalThis.fetch).toBe(NATIVE);
  });

  it('says in the metrics which hosts are observed, and after the shutdown that they are not', async () => {
    vi.stubEnv('OPENAI_BASE_URL', 'http://proxy.example:8080/v1');
    const sdk = await start({ modelCalls: { mode: 'all', hosts: { 'litellm:4000': 'litellm' } } });
    const hosts = async () =>
      select(parseExposition(await sdk.metrics()), 'tta_llm_observed_hosts').map(({ labels, value }) => [
        ...[labels.mode, labels.host, labels.provider],
        value,
      ]);
    expect((await hosts()).filter(([mode]) => mode === 'all')).toEqual([
      ['all', '__any__', '__any__', 1],
      ['all', 'proxy.example:8080', 'proxy.example', 1],
      ['all', 'litellm:4000', 'litellm', 1],
    ]);
    await sdk.shutdown();
    expect((await hosts()).filter(([, , , value]) => value !== 0)).toEqual([]);
  });

  it('names the providers of hosts for models of the port too', async () => {
    const providerOf = (baseURL: string) => openAICompatible({ model: 'm', baseURL }).provider;
    const sdk = await start({ modelCalls: { hosts: 'gate.example:4000=litellm, vllm.internal=vllm' } });
    expect(
      ['http://gate.example:4000/v1', 'http://vllm.internal:8000/v1', 'https://gate.example/v1'].map(providerOf),
    ).toEqual(['litellm', 'vllm', 'gate.example']);
    await sdk.shutdown();
    expect(providerOf('http://gate.example:4000/v1')).toBe('gate.example');
  });

  it('gives its options to observers that are made by hand, beside their own', async () => {
    const sdk = await start({ modelCalls: { hosts: { 'litellm:4000': 'litellm' } } });
    const reply = { model: 'm', choices: [{ message: {} }], usage: { prompt_tokens: 1, completion_tokens: 1 } };
    const answer = async (_url: string, _init: object) => Response.json(reply);
    const fetched = observeFetch(answer, { hosts: 'vllm.internal=vllm' });
    for (const host of ['litellm:4000', 'vllm.internal', 'elsewhere']) {
      const body = JSON.stringify({ model: 'm', messages: [] });
      await (await fetched(`http://${host}/v1/chat/completions`, { method: 'POST', body })).json();
    }
    const requests = select(parseExposition(await sdk.metrics()), 'tta_llm_requests_total');
    const counted = requests.filter(({ labels, value }) => labels.model === 'm' && value > 0);
    expect(counted.map(({ labels }) => labels.provider).toSorted()).toEqual(['litellm', 'vllm']);
  });

  it('sets prices for the whole process, of the file first and then of the options, and takes them back', async () => {
    const folder = tempFolder({
      'prices.json': '{ "prices": { "own/a": { "input": 1, "output": 1 }, "own/b": { "input": 1, "output": 1 } } }',
    });
    vi.stubEnv('TTA_PRICES', `${folder}/prices.json`);
    const before = pricesInForce()();
    const sdk = await start({ modelCalls: { mode: 'off', prices: { 'own/b': { input: 2, output: 2 } } } });
    const priceOf = (key: string) =>
      pricesInForce()()
        .layers.find(({ prices }) => prices.has(key))
        ?.prices.get(key);
    expect(priceOf('own/a')).toEqual([{ input: 1, output: 1 }]);
    expect(priceOf('own/b')).toEqual([{ input: 2, output: 2 }]);
    await sdk.shutdown();
    expect(pricesInForce()()).toBe(before);
  });

  it.each([
    ['some', /^RegisterOptions: modelCalls must be one of known, all, metrics, off, got "some"/],
    [true, /^RegisterOptions: modelCalls must be/],
    [null, /^RegisterOptions: modelCalls must be/],
    [{ modes: 'all' }, /^RegisterOptions: modelCalls.*modes/],
    [{ mode: 'some' }, /^RegisterOptions: modelCalls.mode must be one of/],
    [{ hosts: 5 }, /^RegisterOptions: modelCalls.hosts must be/],
    [{ prices: { m: { input: Number.NaN, output: 1 } } }, /^RegisterOptions: modelCalls.prices/],
    [{ maxDollarsPerCall: -1 }, /^RegisterOptions: modelCalls.maxDollarsPerCall must be/],
  ])('refuses the option modelCalls: %j', async (modelCalls, message) => {
    await expect(register({ ...quiet, modelCalls } as never)).rejects.toThrow(message);
    expect(globalThis.fetch).toBe(NATIVE);
  });

  it('does not fail where a program has frozen the global fetch', async () => {
    const warnings = captureWarnings();
    const child = runModule(
      `Object.defineProperty(globalThis, 'fetch', { value: globalThis.fetch, configurable: false, writable: false });
       const { register } = await import('${ENTRY.sdk}'); await (await register()).shutdown();`,
    );
    expect(await child.exited).toMatchObject({ code: 0, stderr: expect.stringContaining('cannot be replaced') });
    expect(warnings).toEqual([]);
  });
});

describe('a program that loads tta-primitives/register', () => {
  const flags = ['--import', ENTRY.register];
  const env = { OTEL_TRACES_EXPORTER: 'none' };

  it('says in one line that model calls are observed, and how to switch that off; its workers say nothing', async () => {
    const program = `import { Worker } from 'node:worker_threads';
      new Worker(new URL('data:text/javascript,'));`;
    const child = runModule(program, { flags, env: { ...env, TTA_MODEL_CALLS: '' } });
    const { code, stderr } = await child.exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(LINE) });
  });

  it.each(['known', 'off', 'all', 'metrics'])('says nothing where somebody has chosen %s', async (mode) => {
    const { code, stderr } = await runModule('', { flags, env: { ...env, TTA_MODEL_CALLS: mode } }).exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('observes in worker threads too', async () => {
    const inWorker = "import { types } from 'node:util'; console.log('WORKER ' + types.isProxy(fetch))";
    const program = `import { Worker } from 'node:worker_threads';
      new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(inWorker)})));`;
    const child = runModule(program, { flags, env });
    expect(await child.says('WORKER ')).toBe('true');
  });

  it('sends requests to other hosts on, and answers as before', async () => {
    const server = createServer((_, response) => response.end('{"usage":1}'));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/chat/completions`;
    const child = runModule(`console.log('SAID ' + await (await fetch('${url}', { method: 'POST' })).text())`, {
      flags,
      env,
    });
    expect(await child.says('SAID ')).toBe('{"usage":1}');
    expect(await child.exited).toMatchObject({ code: 0, stderr: '' });
  });
});
