import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createPrimitive } from '../../src/core/primitive.ts';
import { afterOutput, isStream } from '../../src/core/stream.ts';

const reason = new Error('stop');

async function* numbers() {
  yield 1;
  yield 2;
}

/** What a primitive makes of a generator, and what `afterOutput` has told of its end so far. */
async function watched(source: () => AsyncGenerator<number>, signal?: AbortSignal) {
  const primitive = createPrimitive<void, AsyncGenerator<number>>({ type: 'probe', run: source });
  const chunks = await primitive.execute(undefined, { signal });
  const ends: unknown[] = [];
  afterOutput(chunks, (failure) => ends.push(failure));
  return { chunks, ends };
}

describe('an output', () => {
  it.each([
    ['a generator', numbers()],
    ['an iterator that is its own iterable', { next: () => {}, [Symbol.asyncIterator]: () => {} }],
  ])('is a stream where it is %s', (_, output) => {
    expect(isStream(output)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'chunks'],
    ['an array', [1, 2]],
    ['a synchronous generator', [1].values()],
    ['a generator function that was not called', numbers],
    ['a Node stream', Readable.from(['a'])],
    ['a web stream', new ReadableStream()],
    [
      'a proxy that lets nothing be asked',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('trap');
          },
        },
      ),
    ],
  ])('is a value like any other where it is %s', (_, output) => {
    expect(isStream(output)).toBe(false);
  });
});

describe('what is done after the output', () => {
  it.each([
    ['a value', 7],
    ['nothing', undefined],
    ['a Node stream', Readable.from(['a'])],
  ])('is done at once for %s', (_, output) => {
    const ends: unknown[] = [];
    afterOutput(output, (failure) => ends.push(failure));
    expect(ends).toEqual([undefined]);
  });

  it('waits until the last chunk of a stream was read', async () => {
    const { chunks, ends } = await watched(numbers);
    await chunks.next();
    await chunks.next();
    expect(ends).toEqual([]);
    await chunks.next();
    expect(ends).toEqual([undefined]);
  });

  it('is done when the reader leaves the stream, without a failure', async () => {
    const { chunks, ends } = await watched(numbers);
    for await (const _ of chunks) break;
    expect(ends).toEqual([undefined]);
  });

  it('is told what the stream failed with', async () => {
    const { chunks, ends } = await watched(async function* () {
      yield 1;
      throw reason;
    });
    await chunks.next();
    await expect(chunks.next()).rejects.toBe(reason);
    expect(ends).toEqual([{ error: reason }]);
    expect((ends[0] as { error: unknown }).error).toBe(reason);
  });

  it('is done in the tick of an abort, with its reason', async () => {
    const controller = new AbortController();
    const { ends } = await watched(numbers, controller.signal);
    expect(ends).toEqual([]);
    controller.abort(reason);
    expect(ends).toEqual([{ error: reason }]);
  });

  it('is done at once, with the failure, where the stream has ended already', async () => {
    const { chunks } = await watched(async function* () {
      yield 1;
      throw reason;
    });
    await chunks.next();
    await expect(chunks.next()).rejects.toBe(reason);
    const ends: unknown[] = [];
    afterOutput(chunks, (failure) => ends.push(failure));
    expect(ends).toEqual([{ error: reason }]);
  });

  it('is done once for each who asked, in the order in which they asked', async () => {
    const { chunks } = await watched(numbers);
    const order: string[] = [];
    afterOutput(chunks, () => order.push('first'));
    afterOutput(chunks, () => order.push('second'));
    for await (const _ of chunks);
    await chunks.return(undefined);
    expect(order).toEqual(['first', 'second']);
  });
});
