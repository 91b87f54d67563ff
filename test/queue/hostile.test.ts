/** Messages of somebody else: mutated, forged, or of another version. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { CircuitOpenError, type NoRouteError, task } from '../../src/index.ts';
import { decodeValue } from '../../src/queue/codec.ts';
import { readControl, readJob, readReply, write } from '../../src/queue/envelope.ts';
import { recordOf } from '../../src/queue/error-record.ts';
import type { ControlHead } from '../../src/queue/heads.ts';
import { distribute, jsonCodec, memoryQueue, startWorker } from '../../src/queue/index.ts';
import type { JobHandler, QueueMessage } from '../../src/queue/job-queue.ts';
import { errorOf } from '../../src/queue/revive-error.ts';
import { createVirtualClock } from '../../src/testing/index.ts';

const listening = (on: (message: QueueMessage) => void) => ({ on, waiting: () => [], events: { failed() {} } });
const bytes = (text: string) => new TextEncoder().encode(text);

/** What programs with version 1 write. These texts stay as they are: a program with the next version must read them. */
const VERSION_1 = {
  job: '{"v":1,"name":"ask","codec":"json","carrier":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","baggage":"tta.workflow.id=w"},"tenant":"t","tags":{"team":"a","n":1,"on":true},"workflow":"w","attempt":2,"asks":false,"charges":true}\n{"text":"x"}',
  output:
    '{"v":1,"run":"r","kind":"output","codec":"json","workflows":[{"name":"w","outcome":"success","seconds":[0.5]}],"open":{"answered":0.01},"decided":{}}\n"done"',
  error:
    '{"v":1,"run":"r","kind":"error","error":{"name":"CircuitOpenError","message":"guarded is open","made":"CircuitOpenError","verdict":"rejected","facts":{"primitiveName":"guarded","retryAfterMs":5,"until":6},"judged":{"retry":true,"circuit":"unknown"}}}',
  cancel:
    '{"v":1,"kind":"cancel","outcome":"timeout","reason":{"name":"PrimitiveTimeoutError","message":"slow","made":"PrimitiveTimeoutError","verdict":"timeout","facts":{"primitiveName":"slow","timeoutMs":5}},"grace":false}',
};

describe('programs of several versions side by side', () => {
  it('read what version 1 has written', () => {
    const [job, output, error] = [
      readJob(bytes(VERSION_1.job)),
      readReply(bytes(VERSION_1.output)),
      readReply(bytes(VERSION_1.error)),
    ];
    const head = { name: 'ask', tenant: 't', tags: { team: 'a', n: 1, on: true }, workflow: 'w', attempt: 2 };
    expect(job).toMatchObject({ is: 'ok', head, payload: '{"text":"x"}' });
    expect(output).toMatchObject({ is: 'ok', head: { kind: 'output', open: { answered: 0.01 } }, payload: '"done"' });
    const thrown = error.is === 'ok' && error.head.kind === 'error' ? errorOf(error.head.error) : undefined;
    expect(thrown).toBeInstanceOf(CircuitOpenError);
    expect(readControl(bytes(VERSION_1.cancel))).toMatchObject({ is: 'ok', head: { outcome: 'timeout' } });
  });

  it('do not need the fields that are younger than version 1', () => {
    expect(readJob(bytes('{"v":1,"name":"ask","codec":"json","carrier":{}}'))).toMatchObject({ is: 'ok' });
    expect(readReply(bytes('{"v":1,"run":"r","kind":"output","codec":"json"}\n1'))).toMatchObject({ is: 'ok' });
    expect(readReply(bytes('{"v":1,"run":"r","kind":"error","error":{"name":"E","message":"m"}}'))).toMatchObject({
      is: 'ok',
    });
  });

  it('give each job to one that can read it', async () => {
    const queue = memoryQueue('texts');
    const twice = task('twice', (n: number) => 2 * n);
    const old = await startWorker({ queue, primitives: { twice } });
    const done = vi.fn();
    const newer: JobHandler = async (job) => {
      const isNewer = Buffer.from(job.body).toString().startsWith('{"v":2');
      if (isNewer) done(job.id);
      return isNewer ? { end: 'done' } : { end: 'handed_back', delayMs: 10 };
    };
    const inbox = await queue.open(listening(() => {}));
    const send = (id: string, text: string) =>
      queue.send({ id, replyTo: inbox.address, body: bytes(text) }, new AbortController().signal);
    await send('for the newer one', '{"v":2,"primitive":"twice"}\nsomething');
    await vi.waitFor(async () => expect((await queue.stats()).delayed).toBe(1));
    const worker = await queue.work(newer, { concurrency: 1, events: {} as never });
    await expect(distribute('twice', twice, { queue }).execute(4)).resolves.toBe(8);
    await vi.waitFor(() => expect(done).toHaveBeenCalledWith('for the newer one'), 5_000);
    await Promise.all([old.stop(0), worker.drain(0)]);
  });

  it('pass on an error of ours that the other does not know yet, by its name', () => {
    const record = {
      name: 'QuotaError',
      message: 'm',
      made: 'QuotaError',
      verdict: 'rejected',
      facts: { tokens: 1, code: 'c' },
    };
    const read = errorOf(record);
    expect(read).toBeInstanceOf(Error);
    expect(read).toMatchObject({ name: 'QuotaError', message: 'm', code: 'c' });
  });
});

