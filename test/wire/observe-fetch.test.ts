import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { uncounted } from '../../src/llm/uncounted.ts';
import { observeFetch } from '../../src/wire/observe-fetch.ts';
import { endOpenModelCalls, openModelCalls } from '../../src/wire/open-call.ts';
import { captureWarnings } from '../support/warnings.ts';
import { fakeWire, MODEL_URL, onlyCall, REQUEST, readAll, streamOf } from './fake-wire.ts';

afterEach(() => {
  vi.restoreAllMocks();
  endOpenModelCalls();
});

const whole = async (_input?: unknown, _init?: unknown) => new Response('{"a":1}');

describe('what is sent', () => {
  it('are the very arguments, and what fetch gives is given', () => {
    const wire = fakeWire();
    const seen: unknown[][] = [];
    const result = { not: 'a promise' };
    const fetched = wire.wrap((...args: unknown[]) => {
      seen.push(args);
      return result;
    });
    const init = Object.freeze({ ...REQUEST, headers: { a: 'b' } });
    expect(fetched(MODEL_URL, init, 'third')).toBe(result);
    expect(fetched('https://example.com/', init)).toBe(result);
    expect(fetched()).toBe(result);
    expect(seen).toEqual([[MODEL_URL, init, 'third'], ['https://example.com/', init], []]);
    expect(seen[0]?.[1]).toBe(init);
  });

  it('has the same promise where the request is no model call', () => {
    const wire = fakeWire();
    const promise = Promise.resolve(new Response());
    expect(wire.wrap((_url: string, _init: object) => promise)('https://example.com/v1/chat', REQUEST)).toBe(promise);
  });

  it('keeps this, the name, the length and the properties of the function', () => {
    const wire = fakeWire();
    const base = Object.assign(
      function fetch(this: unknown, _input: string) {
        return this;
      },
      { preconnect: 1 },
    );
    const fetched = wire.wrap(base);
    expect([fetched.name, fetched.length, fetched.preconnect]).toEqual(['fetch', 1, 1]);
    const owner = { fetched };
    expect(owner.fetched('x')).toBe(owner);
  });

  it('is not read where its body is a stream', async () => {
    const wire = fakeWire();
    const request = new Request(MODEL_URL, { method: 'POST', body: REQUEST.body });
    await wire.wrap(whole)(request);
    expect(request.bodyUsed).toBe(false);
    expect(onlyCall(wire).start.model).toBeUndefined();
  });

  it('is read as a text or as bytes of one', async () => {
    const wire = fakeWire();
    const bytes = new TextEncoder().encode(REQUEST.body);
    const fetched = wire.wrap(whole);
    for (const body of [REQUEST.body, bytes, bytes.buffer, Buffer.from(bytes)])
      await fetched(MODEL_URL, { method: 'POST', body });
    expect(wire.calls.map(({ start }) => [start.model, start.requestBytes])).toEqual(Array(4).fill(['m', 27]));
  });
});

