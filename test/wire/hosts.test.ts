import { describe, expect, it } from 'vitest';
import { hostFinder } from '../../src/wire/hosts.ts';
import { modelHosts } from '../../src/wire/model-hosts.ts';

const find = (host: string, hosts: Parameters<typeof hostFinder>[0] = '', all = false) => hostFinder(hosts, all)(host);

describe('the hosts that are read', () => {
  it('are those of the providers, and Ollama on this machine', () => {
    expect(find('api.openai.com')).toEqual({ provider: 'openai', listed: true, believesCost: false });
    expect(find('my-resource.openai.azure.com')?.provider).toBe('azure.ai.openai');
    expect(find('localhost:11434')?.provider).toBe('ollama');
    expect(find('localhost:8080')).toBeUndefined();
    expect(find('example.com')).toBeUndefined();
  });

  it('are those of the author, with or without a port', () => {
    const hosts = ' litellm:4000=litellm , vllm.internal,';
    expect(find('litellm:4000', hosts)?.provider).toBe('litellm');
    expect(find('litellm:4001', hosts)).toBeUndefined();
    expect(find('vllm.internal:8000', hosts)).toEqual({ provider: 'vllm.internal', listed: true, believesCost: false });
    expect(find('vllm.internal', hosts)?.provider).toBe('vllm.internal');
  });

  it('may be given with the usual port, which no address of a request has', () => {
    const hosts = 'litellm:443=litellm, proxy.corp:80=corp';
    expect(find('litellm', hosts)?.provider).toBe('litellm');
    expect(find('proxy.corp', hosts)?.provider).toBe('corp');
    expect(find('litellm:4000', hosts)).toBeUndefined();
  });

  it('may be given as addresses, as clients have them in their settings', () => {
    expect(find('proxy:8080', 'https://user:key@Proxy:8080/v1?key=k=proxy')?.listed).toBe(true);
    expect(find('127.0.0.1:11434', 'http://127.0.0.1:11434/v1')?.provider).toBe('ollama');
    expect(find('proxy', 'https://proxy:443/v1')?.provider).toBe('proxy');
  });

  it('may be given as an object, which says whose stated dollars are believed', () => {
    const hosts = { 'litellm:4000': { provider: 'litellm', statesCost: true }, vllm: 'own' };
    expect(find('litellm:4000', hosts)).toEqual({ provider: 'litellm', listed: true, believesCost: true });
    expect(find('vllm', hosts)).toEqual({ provider: 'own', listed: true, believesCost: false });
    expect(find('openrouter.ai')?.believesCost).toBe(true);
    expect(find('openrouter.ai', { 'openrouter.ai': { statesCost: false } })?.believesCost).toBe(false);
    expect(find('evil.example', '', true)?.believesCost).toBe(false);
    expect(find('evil.example', 'evil.example=openrouter')?.believesCost).toBe(false);
  });

  it('are all hosts where all are asked for, of which a hundred have their name', () => {
    const finder = hostFinder('', true);
    const names = new Set(Array.from({ length: 2_000 }, (_, i) => finder(`h${i}.example:${i}`)?.provider));
    expect(names.size).toBe(101);
    expect(names.has('__other__')).toBe(true);
    expect(finder('h0.example:0')).toEqual({ provider: 'h0.example', listed: false, believesCost: false });
    expect(finder('api.openai.com')?.listed).toBe(true);
  });
});

describe('hosts of the author that are wrong', () => {
  const check = (hosts: unknown) => () => modelHosts('ModelCallOptions', 'hosts', hosts);

  it('are refused with what is right', () => {
    expect(check(['litellm'])).toThrow("hosts must be a text such as 'litellm:4000=litellm', or an object such as");
    expect(check('lite llm')).toThrow('hosts must name hosts such as litellm:4000');
    expect(check('litellm=')).toThrow('hosts["litellm"].provider must be a text that is not empty');
    expect(check({ litellm: { statesCost: 'yes' } })).toThrow('hosts["litellm"].statesCost must be true or false');
    expect(check({ litellm: 1 })).toThrow('hosts["litellm"]: must be an object');
    expect(check({ litellm: { providr: 'x' } })).toThrow('providr');
  });

  it('are not quoted where they may hold a key', () => {
    expect(check('litellm/v1?key=secret')).toThrow(/^(?!.*secret)/);
  });

  it('are right', () => {
    for (const hosts of ['', 'a', 'a:1=b,c', '[::1]:8080=x', {}, { a: 'b' }, { a: {} }])
      expect(check(hosts)).not.toThrow();
  });
});