describe('a second copy of the package', () => {
  it('gives errors that are of the class here', async () => {
    vi.resetModules();
    const copy = await import('../../src/index.ts');
    const { recordOf: recordInCopy } = await import('../../src/queue/error-record.ts');
    const cross = (record: unknown) => errorOf(JSON.parse(JSON.stringify(record)));
    const thrown = new copy.CircuitOpenError('guarded', 'open', 5, 0);
    for (const crossed of [
      cross(recordOf(thrown)),
      cross(recordInCopy(thrown)),
      cross(recordInCopy(new CircuitOpenError('guarded', 'open', 5, 0))),
    ]) {
      expect(crossed).toBeInstanceOf(CircuitOpenError);
      expect(crossed).toBeInstanceOf(copy.CircuitOpenError);
      expect(crossed).toMatchObject({ primitiveName: 'guarded', until: 5 });
    }
    expect((cross(recordInCopy(new copy.NoRouteError('r', 'x', ['a']))) as NoRouteError).route).toBeUndefined();
  });
});

describe('a message', () => {
  /** Some bytes of a message, changed, left out or said twice. */
  const mutated = (text: string) =>
    fc
      .array(
        fc.tuple(
          fc.nat(text.length),
          fc.nat(8),
          fc.oneof(
            fc.uint8Array({ maxLength: 6 }),
            fc.constantFrom('{', '[', '"', '\n', '__proto__', 'null', '1e999').map(bytes),
          ),
        ),
        { minLength: 1, maxLength: 4 },
      )
      .map((edits) =>
        edits.reduce(
          (body, [at, length, by]) => Buffer.concat([body.subarray(0, at), by, body.subarray(at + length)]),
          Buffer.from(text),
        ),
      );

  it.each(Object.entries(VERSION_1))('that was changed on its way is read, or refused with a reason: %s', (_, text) => {
    fc.assert(
      fc.property(fc.oneof(mutated(text), fc.uint8Array({ maxLength: 200 })), (body) => {
        for (const read of [readJob, readReply, readControl]) {
          const received = read(body);
          expect(['ok', 'newer', 'unreadable']).toContain(received.is);
          if (received.is !== 'ok') continue;
          expect(Object.getPrototypeOf(received.head)).toBe(Object.prototype);
          expect(['ok', 'unreadable']).toContain(decodeValue(jsonCodec, received.payload).is);
          // What was read can be written again.
          expect(read(write(received.head as ControlHead, received.payload))).toMatchObject({ is: 'ok' });
        }
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1_500 },
    );
  });

  it.each([
    ['bytes that are no text', Uint8Array.of(0xff, 0x00, 0x0a)],
    ['nothing', new Uint8Array()],
    ['an unreadable head', bytes('{"v":1,"name":5}\n1')],
    ['a head of a megabyte', bytes(`{"v":1,"name":"${'x'.repeat(1_000_000)}"}\n1`)],
    ['a head with 100,000 levels', bytes(`{"v":1,"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}\n1`)],
    [
      'an input with 200,000 levels',
      bytes(`{"v":1,"name":"twice","codec":"json","carrier":{}}\n${'['.repeat(200_000)}${']'.repeat(200_000)}`),
    ],
    ['an input that is no JSON', bytes('{"v":1,"name":"twice","codec":"json","carrier":{}}\nsecret')],
    [
      'an input with a prototype',
      bytes('{"v":1,"name":"twice","codec":"json","carrier":{}}\n{"__proto__":{"admin":true}}'),
    ],
  ])('that is hostile ends in the list of dead jobs, without a run: %s', async (_, body) => {
    const queue = memoryQueue('texts', { clock: createVirtualClock() });
    const twice = vi.fn();
    const worker = await startWorker({ queue, primitives: { twice: task('twice', twice) } });
    const messages: QueueMessage[] = [];
    const inbox = await queue.open(listening((message) => messages.push(message)));
    await queue.send({ id: 'hostile', replyTo: inbox.address, body }, new AbortController().signal);
    await vi.waitFor(async () => expect(await queue.stats()).toMatchObject({ dead: 1, running: 0, waiting: 0 }));
    expect(messages).toEqual([{ id: 'hostile', dead: expect.stringMatching(/^unreadable: /) }]);
    expect(JSON.stringify(messages)).not.toMatch(/secret|admin/);
    expect(twice).not.toHaveBeenCalled();
    await worker.stop(0);
  });
});
