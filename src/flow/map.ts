import { checkOptions, type Rules } from '../core/check.ts';
import type { ExecuteOptions } from '../core/execute-options.ts';
import { namesOf } from '../core/names.ts';
import { createPrimitive, type Primitive, requirePrimitive } from '../core/primitive.ts';
import { count, flag, oneOf, optional, optionalName } from '../core/rules.ts';
import { type Items, isAsync, requireItems } from './items.ts';
import { mapAll } from './map-all.ts';
import { MappedStream } from './map-stream.ts';

export interface MapOptions {
  /** Replaces `MapPrimitive` in the metrics. */
  readonly name?: string | undefined;
  /**
   * How many items may run at once; in a stream, results that wait to be read count too, except the first. An item whose
   * time is over counts no more, even if a function in it ignores its signal and goes on. @default 8
   */
  readonly concurrency?: number | undefined;
  /** Whether results come in the order in which they are ready, not in the order of their items. @default false */
  readonly unordered?: boolean | undefined;
  /**
   * `fail`: the first failure aborts the other items and is the error. `settle`: every item is tried, and each result
   * says whether its item was fulfilled or rejected, as with `Promise.allSettled`. @default 'fail'
   */
  readonly mode?: 'fail' | 'settle' | undefined;
  /**
   * Whether the output is a stream whose results are made while it is read, or an array of all results. @default a
   * stream for an async iterable, an array for any other input
   */
  readonly stream?: boolean | undefined;
}

const RULES: Rules<MapOptions> = {
  name: optionalName,
  concurrency: optional(count),
  unordered: optional(flag),
  mode: optional(oneOf('fail', 'settle')),
  stream: optional(flag),
};

/** Gives an array for an iterable and a stream for an async iterable. In a composition it has the types of the array. */
export interface MapPrimitive<in Item, out Out> extends Primitive<Iterable<Item>, Out[]> {
  execute(items: AsyncIterable<Item>, options?: ExecuteOptions): Promise<AsyncIterableIterator<Out>>;
  execute(items: Iterable<Item>, options?: ExecuteOptions): Promise<Out[]>;
}

/**
 * Runs the primitive for every item of an array or of any other iterable, up to `concurrency` items at once. An item is
 * taken from the source only when it can run. The execution of a stream of results resolves with the first result: a
 * source that the caller fills must have items before. Beside that result, the stream holds at most `concurrency` items
 * in memory. When its reader stops early, the items that run are aborted. The source is always closed at the end.
 *
 * @example
 * const summaries = map(summarise, { concurrency: 4 });
 * await summaries.execute(['one text', 'another']); // two summaries
 * for await (const summary of await summaries.execute(readTexts())) show(summary);
 * @throws TypeError, RangeError at construction when an option is wrong; TypeError at execution when the input is not
 * iterable; the source's own error, in both modes
 */
export function map<Item, Out, M extends 'fail' | 'settle' = 'fail'>(
  primitive: Primitive<Item, Out>,
  options: MapOptions & { readonly mode?: M | undefined; readonly stream: true },
): Primitive<
  Iterable<Item> | AsyncIterable<Item>,
  AsyncIterableIterator<M extends 'settle' ? PromiseSettledResult<Out> : Out>
>;
export function map<Item, Out, M extends 'fail' | 'settle' = 'fail'>(
  primitive: Primitive<Item, Out>,
  options: MapOptions & { readonly mode?: M | undefined; readonly stream: false },
): Primitive<Iterable<Item> | AsyncIterable<Item>, (M extends 'settle' ? PromiseSettledResult<Out> : Out)[]>;
export function map<Item, Out, M extends 'fail' | 'settle' = 'fail'>(
  primitive: Primitive<Item, Out>,
  options?: MapOptions & { readonly mode?: M | undefined; readonly stream?: undefined },
): MapPrimitive<Item, M extends 'settle' ? PromiseSettledResult<Out> : Out>;
export function map<Item>(primitive: Primitive<Item, unknown>, options: MapOptions = {}): Primitive<never, unknown> {
  checkOptions('MapOptions', options, RULES);
  const inner = requirePrimitive('map', 'primitive', primitive);
  const { name, concurrency = 8, unordered = false, mode = 'fail', stream } = options;
  const { messageName } = namesOf('map', name, { around: inner });
  const plan = { primitive: inner, concurrency, unordered, settle: mode === 'settle' };

  return createPrimitive<Items<Item>, unknown>({
    type: 'map',
    name,
    around: inner,
    streams: stream === true,
    run: async (items, context, observation) => {
      requireItems(messageName, items);
      const streams = stream ?? isAsync(items);
      if (!streams && !isAsync(items)) return mapAll(plan, items, context, observation);
      const results = new MappedStream(plan, items, context, observation);
      return streams ? results : collect(results);
    },
  });
}

async function collect(results: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const result of results) all.push(result);
  return all;
}