describe('which requests are model calls', () => {
  const inputs: Record<string, unknown[]> = {
    'an address as a text': [MODEL_URL, REQUEST],
    'a URL': [new URL(MODEL_URL), REQUEST],
    'a Request': [new Request(MODEL_URL, { method: 'POST' })],
    'a Request with other options': [new Request(MODEL_URL), REQUEST],
    'odd letters': ['HTTPS://API.OpenAI.com/v1/chat', REQUEST],
    'a port that is the default': ['https://api.openai.com:443/v1/chat', REQUEST],
    'a dot at the end': ['https://api.openai.com./v1/chat', REQUEST],
    'spaces around': [`  ${MODEL_URL} `, REQUEST],
    'a user in the address': ['https://a:b@api.openai.com/v1/chat', REQUEST],
    'the method in small letters': [MODEL_URL, { ...REQUEST, method: 'post' }],
    'Ollama on this machine': ['http://[::1]:11434/v1/chat', REQUEST],
  };
  for (const [name, args] of Object.entries(inputs)) {
    it(`reads ${name}`, async () => {
      const wire = fakeWire();
      await wire.wrap(whole)(...(args as [unknown]));
      expect(wire.calls).toHaveLength(1);
    });
  }

  const others: Record<string, unknown[]> = {
    'another host': ['https://example.com/v1/chat', REQUEST],
    'a host that only begins like one': ['https://api.openai.com.evil.example/v1/chat', REQUEST],
    'a host in the path': ['https://example.com/https://api.openai.com/v1/chat', REQUEST],
    'a host in the user': ['https://api.openai.com@example.com/v1/chat', REQUEST],
    'a GET': [MODEL_URL],
    'no address': ['/v1/chat', REQUEST],
    nothing: [],
    null: [null, null],
    'an object that throws': [
      new Proxy(
        {},
        {
          get() {
            throw new Error('hostile');
          },
        },
      ),
      REQUEST,
    ],
  };
  for (const [name, args] of Object.entries(others)) {
    it(`leaves ${name} alone`, async () => {
      const wire = fakeWire();
      await wire.wrap(whole)(...(args as [unknown]));
      expect(wire.calls).toHaveLength(0);
      expect(wire.unrecognised).toEqual([]);
    });
  }

  it('converts no object to a text', async () => {
    const wire = fakeWire();
    let conversions = 0;
    const input = {
      toString() {
        conversions += 1;
        return MODEL_URL;
      },
    };
    await wire.wrap(whole)(input, REQUEST);
    expect(conversions).toBe(0);
  });

  it('counts what no protocol recognises once the provider has answered', async () => {
    const wire = fakeWire();
    const fetched = wire.wrap(
      async (_url: string, { status = 200 }: { status?: number; method: string }) => new Response(null, { status }),
    );
    await fetched('https://api.openai.com/v1/images/generations', { method: 'POST' });
    await fetched('https://api.groq.com/v1/audio', { method: 'POST', status: 429 });
    await fetched('https://api.anthropic.com/v1/messages/count_tokens', { method: 'POST' });
    await fetched('http://127.0.0.1:11434/api/pull', { method: 'POST' });
    await fetched('https://api.openai.com/v1/models', { method: 'GET' });
    expect(wire.unrecognised).toEqual(['openai']);
  });

  it('says where the request goes and how often it was sent, and no path', async () => {
    const wire = fakeWire();
    const fetched = wire.wrap(whole);
    await fetched('http://localhost:11434/v1/chat?key=secret', {
      ...REQUEST,
      headers: new Headers({ 'X-Stainless-Retry-Count': '2' }),
    });
    await fetched(MODEL_URL, { ...REQUEST, headers: [['X-Stainless-Retry-Count', '1']] });
    await fetched(MODEL_URL, { ...REQUEST, headers: { 'X-Stainless-Retry-Count': '0' } });
    expect(
      wire.calls.map(({ start }) => [start.provider, start.serverAddress, start.serverPort, start.resendCount]),
    ).toEqual([
      ['ollama', 'localhost', 11434, 2],
      ['openai', 'api.openai.com', undefined, 1],
      ['openai', 'api.openai.com', undefined, undefined],
    ]);
    expect(JSON.stringify(wire.calls)).not.toContain('secret');
  });
});

