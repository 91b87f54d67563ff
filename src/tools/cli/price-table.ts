import Table from 'cli-table3';
import type { ListedPrice } from '../../ledger/price-list.ts';

export interface PricesOfModel {
  readonly model: string;
  readonly prices: readonly ListedPrice[];
}

interface Sources {
  readonly day: string;
  /** The author's file, if there is one. */
  readonly file: string | undefined;
  readonly catalogue: string;
}

type Column = readonly [
  head: string,
  of: (price: ListedPrice) => number | undefined,
  usual: (price: ListedPrice) => unknown,
];

/** A column is shown where a price in it differs from the usual one. */
const COLUMNS: readonly Column[] = [
  ['input', (price) => price.input, () => 'always'],
  ['output', (price) => price.output, () => 'always'],
  ['cached', (price) => price.cachedInput, (price) => price.input],
  ['cache write', (price) => price.cacheWrite, (price) => price.input],
  // A model without a price for cache writes has no price for an hour of them either: the field only has the default.
  [
    'for an hour',
    (price) => price.cacheWrite1h,
    (price) => (price.cacheWrite === price.input ? price.cacheWrite1h : 0),
  ],
  ['sound in', (price) => price.inputAudio, (price) => price.input],
  ['sound out', (price) => price.outputAudio, (price) => price.output],
  ['pictures out', (price) => price.outputImage, (price) => price.output],
  ['1,000 searches', (price) => price.webSearches, (price) => (price.webSearches === 10 ? 10 : 0)],
  ['a request', (price) => price.perRequest, () => 0],
];

/** A table of prices, and below it what the columns mean. It has no colours, because the output can be a file. */
export function renderPrices(models: readonly PricesOfModel[], { day, file, catalogue }: Sources): string {
  const all = models.flatMap(({ prices }) => prices);
  const columns = COLUMNS.filter(([, of, usual]) => all.some((price) => of(price) !== usual(price)));
  const table = new Table({
    head: ['model', 'calls', ...columns.map(([head]) => head), 'price of'],
    colAligns: ['left', 'left', ...columns.map(() => 'right' as const), 'left'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const { model, prices } of models) {
    for (const [index, price] of prices.entries()) {
      const cells = columns.map(([, of]) => of(price)?.toLocaleString('en', { maximumFractionDigits: 6 }) ?? '-');
      table.push([index === 0 ? model : '', callsOf(price), ...cells, `${ORIGINS[price.pricedBy]}: ${price.name}`]);
    }
  }
  return [
    table.toString(),
    `US dollars per million tokens on ${day}${columns.some(([head]) => head === 'a request') ? ', and per request' : ''}.`,
    ...(all.some(({ tier }) => tier !== undefined)
      ? []
      : ['Calls of another service tier, such as batch, flex or priority, are unpriced: see tta prices --help.']),
    `yours: ${file ?? 'no file (TTA_PRICES or --prices FILE)'}; reference: what existing dashboards use; catalogue: ${catalogue}.`,
  ].join('\n');
}

const ORIGINS = { reply: 'reply', author: 'yours', reference: 'reference', catalogue: 'catalogue' };

function callsOf({ tier, above }: ListedPrice): string {
  const length = above > 0 ? `input above ${above.toLocaleString('en')}` : '';
  return [tier, length].filter(Boolean).join(', ') || 'standard';
}
