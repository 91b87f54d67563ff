import { describe, expect, it } from 'vitest';
import { collectUntil, fakeWire, MODEL_URL, onlyCall, REQUEST, readAll, streamOf } from './fake-wire.ts';

/** The reply as the client gets it from an observed fetch. */
async function answer(response: Response) {
  const wire = fakeWire();
  const given = await wire.wrap(async (_url: string, _init: object) => response)(MODEL_URL, REQUEST);
  return { wire, given };
}

const PARTS = ['one ', 'two ', 'END'];

describe('the response', () => {
  it('is the very object that fetch gave, and shows no other property', async () => {
    const response = streamOf(PARTS);
    const { given } = await answer(response);
    expect(given).toBe(response);
    expect(Object.keys(given)).toEqual([]);
    expect(Object.getPrototypeOf(given)).toBe(Response.prototype);
    expect(JSON.stringify(given)).toBe('{}');
    expect(given instanceof Response).toBe(true);
    const shown = Object.getOwnPropertyNames(given).filter((name) => name !== 'body');
    expect(
      shown.every((name) => ['json', 'text', 'arrayBuffer', 'bytes', 'blob', 'formData', 'clone'].includes(name)),
    ).toBe(true);
  });

  it('keeps url, type, status and the guard of its headers', async () => {
    const response = Response.json({});
    const before = [response.url, response.type, response.status, response.redirected];
    const { given } = await answer(response);
    expect([given.url, given.type, given.status, given.redirected]).toEqual(before);
  });

  it('is not locked or read by a look at its body', async () => {
    const { given, wire } = await answer(streamOf(PARTS));
    expect(given.body).not.toBeNull();
    expect(given.body).toBe(given.body);
    expect([given.bodyUsed, given.body?.locked]).toEqual([false, false]);
    expect(await given.text()).toBe(PARTS.join(''));
    expect(onlyCall(wire).outcome).toBe('succeeded');
  });

  it('is read unobserved by the methods of its class', async () => {
    const { given } = await answer(streamOf(PARTS));
    expect(await Response.prototype.text.call(given)).toBe(PARTS.join(''));
  });

  it('has methods that belong to it alone', async () => {
    const { given } = await answer(streamOf(PARTS));
    const { text } = given;
    await expect(Reflect.apply(text, undefined, [])).rejects.toThrow(TypeError);
    expect(await Reflect.apply(text, new Response('other'), [])).toBe('other');
    expect(await given.text()).toBe(PARTS.join(''));
  });
});

describe('each way to read a whole body', () => {
  const body = JSON.stringify({ answer: 'yes, née' });
  const ways: Record<string, (response: Response) => Promise<unknown>> = {
    json: (response) => response.json(),
    text: (response) => response.text(),
    arrayBuffer: async (response) => Buffer.from(await response.arrayBuffer()).toString(),
    blob: async (response) => (await response.blob()).text(),
    stream: (response) => readAll(response.body),
    clone: (response) => response.clone().text(),
    'response of the body': (response) => new Response(response.body, response).text(),
    ...('bytes' in Response.prototype
      ? {
          bytes: async (response: Response) =>
            Buffer.from(await (response as unknown as { bytes(): Promise<Uint8Array> }).bytes()).toString(),
        }
      : {}),
  };
  for (const [name, read] of Object.entries(ways)) {
    it(`gives the same by ${name}, and ends the call once`, async () => {
      const { given, wire } = await answer(new Response(body));
      expect(await read(given)).toEqual(await read(new Response(body)));
      await collectUntil(() => onlyCall(wire).ends > 0);
      expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', ends: 1, text: body });
    });
  }

  it('gives a form', async () => {
    const form = new FormData();
    form.set('a', 'b');
    const { given, wire } = await answer(new Response(form));
    expect((await given.formData()).get('a')).toBe('b');
    expect(onlyCall(wire).ends).toBe(1);
  });
});