describe('how a call ends', () => {
  it('fails with the status of a refusal, whose reply is untouched', async () => {
    const wire = fakeWire();
    const response = new Response('{"error":{}}', { status: 429 });
    expect(await wire.wrap(async (_url: string, _init: object) => response)(MODEL_URL, REQUEST)).toBe(response);
    expect(Object.getOwnPropertyNames(response)).not.toContain('text');
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error: { name: '429', status: 429 } });
  });

  it('fails with the very error of fetch', async () => {
    const wire = fakeWire();
    const error = new TypeError('fetch failed');
    await expect(wire.wrap((_url: string, _init: object) => Promise.reject(error))(MODEL_URL, REQUEST)).rejects.toBe(
      error,
    );
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error, ends: 1 });
  });

  it('fails with an error that is thrown in the same tick', () => {
    const wire = fakeWire();
    const error = new TypeError('no URL');
    const fetched = wire.wrap((_url: string, _init: object) => {
      throw error;
    });
    expect(() => fetched(MODEL_URL, REQUEST)).toThrow(error);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error, ends: 1 });
  });

  const aborts: [name: string, signal: () => AbortSignal, outcome: string][] = [
    ['an abort', () => AbortSignal.abort(), 'cancelled'],
    ['an abort with a reason of one’s own', () => AbortSignal.abort(new Error('mine')), 'cancelled'],
    ['a timeout', () => AbortSignal.abort(new DOMException('late', 'TimeoutError')), 'failed'],
  ];
  for (const [name, make, outcome] of aborts) {
    it(`is ${outcome} by ${name}, with its reason`, async () => {
      const wire = fakeWire();
      const signal = make();
      const fetched = wire.wrap(fetch);
      await expect(fetched(MODEL_URL, { ...REQUEST, signal })).rejects.toBe(signal.reason);
      await expect(fetched(new Request(MODEL_URL, { ...REQUEST, signal }))).rejects.toBeDefined();
      for (const call of wire.calls) expect(call).toMatchObject({ outcome, error: signal.reason, ends: 1 });
    });
  }

  it('is cancelled by an abort in the middle of the reply', async () => {
    const wire = fakeWire();
    const abort = new AbortController();
    const fetched = wire.wrap(async (_url: string, { signal }: { signal: AbortSignal }) => {
      const body = new ReadableStream({
        type: 'bytes',
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode('one '));
          signal.addEventListener('abort', () => controller.error(signal.reason));
        },
      });
      return new Response(body);
    });
    const response = await fetched(MODEL_URL, { ...REQUEST, signal: abort.signal });
    const reading = readAll(response.body);
    abort.abort();
    await expect(reading).rejects.toBe(abort.signal.reason);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', error: abort.signal.reason, ends: 1 });
  });

  it('fails where the reply told of an error before the abort', async () => {
    const wire = fakeWire();
    const abort = new AbortController();
    const fetched = wire.wrap(async (_url: string, _init: object) => streamOf(['ERROR '], { hold: true }));
    const response = await fetched(MODEL_URL, { ...REQUEST, signal: abort.signal });
    for await (const _ of response.body as unknown as AsyncIterable<Uint8Array>) {
      abort.abort();
      break;
    }
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error: { message: 'told in the reply' } });
  });

  it('is told at the end of the process, also while its client waits', async () => {
    const wire = fakeWire();
    const fetched = wire.wrap((_url: string, { hang }: { hang?: boolean; method: string }) =>
      hang ? new Promise<Response>(() => {}) : Promise.resolve(streamOf(['one ', 'END'])),
    );
    void fetched(MODEL_URL, { ...REQUEST, hang: true });
    const response = await fetched(MODEL_URL, { ...REQUEST });
    const reader = response.body?.getReader();
    await reader?.read();
    expect(openModelCalls()).toBe(2);
    expect(endOpenModelCalls()).toBe(2);
    expect([openModelCalls(), endOpenModelCalls()]).toEqual([0, 0]);
    expect(wire.calls.map(({ outcome, end, ends }) => [outcome, end?.metering, ends])).toEqual([
      ['cancelled', 'unknown', 1],
      ['cancelled', 'partial', 1],
    ]);
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('END');
    expect(wire.calls[1]?.ends).toBe(1);
  });
});

describe('a budget', () => {
  it('is asked before anything is sent', async () => {
    const wire = fakeWire();
    const steps: string[] = [];
    wire.reserve = () => Promise.resolve().then(() => void steps.push('reserved'));
    const fetched = wire.wrap(async (_url: string, _init: object) => {
      steps.push('sent');
      return new Response('{}');
    });
    await (await fetched(MODEL_URL, REQUEST)).text();
    expect(steps).toEqual(['reserved', 'sent']);
    expect(onlyCall(wire).outcome).toBe('succeeded');
  });

  it('refuses with its own error, and nothing is sent', async () => {
    const wire = fakeWire();
    const error = new Error('budget');
    wire.reserve = () => Promise.reject(error);
    const base = vi.fn(whole);
    await expect(wire.wrap(base as typeof whole)(MODEL_URL, REQUEST)).rejects.toBe(error);
    expect(base).not.toHaveBeenCalled();
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error, ends: 1 });
    expect(openModelCalls()).toBe(0);
  });
});

describe('a call is counted once', () => {
  it('by observers on top of each other', async () => {
    const [outer, inner] = [fakeWire(), fakeWire()];
    const between = async (...args: [unknown, unknown]) => {
      await null;
      const response = await inner.wrap(whole)(...args);
      const copy = response.clone();
      await copy.text();
      return new Response(response.body, response);
    };
    const response = await outer.wrap(between)(MODEL_URL, REQUEST);
    expect(await response.json()).toEqual({ a: 1 });
    expect([outer.calls.length, inner.calls.length]).toEqual([1, 0]);
    expect(onlyCall(outer).outcome).toBe('succeeded');
  });

  it('and not at all inside of uncounted', async () => {
    const wire = fakeWire();
    await uncounted(() => wire.wrap(whole)(MODEL_URL, REQUEST));
    expect(wire.calls).toHaveLength(0);
  });

  it('and again after it', async () => {
    const wire = fakeWire();
    const fetched = wire.wrap(whole);
    await fetched(MODEL_URL, REQUEST);
    await fetched(MODEL_URL, REQUEST);
    expect(wire.calls).toHaveLength(2);
  });
});

