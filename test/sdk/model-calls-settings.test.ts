import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settingsFrom } from '../../src/sdk/settings.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { captureWarnings } from '../support/warnings.ts';

let warnings: string[];
beforeEach(() => {
  warnings = captureWarnings();
  vi.stubEnv('TTA_MODEL_CALLS', undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const modelCallsOf = (options = {}) => settingsFrom(options).modelCalls;
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

describe('the observer of model calls', () => {
  it('reads known hosts, asks for nothing and keeps no content, unless it is told', () => {
    expect(modelCallsOf()).toEqual({
      mode: 'known',
      isChosen: false,
      hosts: {},
      includeUsage: false,
      captureContent: false,
      redact: undefined,
      prices: [],
    });
    expect(warnings).toEqual([]);
  });

  it('is told by the environment', () => {
    const folder = tempFolder({ 'prices.json': '{ "prices": { "own/fast": { "input": 1, "output": 2 } } }' });
    vi.stubEnv('TTA_MODEL_CALLS', ' Metrics ');
    vi.stubEnv('TTA_MODEL_HOSTS', 'litellm:4000=litellm, VLLM.internal ,https://proxy.example/openai=openai,');
    vi.stubEnv('TTA_PRICES', `${folder}/prices.json`);
    vi.stubEnv(CAPTURE, 'true');
    expect(modelCallsOf()).toMatchObject({
      mode: 'metrics',
      isChosen: true,
      hosts: {
        'litellm:4000': { provider: 'litellm' },
        'vllm.internal': {},
        'proxy.example': { provider: 'openai' },
      },
      captureContent: true,
      prices: [{ prices: { 'own/fast': { input: 1, output: 2 } } }],
    });
    expect(warnings).toEqual([]);
  });

  it('leaves the reference prices out where TTA_PRICES is the word catalogue', () => {
    vi.stubEnv('TTA_PRICES', 'catalogue');
    expect(modelCallsOf().prices).toEqual([{ prices: 'catalogue' }]);
    expect(warnings).toEqual([]);
  });

  it('is told by options, which come before the environment', () => {
    vi.stubEnv('TTA_MODEL_CALLS', 'off');
    vi.stubEnv('TTA_MODEL_HOSTS', 'litellm:4000=litellm,other=other');
    vi.stubEnv(CAPTURE, 'true');
    const redact = (text: string) => text;
    expect(
      modelCallsOf({
        modelCalls: {
          mode: 'all',
          hosts: 'litellm:4000=openai',
          captureContent: false,
          redact,
          includeUsage: true,
          priceAs: { fast: 'gpt-4o' },
          maxDollarsPerCall: 5,
        },
      }),
    ).toEqual({
      mode: 'all',
      isChosen: true,
      hosts: { 'litellm:4000': { provider: 'openai' }, other: { provider: 'other' } },
      includeUsage: true,
      captureContent: false,
      redact,
      prices: [{ priceAs: { fast: 'gpt-4o' }, maxDollarsPerCall: 5 }],
    });
    expect(modelCallsOf({ modelCalls: 'known' })).toMatchObject({ mode: 'known', isChosen: true });
  });

  it.each([
    ['OPENAI_BASE_URL', 'http://127.0.0.1:4010/v1', ['127.0.0.1:4010']],
    ['OPENAI_API_BASE', 'https://Proxy.example:443/v1', ['proxy.example']],
    ['ANTHROPIC_BASE_URL', 'https://user:secret@proxy.example/anthropic', ['proxy.example']],
    ['GOOGLE_GEMINI_BASE_URL', 'http://[::1]:8080', ['[::1]:8080']],
    ['AZURE_OPENAI_ENDPOINT', 'https://me.openai.azure.com/', ['me.openai.azure.com']],
    ['GROQ_BASE_URL', ' http://groq.local:1 ', ['groq.local:1']],
    ['MISTRAL_BASE_URL', 'http://mistral.local', ['mistral.local']],
    ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'http://bedrock.local:1', ['bedrock.local:1']],
    ['OLLAMA_HOST', 'gpu.local', ['gpu.local:11434']],
    ['OLLAMA_HOST', 'gpu.local:80', ['gpu.local']],
    ['OLLAMA_HOST', '0.0.0.0:9000', ['127.0.0.1:9000', 'localhost:9000']],
    ['OLLAMA_HOST', 'https://ollama.example', ['ollama.example']],
    ['OPENAI_BASE_URL', 'not a url', []],
    ['OPENAI_BASE_URL', 'ftp://files.example', []],
    ['OPENAI_BASE_URL', ' ', []],
    ['DATABASE_HOST', 'db.local', []],
    ['MY_OPENAI_BASE_URL', 'http://x.local', []],
  ])('reads the host of %s=%s: %s', (name, value, hosts) => {
    vi.stubEnv(name, value);
    expect(modelCallsOf().hosts).toEqual(Object.fromEntries(hosts.map((host) => [host, {}])));
    expect(warnings).toEqual([]);
  });

  it('lets TTA_MODEL_HOSTS name the provider of a host that a client is told of', () => {
    vi.stubEnv('OPENAI_BASE_URL', 'http://proxy.example/v1');
    vi.stubEnv('ANTHROPIC_BASE_URL', 'http://proxy.example/anthropic');
    vi.stubEnv('TTA_MODEL_HOSTS', 'proxy.example=openai');
    expect(modelCallsOf().hosts).toEqual({ 'proxy.example': { provider: 'openai' } });
  });

  it.each([
    ['TTA_MODEL_CALLS', 'yes', /^TTA_MODEL_CALLS must be one of known, all, metrics, off, got "yes"; known is used/],
    ['TTA_MODEL_HOSTS', 'http://key@', /^TTA_MODEL_HOSTS must name hosts such as litellm:4000=litellm/],
    ['TTA_MODEL_HOSTS', 'a b=c', /^TTA_MODEL_HOSTS must name hosts/],
    ['TTA_MODEL_HOSTS', 'host=', /^TTA_MODEL_HOSTS must name hosts/],
    ['TTA_PRICES', '/nowhere/prices.json', /^TTA_PRICES=\/nowhere\/prices\.json: cannot be read: ENOENT.*not used$/],
    ['TTA_PRICES', '/', /^TTA_PRICES=\/: cannot be read: EISDIR.*; the prices of this file are not used$/],
    [CAPTURE, 'maybe', /CAPTURE_MESSAGE_CONTENT must be one of true, false/],
  ])('warns once of a wrong %s=%s, and goes on', (name, value, message) => {
    vi.stubEnv(name, value);
    expect(modelCallsOf()).toMatchObject({
      mode: 'known',
      isChosen: false,
      hosts: {},
      captureContent: false,
      prices: [],
    });
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ['{ "prices": { "m": { "input": -1, "output": 2 } } }', /input must be/],
    ['{ "price": {} }', /price/],
    ['{', /must be JSON/],
    ['[]', /must be/],
  ])('warns once of the price file %s, and goes on', (text, message) => {
    const folder = tempFolder({ 'prices.json': text });
    vi.stubEnv('TTA_PRICES', `${folder}/prices.json`);
    expect(modelCallsOf().prices).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(message)]);
  });
});