describe('a body that cannot be read', () => {
  it('is refused as the original refuses it, when it was read before', async () => {
    const { given, wire } = await answer(streamOf(PARTS));
    const native = streamOf(PARTS);
    await Promise.all([given.text(), native.text()]);
    const [ours, theirs] = await Promise.all([given.text().catch(String), native.text().catch(String)]);
    expect(ours).toBe(theirs);
    expect(() => given.clone()).toThrow(TypeError);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', ends: 1 });
  });

  it('is refused as the original refuses it, when a reader holds it', async () => {
    const { given, wire } = await answer(streamOf(PARTS));
    const reader = given.body?.getReader();
    await expect(given.text()).rejects.toThrow(TypeError);
    expect(() => given.clone()).toThrow(TypeError);
    expect(onlyCall(wire).outcome).toBe('running');
    let text = '';
    for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) {
      text += Buffer.from(next.value).toString();
    }
    expect(text).toBe(PARTS.join(''));
    expect(given.bodyUsed).toBe(true);
    expect(onlyCall(wire).outcome).toBe('succeeded');
  });

  it('is locked once the reply is read as a whole, also where the body was looked at before', async () => {
    const native = streamOf(PARTS);
    const { given } = await answer(streamOf(PARTS));
    for (const response of [native, given]) {
      const { body } = response;
      await response.text();
      expect([response.bodyUsed, response.body?.locked, response.body === body]).toEqual([true, true, true]);
      expect(() => body?.getReader()).toThrow(TypeError);
    }
  });

  it('is no body: the reply is at its end', async () => {
    const { given, wire } = await answer(new Response(null, { status: 204 }));
    expect(given.body).toBeNull();
    expect(onlyCall(wire).ends).toBe(1);
  });

  it('rejects with the very error of the original, once', async () => {
    const error = new TypeError('terminated');
    const { given, wire } = await answer(streamOf(['one '], { fail: error }));
    await expect(readAll(given.body)).rejects.toBe(error);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error, ends: 1 });
  });

  it('rejects a JSON that is none, with the words of the original', async () => {
    const { given, wire } = await answer(new Response('<html>'));
    await expect(given.json()).rejects.toThrow(SyntaxError);
    expect(onlyCall(wire).outcome).toBe('failed');
  });
});

