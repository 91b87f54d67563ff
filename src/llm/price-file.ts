/** The author's prices in a file: the JSON of `PriceOptions`. */
import { checkOptions } from '../core/check.ts';
import type { PriceOptions } from '../ledger/price-book.ts';
import { PRICE_RULES } from './price-options.ts';

/**
 * The prices in the text of a file such as
 * `{ "prices": { "openai/gpt-4o": { "input": 2.5, "output": 10 } }, "priceAs": { "my-deployment": "gpt-4o" } }`.
 *
 * @param where what messages call the file
 * @throws SyntaxError, TypeError, RangeError which says what is wrong, the rule and the value
 */
export function readPriceFile(text: string, where = 'the price file'): PriceOptions {
  const options = parsed(text, where);
  checkOptions(where, options, PRICE_RULES);
  return options as PriceOptions;
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new SyntaxError(`${where}: must be JSON: ${(error as Error).message}`, { cause: error });
  }
}
