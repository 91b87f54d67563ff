/** The prices that `llm` and the calls on the wire share, in all copies of this package. */
import { checkOptions } from '../core/check.ts';
import { EMPTY_BOOK, type PriceBook, type PriceOptions, priceBook } from '../ledger/price-book.ts';
import { processWide } from '../platform/process-wide.ts';
import { PRICE_RULES } from './price-options.ts';

const shared = processWide<{ book: PriceBook }>('price book', () => ({ book: EMPTY_BOOK }));

/**
 * Sets prices of the whole process, before those that were set earlier, for calls that end from now on. Returns the undo.
 *
 * @throws TypeError, RangeError when a price is wrong
 */
export function setPriceBook(options: PriceOptions): () => void {
  checkOptions('PriceOptions', options, PRICE_RULES);
  const before = shared.book;
  const book = priceBook(options, before);
  shared.book = book;
  return () => {
    if (shared.book === book) shared.book = before;
  };
}

/** Gives the prices in force now: those of the process, after prices of one's own. */
export function pricesInForce(own: PriceOptions = {}): () => PriceBook {
  const isOwn = Object.values(own).some((value) => value !== undefined);
  let under: PriceBook | undefined;
  let book: PriceBook;
  return () => {
    if (!isOwn) return shared.book;
    if (under !== shared.book) {
      under = shared.book;
      book = priceBook(own, under);
    }
    return book;
  };
}