describe('the stream', () => {
  it('gives the same chunks in the same order', async () => {
    const { given } = await answer(streamOf(PARTS));
    const chunks: string[] = [];
    for await (const chunk of given.body as unknown as AsyncIterable<Uint8Array>)
      chunks.push(Buffer.from(chunk).toString());
    expect(chunks).toEqual(PARTS);
  });

  it('is one of bytes where the original is, and takes a buffer of the reader', async () => {
    const { given, wire } = await answer(streamOf(PARTS));
    const reader = given.body?.getReader({ mode: 'byob' });
    let text = '';
    for (;;) {
      const next = await reader?.read(new Uint8Array(2));
      if (next === undefined || next.done) break;
      text += Buffer.from(next.value).toString();
    }
    expect(text).toBe(PARTS.join(''));
    expect(onlyCall(wire).outcome).toBe('succeeded');
  });

  it('hands on texts, and does not take pooled buffers from a mock', async () => {
    const pooled = Buffer.from('pooled END');
    const { given, wire } = await answer(streamOf(['text ', pooled], { bytes: false }));
    const chunks: unknown[] = [];
    for await (const chunk of given.body as unknown as AsyncIterable<unknown>) chunks.push(chunk);
    expect(chunks[0]).toBe('text ');
    expect(chunks[1]).toBe(pooled);
    expect(pooled.toString()).toBe('pooled END');
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', text: 'text pooled END' });
  });

  it('reads nothing ahead of its client', async () => {
    let pulls = 0;
    const source = new ReadableStream(
      {
        type: 'bytes',
        pull(controller) {
          pulls += 1;
          controller.enqueue(new Uint8Array(10));
        },
      },
      { highWaterMark: 0 },
    );
    const { given } = await answer(new Response(source));
    const reader = given.body?.getReader();
    expect(pulls).toBe(0);
    await reader?.read();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(pulls).toBe(1);
  });

  it('passes a cancellation on at once, with its reason', async () => {
    const reasons: unknown[] = [];
    const { given, wire } = await answer(
      streamOf(['one '], { hold: true, onCancel: (reason) => reasons.push(reason) }),
    );
    const reader = given.body?.getReader();
    await reader?.read();
    const reason = new Error('enough');
    await reader?.cancel(reason);
    expect(reasons).toEqual([reason]);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', ends: 1, end: { metering: 'partial' } });
  });

  it('passes the cancellation of a body that was never read', async () => {
    let cancelled = 0;
    const { given, wire } = await answer(
      streamOf(['one '], {
        onCancel: () => {
          cancelled += 1;
        },
      }),
    );
    await given.body?.cancel();
    expect([cancelled, onlyCall(wire).outcome]).toEqual([1, 'cancelled']);
  });

  it('ends with the error of the original, also where the client reads no further', async () => {
    let abort = (_: unknown) => {};
    const source = {
      type: 'bytes',
      start(controller: ReadableByteStreamController) {
        controller.enqueue(new TextEncoder().encode('one '));
        abort = (error) => controller.error(error);
      },
    } as const;
    const { given, wire } = await answer(new Response(new ReadableStream(source)));
    const reader = given.body?.getReader();
    await reader?.read();
    const error = new DOMException('aborted', 'AbortError');
    abort(error);
    await expect(reader?.closed).rejects.toBe(error);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', ends: 1 });
  });

  it('is left by break', async () => {
    let cancelled = 0;
    const onCancel = () => {
      cancelled += 1;
    };
    const { given, wire } = await answer(streamOf(['one ', 'two '], { hold: true, onCancel }));
    for await (const _ of given.body as unknown as AsyncIterable<Uint8Array>) break;
    expect([cancelled, onlyCall(wire).outcome]).toEqual([1, 'cancelled']);
  });

  it('is piped, forked and turned into a stream of Node.js', async () => {
    const { Readable } = await import('node:stream');
    const piped = await answer(streamOf(PARTS));
    const text = piped.given.body?.pipeThrough(new TextDecoderStream() as never) as unknown as AsyncIterable<string>;
    let all = '';
    for await (const part of text) all += part;
    const forked = await answer(streamOf(PARTS));
    const [left, right] = (forked.given.body as ReadableStream<Uint8Array>).tee() as [
      ReadableStream<Uint8Array>,
      ReadableStream<Uint8Array>,
    ];
    const node = await answer(streamOf(PARTS));
    let read = '';
    for await (const part of Readable.fromWeb(node.given.body as never)) read += part;
    expect([all, await readAll(left), await readAll(right), read]).toEqual(Array(4).fill(PARTS.join('')));
    expect([piped, forked, node].map(({ wire }) => onlyCall(wire).outcome)).toEqual(Array(3).fill('succeeded'));
  });
});

