import { describe, expect, it } from 'vitest';
import { readControl, readJob, readReply, write } from '../../src/queue/envelope.ts';
import { type JobHead, MAX_HEAD_BYTES } from '../../src/queue/heads.ts';

const HEAD: JobHead = { v: 1, name: 'ask', codec: 'json', carrier: { traceparent: '00-aa-bb-01' } };
const job = (head: object, payload?: string) => write({ ...HEAD, ...head }, payload);
const bytes = (text: string) => new TextEncoder().encode(text);

describe('an envelope', () => {
  it('brings the head and the payload as they were', () => {
    const head: JobHead = { ...HEAD, tenant: 'café', tags: { team: 'a', n: 2, on: true }, workflow: 'w', attempt: 2 };
    expect(readJob(write(head, '{"text":"\uFEFFé\\n"}'))).toEqual({
      is: 'ok',
      head,
      payload: '{"text":"\uFEFFé\\n"}',
    });
    expect(readReply(write({ v: 1, run: 'r', kind: 'output', codec: 'json' }, '\uFEFF'))).toMatchObject({
      payload: '\uFEFF',
    });
  });

  it('tells a value that is undefined from an empty text', () => {
    expect(readJob(write(HEAD))).toMatchObject({ payload: undefined });
    expect(readJob(write(HEAD, ''))).toMatchObject({ payload: '' });
  });

  it('ignores fields that it does not know, and fields that are inherited', () => {
    const received = readJob(
      bytes('{"v":1,"name":"ask","codec":"json","carrier":{},"later":[1],"__proto__":{"asks":true}}\n1'),
    );
    expect(received).toEqual({ is: 'ok', head: { v: 1, name: 'ask', codec: 'json', carrier: {} }, payload: '1' });
    expect(received.is === 'ok' && received.head.asks).toBeUndefined();
  });

  it('says that a newer envelope is newer, whatever else is in it', () => {
    const newer = bytes('{"v":2,"title":"ask"}\n\u0000');
    for (const read of [readJob, readReply, readControl]) expect(read(newer)).toEqual({ is: 'newer', version: 2 });
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['JSON that is no object', '[1]'],
    ['null', 'null\n1'],
    ['no version', '{"name":"ask"}'],
    ['version 0', '{"v":0}'],
    ['a version that is no number', '{"v":"1"}'],
    ['a deep head', `{"v":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['a name that is no text', '{"v":1,"name":7,"codec":"json","carrier":{}}'],
    ['a carrier with a number', '{"v":1,"name":"ask","codec":"json","carrier":{"a":1}}'],
    ['a carrier with a prototype', '{"v":1,"name":"ask","codec":"json","carrier":{"__proto__":"x"}}'],
    ['a carrier that is a list', '{"v":1,"name":"ask","codec":"json","carrier":[]}'],
    ['tags that are objects', '{"v":1,"name":"ask","codec":"json","carrier":{},"tags":{"a":{}}}'],
    ['an attempt that is half', '{"v":1,"name":"ask","codec":"json","carrier":{},"attempt":1.5}'],
    ['a very long head', `{"v":1,"name":"${'x'.repeat(MAX_HEAD_BYTES)}"}`],
  ])('does not read %s', (_what, text) => {
    expect(readJob(bytes(text)).is).toBe('unreadable');
  });

  it('does not read bytes that are no text', () => {
    expect(readJob(Uint8Array.of(0xff, 0xfe)).is).toBe('unreadable');
    const broken = write(HEAD, 'abc');
    broken[broken.length - 1] = 0xff;
    expect(readJob(broken)).toEqual({ is: 'unreadable', why: 'it is no text in UTF-8' });
  });

  it.each(['constructor', '__proto__', 'toString', 'nothing'])('does not know the kind %s', (kind) => {
    expect(readReply(bytes(JSON.stringify({ v: 1, kind, run: 'r' })))).toMatchObject({ is: 'unreadable' });
    expect(readControl(bytes(JSON.stringify({ v: 1, kind })))).toMatchObject({ is: 'unreadable' });
  });

  it('does not take a cancellation for a success', () => {
    const cancel = (outcome: string) => readControl(bytes(JSON.stringify({ v: 1, kind: 'cancel', outcome })));
    expect(cancel('timeout')).toMatchObject({ is: 'ok', head: { outcome: 'timeout' } });
    expect(cancel('success')).toMatchObject({ is: 'unreadable' });
  });

  it('shows nothing of the message in the reason', () => {
    const secret = bytes('{"v":1,"name":{"secret":"s3cret"},"codec":"json"}');
    expect(JSON.stringify(readJob(secret))).not.toContain('s3cret');
  });

  it('brings a tag that is no finite number as a text', () => {
    expect(readJob(job({ tags: { a: Number.NaN, b: Number.POSITIVE_INFINITY } }))).toMatchObject({
      head: { tags: { a: 'NaN', b: 'Infinity' } },
    });
  });

  it('refuses to write a head that no program reads', () => {
    expect(() => job({ tags: { note: 'é'.repeat(MAX_HEAD_BYTES / 2) } })).toThrow(RangeError);
  });

  it('refuses to write more than the queue takes', () => {
    const limit = { what: 'input', maxBytes: 1_000 } as const;
    expect(() => write(HEAD, 'x'.repeat(1_000), limit)).toThrow(
      'the input is larger than 1000 bytes, which is the most that the queue takes',
    );
    expect(write(HEAD, 'x'.repeat(500), limit).length).toBeLessThanOrEqual(1_000);
  });
});
