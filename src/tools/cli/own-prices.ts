import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { PriceOptions } from '../../ledger/price-book.ts';
import { readPriceFile } from '../../llm/price-file.ts';
import { userFolder } from './package-root.ts';

/**
 * The prices of the user.
 *
 * @param file as in TTA_PRICES: a path, or the word `catalogue`
 * @throws Error when the file cannot be read or is wrong
 */
export async function ownPrices(file: string | undefined): Promise<PriceOptions> {
  if (file === undefined) return {};
  if (file === 'catalogue') return { prices: 'catalogue' };
  return readPriceFile(await readFile(resolve(userFolder(process.cwd(), process.env), file), 'utf8'), file);
}