describe('a call ends', () => {
  it('with the last event, before the end of the body', async () => {
    const { given, wire } = await answer(streamOf(PARTS, { hold: true }));
    const reader = given.body?.getReader();
    for (const _ of PARTS) await reader?.read();
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', ends: 1, firstChunks: 1 });
    await reader?.cancel();
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', ends: 1 });
  });

  it('as cut off where the body ends before the last event', async () => {
    const { given, wire } = await answer(streamOf(['one ']));
    await readAll(given.body);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error: { message: expect.stringContaining('cut off') } });
  });

  it('as failed where the reply tells of an error', async () => {
    const { given, wire } = await answer(streamOf(['ERROR '], { hold: true }));
    for await (const _ of given.body as unknown as AsyncIterable<Uint8Array>) break;
    expect(onlyCall(wire)).toMatchObject({ outcome: 'failed', error: { message: 'told in the reply' } });
  });

  it('as cancelled where the reply is dropped unread', async () => {
    const wire = fakeWire();
    await wire.wrap(async (_url: string, _init: object) => streamOf(PARTS))(MODEL_URL, REQUEST);
    await collectUntil(() => onlyCall(wire).ends > 0);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', ends: 1 });
  });

  it('as cancelled where a half-read reply is dropped', async () => {
    const wire = fakeWire();
    const fetched = wire.wrap(async (_url: string, _init: object) => streamOf(PARTS, { hold: true }));
    await (async () => {
      const reader = (await fetched(MODEL_URL, REQUEST)).body?.getReader();
      await reader?.read();
    })();
    await collectUntil(() => onlyCall(wire).ends > 0);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'cancelled', end: { metering: 'partial' } });
  });

  it('when only the body is kept and read', async () => {
    const wire = fakeWire();
    const fetched = wire.wrap(async (_url: string, _init: object) => streamOf(PARTS));
    const body = (await fetched(MODEL_URL, REQUEST)).body;
    let rounds = 0;
    await collectUntil(() => {
      rounds += 1;
      return rounds > 5;
    });
    expect(onlyCall(wire).outcome).toBe('running');
    expect(await readAll(body)).toBe(PARTS.join(''));
    expect(onlyCall(wire).outcome).toBe('succeeded');
  });
});

describe('copies of a reply', () => {
  it('are read at their own pace, and count once', async () => {
    const { given, wire } = await answer(streamOf(PARTS));
    const copy = given.clone();
    expect(await Promise.all([copy.text(), readAll(given.body)])).toEqual([PARTS.join(''), PARTS.join('')]);
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', ends: 1 });
  });

  it('leave the call open when one of them is cancelled', async () => {
    const { given, wire } = await answer(streamOf(PARTS));
    const copy = given.clone();
    void copy.body?.cancel();
    expect(onlyCall(wire).outcome).toBe('running');
    expect(await given.text()).toBe(PARTS.join(''));
    expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', ends: 1 });
  });

  it('may be made after a look at the body, which is another one from then on', async () => {
    const { given } = await answer(streamOf(PARTS));
    const { body } = given;
    const copy = given.clone();
    expect([body?.locked, given.body === body, given.body?.locked]).toEqual([true, false, false]);
    expect([await readAll(given.body), await copy.text()]).toEqual([PARTS.join(''), PARTS.join('')]);
  });
});

describe('what cannot be tapped', () => {
  it('ends as answered, of unknown usage, where a mock gives one response twice', async () => {
    const wire = fakeWire();
    const response = streamOf(PARTS);
    const send = wire.wrap(async (_url: string, _init: object) => response);
    const [first, second] = [await send(MODEL_URL, REQUEST), await send(MODEL_URL, REQUEST)];
    expect(await second.text()).toBe(PARTS.join(''));
    expect(first).toBe(second);
    expect(wire.calls.map(({ outcome, ends }) => [outcome, ends])).toEqual([
      ['succeeded', 1],
      ['succeeded', 1],
    ]);
  });

  const responses: Record<string, () => unknown> = {
    'a frozen response': () => Object.freeze(streamOf(PARTS)),
    'a plain object': () => ({ ok: true, json: async () => ({}) }),
    'a body that is no web stream': () => ({ status: 200, body: { pipe() {} }, text: async () => 'x' }),
    nothing: () => undefined,
    'a text': () => 'mock',
  };
  for (const [name, make] of Object.entries(responses)) {
    it(`passes unchanged and ends as answered, of unknown usage: ${name}`, async () => {
      const wire = fakeWire();
      const response = make();
      const keys = response instanceof Object ? Reflect.ownKeys(response) : [];
      expect(await wire.wrap(async (_url: string, _init: object) => response)(MODEL_URL, REQUEST)).toBe(response);
      if (response instanceof Object) expect(Reflect.ownKeys(response)).toEqual(keys);
      expect(onlyCall(wire)).toMatchObject({ outcome: 'succeeded', end: { metering: 'unknown', usage: undefined } });
    });
  }
});
