import type { Case, SeenRequest } from './shapes.ts';

/** Dollars per million tokens of all models in these runs. */
const PRICE = { input: 2, output: 8 };

/** What the metrics must have of a case, by what the server has seen and sent. */
export function expectedOf({ requests }: Case) {
  const calls = requests.filter(({ method }) => method === 'POST');
  const answered = calls.filter((call) => call.status === 200 && call.fault === 'none');
  const metered = answered.filter(({ usage }) => usage !== undefined);
  const refused = calls.filter(({ status = 0 }) => status >= 400);
  const tokens = (kind: 'input' | 'output') => metered.reduce((sum, { usage }) => sum + (usage?.[kind] ?? 0), 0);
  return {
    success: answered.length,
    failure: calls.length - answered.length,
    unmetered: calls.length - refused.length - metered.length,
    input: tokens('input'),
    output: tokens('output'),
    dollars: (tokens('input') * PRICE.input + tokens('output') * PRICE.output) / 1e6,
    outcomes: calls.map(outcomeOf).sort(),
  };
}

function outcomeOf({ status = 0, fault }: SeenRequest): string {
  if (fault === 'hang' || fault === 'stall') return 'cancelled';
  return status === 200 && fault === 'none' ? 'success' : 'failure';
}

/** The same, by the metrics and spans. */
export function countedOf({ counted }: Case) {
  const { added = {}, spans = [] } = counted ?? {};
  const of = (name: string) => added[`tta_llm_${name}`] ?? 0;
  const dollars = of('cost_total');
  return {
    success: of('requests_totalstatus="success"'),
    failure: of('requests_totalstatus="failure"'),
    unmetered: of('unmetered_requests_total'),
    unpriced: of('unpriced_requests_total'),
    input: of('input_tokens_total'),
    output: of('output_tokens_total'),
    dollars,
    byUse: of('cost_by_use_total'),
    outcomes: spans
      .filter(({ kind }) => kind === CLIENT)
      .map(({ attributes }) => String(attributes['tta.outcome'] ?? 'success'))
      .sort(),
  };
}

const CLIENT = 2;
