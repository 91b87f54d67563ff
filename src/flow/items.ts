import type { ObservedPrimitive } from '../core/primitive.ts';
import { measure } from '../core/show.ts';

/** The input of a `map`. */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

/** A synchronous or an asynchronous iterator: `next` gives a result or a promise of one. */
export interface ItemIterator<Item> {
  next(): IteratorResult<Item, unknown> | PromiseLike<IteratorResult<Item, unknown>>;
  return?(): unknown;
}

/** What a `map` does with its items. */
export interface MapPlan<Item> {
  readonly primitive: ObservedPrimitive<Item, unknown>;
  readonly concurrency: number;
  readonly unordered: boolean;
  /** Whether the failure of an item is a result, and not the end of the mapping. */
  readonly settle: boolean;
}

export function isAsync<Item>(items: Items<Item>): items is AsyncIterable<Item> {
  return typeof items === 'object' && items !== null && Symbol.asyncIterator in items;
}

/** A text is refused although it is iterable: a `map` over its letters is a mistake. */
export function requireItems(where: string, items: unknown): void {
  if (typeof items === 'object' && items !== null && (Symbol.iterator in items || Symbol.asyncIterator in items))
    return;
  throw new TypeError(`${where}: input must be an array or another iterable, async or not, got ${measure(items)}`);
}

/** Closes the source, which releases its resources. A rejection of the promise is no unhandled rejection. */
export function close(iterator: { return?(): unknown }): Promise<unknown> {
  const closing = (async () => iterator.return?.())();
  closing.catch(() => {});
  return closing;
}
