import type { ObservedPrimitive } from '../core/primitive.ts';
import { measure } from '../core/show.ts';

/** Where a mapping takes its items from. */
export type Items<Item> = Iterable<Item> | AsyncIterable<Item>;

/** An iterator of either sort: who calls `next` must look whether a promise has come back. */
export interface ItemIterator<Item> {
  next(): IteratorResult<Item, unknown> | PromiseLike<IteratorResult<Item, unknown>>;
  return?(): unknown;
}

/** How the items of one `map` are worked on. */
export interface MapPlan<Item> {
  readonly primitive: ObservedPrimitive<Item, unknown>;
  readonly concurrency: number;
  readonly unordered: boolean;
  /** Whether a failure is a result like any other. */
  readonly settle: boolean;
}

export function isAsync<Item>(items: Items<Item>): items is AsyncIterable<Item> {
  return typeof items === 'object' && items !== null && Symbol.asyncIterator in items;
}

/** A text is refused: its letters are nobody's items. */
export function requireItems(where: string, items: unknown): void {
  if (typeof items === 'object' && items !== null && (Symbol.iterator in items || Symbol.asyncIterator in items))
    return;
  throw new TypeError(`${where}: input must be an array or another iterable, async or not, got ${measure(items)}`);
}

/** Lets the source release what it holds. Whoever has another reason to end need not look at what comes of it. */
export function close(iterator: { return?(): unknown }): Promise<unknown> {
  const closing = (async () => iterator.return?.())();
  closing.catch(() => {});
  return closing;
}
