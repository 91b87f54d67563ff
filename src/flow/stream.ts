import { noMore, requireFunction, requireName } from '../core/check.ts';
import type { AnyInput } from '../core/inference.ts';
import { createPrimitive, type Primitive } from '../core/primitive.ts';
import { measure } from '../core/show.ts';
import { untilCancelled } from '../core/until-cancelled.ts';
import type { WorkflowContext } from '../core/workflow-context.ts';

/**
 * Makes a primitive of a function that gives chunks: an async generator, the body of a response, a socket, any async
 * iterable. Its output is read with `for await`. The execution resolves with the first chunk, or with the end of a stream
 * that has none: for `retry`, `fallback`, `race` and all other primitives around it, a failure before the first chunk is
 * a failure of the work. A later failure reaches the reader, and is never tried again. The execution lasts until the
 * stream ends. The source is closed also when the reader stops early, when the signal aborts, and when a stream that
 * nothing reads is garbage collected. A function that gives a generator to `task` makes the same stream.
 *
 * @example
 * const count = stream('count', async function* (to: number) {
 *   for (let n = 1; n <= to; n += 1) yield n;
 * });
 * for await (const n of await count.execute(3)) show(n);
 * @throws TypeError when the name is empty or `fn` is not a function; at execution when `fn` gives no async iterable
 */
export function stream<In = AnyInput, Chunk = unknown>(
  name: string,
  fn: (input: In, context: WorkflowContext) => AsyncIterable<Chunk> | PromiseLike<AsyncIterable<Chunk>>,
): Primitive<In, AsyncIterableIterator<Chunk>>;
export function stream<In, Chunk>(
  name: string,
  fn: (input: In, context: WorkflowContext) => AsyncIterable<Chunk> | PromiseLike<AsyncIterable<Chunk>>,
  ...more: readonly unknown[]
): Primitive<In, AsyncIterableIterator<Chunk>> {
  requireName('stream', name);
  requireFunction('stream', 'fn', fn);
  noMore('stream', more, 'a stream has no options; wrap it, as in timeout(stream(…), { idleMs: 1000 })');
  return createPrimitive<In, AsyncIterableIterator<Chunk>>({
    type: 'stream',
    name,
    streams: true,
    works: true,
    run: async (input, context) => {
      const opening = Promise.resolve(fn(input, context));
      const chunks = await untilCancelled(opening, context.scope).then(undefined, (error: unknown) => {
        // A source that opens after the execution has ended must be closed.
        opening.then((late) => chunksOf(late).return?.()).catch(() => {});
        throw error;
      });
      if (typeof (chunks as Partial<AsyncIterable<Chunk>> | null)?.[Symbol.asyncIterator] !== 'function') {
        throw new TypeError(`${name}: fn must give an async iterable, got ${measure(chunks)}`);
      }
      return chunksOf(chunks);
    },
  });
}

/** Not a generator: `return` on a generator that has not started runs no `finally`, and would leave the source open. */
function chunksOf<Chunk>(source: AsyncIterable<Chunk>): AsyncIterableIterator<Chunk> {
  const chunks = source[Symbol.asyncIterator]();
  let begun = false;
  const close = async (value?: unknown): Promise<IteratorResult<Chunk>> => {
    await chunks.return?.(value);
    // The iterator of a Node stream is such a generator.
    if (!begun) (source as { destroy?: () => void }).destroy?.();
    return { done: true, value };
  };
  return {
    next: () => {
      begun = true;
      return chunks.next();
    },
    return: close,
    throw: async (error) => {
      if (chunks.throw !== undefined) return chunks.throw(error);
      await close();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
