/** The prices that `llm` and the calls on the wire share, in all copies of this package. */
import { checkOptions } from '../core/check.ts';
import { EMPTY_BOOK, type PriceBook, type PriceOptions, priceBook } from '../ledger/price-book.ts';
import { processWide } from '../platform/process-wide.ts';
import { PRICE_RULES } from './price-options.ts';

const shared = processWide<{ set: readonly PriceOptions[]; book: PriceBook }>('price book', () => ({
  set: [],
  book: EMPTY_BOOK,
}));

/**
 * Sets prices of the whole process, before those that were set earlier, for calls that end from now on. Returns the undo.
 *
 * @throws TypeError, RangeError when a price is wrong
 */
export function setPriceBook(options: PriceOptions): () => void {
  checkOptions('PriceOptions', options, PRICE_RULES);
  const own = { ...options };
  change([...shared.set, own]);
  return () => change(shared.set.filter((each) => each !== own));
}

function change(set: readonly PriceOptions[]): void {
  shared.set = set;
  shared.book = set.reduce((under, options) => priceBook(options, under), EMPTY_BOOK);
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
