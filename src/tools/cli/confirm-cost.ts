/** Asks before a large folder goes to a model that may cost money. */
import { EMPTY_BOOK, priceBook } from '../../ledger/price-book.ts';
import { priceCall } from '../../ledger/price-call.ts';
import { dateOf, systemClock } from '../../platform/clock.ts';
import { textFrom } from '../../sdk/environment.ts';
import type { DigestPlan, PlannedCalls } from '../digest/index.ts';
import { ask } from './ask.ts';
import type { Models } from './models.ts';
import { ownPrices } from './own-prices.ts';

/** A digest above one of these is asked for. */
const LARGE = { calls: 100, tokens: 100_000, dollars: 0.1 };

/** The dollars of a plan at the prices of its models; `undefined` when one of them has no known price. */
export async function planDollars(
  plan: DigestPlan,
  models: Pick<Models, 'small' | 'large'>,
  book = EMPTY_BOOK,
): Promise<number | undefined> {
  const at = dateOf(systemClock);
  const dollars = (['small', 'large'] as const).map(async (size) => {
    const { calls, inputTokens, outputTokens } = plan[size];
    if (calls === 0) return 0;
    const { provider, id } = models[size];
    const call = { provider, askedModel: id, usage: { inputTokens, outputTokens }, at };
    return (await priceCall(call, book))?.dollars;
  });
  return (await Promise.all(dollars)).reduce<number | undefined>(
    (sum, each) => (sum === undefined || each === undefined ? undefined : sum + each),
    0,
  );
}

/** One line about a plan, for the user. */
export function describePlan(plan: DigestPlan, dollars: number | undefined): string {
  const { calls, inputTokens, outputTokens } = total(plan);
  const number = (value: number) => value.toLocaleString('en');
  const cost =
    dollars === undefined
      ? 'at a price that is not known'
      : dollars < 0.01
        ? 'less than $0.01'
        : `about $${dollars.toFixed(2)}`;
  return `${number(plan.files)} files, ${number(calls)} model calls, about ${number(inputTokens)} tokens in and ${number(outputTokens)} out, ${cost}`;
}

/** Whether a digest is large enough to ask. */
export function isLarge(plan: DigestPlan, dollars = 0): boolean {
  const { calls, inputTokens, outputTokens } = total(plan);
  return calls > LARGE.calls || inputTokens + outputTokens > LARGE.tokens || dollars > LARGE.dollars;
}

function total({ small, large }: DigestPlan): PlannedCalls {
  return {
    calls: small.calls + large.calls,
    inputTokens: small.inputTokens + large.inputTokens,
    outputTokens: small.outputTokens + large.outputTokens,
  };
}

/**
 * Asks the user at the terminal whether a large digest may start.
 *
 * @throws Error when the answer is not yes, when the file of TTA_PRICES is wrong, or when there is no terminal to ask at
 */
export async function confirmCost(plan: DigestPlan, models: Models): Promise<void> {
  const dollars = await planDollars(plan, models, priceBook(await ownPrices(textFrom('TTA_PRICES'))));
  if (!isLarge(plan, dollars)) return;
  const what = describePlan(plan, dollars);
  if (!process.stdin.isTTY) throw new Error(`nothing was sent: ${what}. Add --yes to go on`);
  if (!(await ask(`${what}. Go on? [y/N] `))) throw new Error('nothing was sent');
}