describe('an error of the observer itself', () => {
  it('does not reach the call, and the third one switches it off with one warning', async () => {
    const warnings = captureWarnings();
    const wire = fakeWire();
    const parts = {
      ...wire.parts,
      recognise(): never {
        throw new Error('a defect');
      },
    };
    const { createObserver } = await import('../../src/wire/observer.ts');
    const { observed } = await import('../../src/wire/observe-fetch.ts');
    const base = vi.fn(whole);
    const fetched = observed(base as typeof whole, createObserver({}, parts));
    for (let i = 0; i < 5; i += 1) expect(await (await fetched(MODEL_URL, REQUEST)).json()).toEqual({ a: 1 });
    expect(base).toHaveBeenCalledTimes(5);
    expect(warnings).toEqual([expect.stringMatching(/failed 3 times, now with: a defect$/)]);
  });

  it('is not one that the arguments or the headers of others throw: these are read no further', async () => {
    const warnings = captureWarnings();
    const wire = fakeWire();
    const fetched = wire.wrap(async (_url: string, _init: object) => ({ headers: { get: broken } }));
    const broken = (): never => {
      throw new Error('not ours');
    };
    const gone = new Uint8Array(8);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    const odd = [
      { ...REQUEST, headers: { get: broken } },
      { ...REQUEST, headers: new Proxy({}, { ownKeys: broken }) },
      { method: 'POST', body: gone },
      { method: 'POST', body: gone.buffer },
      REQUEST,
    ];
    for (const init of odd) await fetched(MODEL_URL, init);
    expect(wire.calls).toHaveLength(odd.length);
    expect(warnings).toEqual([]);
  });

  it('in the middle of a reply leaves the reply as it is, and its usage unknown', async () => {
    captureWarnings();
    const wire = fakeWire();
    const { createObserver } = await import('../../src/wire/observer.ts');
    const { observed } = await import('../../src/wire/observe-fetch.ts');
    const broken = (): never => {
      throw new Error('a defect');
    };
    const fetched = observed(
      async (_url: string, _init: object) => streamOf(['one ', 'END']),
      createObserver(
        {},
        {
          ...wire.parts,
          recognise: (...args) => {
            const found = wire.parts.recognise(...args);
            return found && { ...found, reader: (...more) => ({ ...found.reader(...more), chunk: broken }) };
          },
        },
      ),
    );
    expect(await readAll((await fetched(MODEL_URL, REQUEST)).body)).toBe('one END');
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', end: { metering: 'unknown' }, ends: 1 });
  });
});

describe('observeFetch', () => {
  it('has the type of what it wraps', () => {
    expectTypeOf(observeFetch()).toEqualTypeOf<typeof fetch>();
    expectTypeOf(observeFetch(undefined, { mode: 'all' })).toEqualTypeOf<typeof fetch>();
    const base = (_input: string, _more?: { dispatcher: object }) => Promise.resolve({ ok: true });
    expectTypeOf(observeFetch(base)).toEqualTypeOf<typeof base>();
  });

  it('is the function itself where nothing is observed', () => {
    expect(observeFetch(whole, { mode: 'off' })).toBe(whole);
  });

  it('sends by the global fetch as it is at the call', async () => {
    const fetched = observeFetch();
    vi.spyOn(globalThis, 'fetch').mockImplementation(async () => new Response('mock'));
    expect(await (await fetched('https://example.com/')).text()).toBe('mock');
  });

  it('refuses what is no function, and wrong options', () => {
    expect(() => observeFetch('fetch' as never)).toThrow('observeFetch: base must be a function, got "fetch"');
    expect(() => observeFetch(undefined, { mode: 'some' as never })).toThrow(
      'ModelCallOptions: mode must be one of known, all, metrics, off, got "some"',
    );
    expect(() => observeFetch(undefined, { host: 'x' } as never)).toThrow('did you mean hosts?');
  });

  it('makes no spans where only metrics are asked for', async () => {
    const wire = fakeWire();
    await wire.wrap(whole, { mode: 'metrics' })(MODEL_URL, REQUEST);
    expect(onlyCall(wire).spans).toBe(false);
  });
});
