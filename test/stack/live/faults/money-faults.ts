/** Applications that spend too much on models, or whose spending is not known. */
import type { ApplicationFault } from './application-fault.ts';

/** What a text says, beside what it is in truth. */
function close(told: number, truth: number, unit: string): void {
  if (Math.abs(told - truth) > 0.2 * truth) throw new Error(`${told} ${unit} were told, ${truth} are true`);
}

const ask = (answer: string, everyMs: number, id = 'gpt-4') => `
const order = workflow('order', llm(model('${id}', () => ${answer})));
every(${everyMs}, () => order.execute('?'));`;

export const MONEY_FAULTS: readonly ApplicationFault[] = [
  {
    job: 'tta-spends',
    fault: 'Model calls cost 180 dollars an hour, of a budget of 1000 in 30 days',
    fromTheStart: true,
    program: ask('reply(broken ? 0.05 : 0)', 1_000),
    raises: {
      TTACostBurn: ({ description }) => {
        const [, days = 0, hours = 0, minutes = 0] =
          /lasts (?:(\d+)d )?(?:(\d+)h )?(\d+)m/.exec(description)?.map(Number) ?? [];
        close(24 * (days || 0) + (hours || 0) + minutes / 60, 1_000 / 180, 'hours');
      },
    },
    withinMinutes: 16,
  },
  {
    job: 'tta-offline',
    fault: 'The offline model seems to cost 180 dollars an hour',
    fromTheStart: true,
    program: `
const order = workflow('order', llm(model('offline-small', () => reply(0.05), 'offline')));
every(1_000, () => order.execute('?'));`,
    raises: {},
    lastsMinutes: 16,
  },
  {
    job: 'tta-unused',
    fault: 'A retry drops every second answer of a model that costs 30 dollars an hour',
    fromTheStart: true,
    program: `
let tries = 0;
const ask = retry(llm(model('gpt-4', () => { tries += 1; return reply(0.05); })), {
  ...{ maxRetries: 1, initialDelayMs: 1, whenResult: () => broken && tries % 2 === 1 },
});
const order = workflow('order', ask);
every(12_000, () => order.execute('?'));`,
    raises: { TTAModelCostUnused: /^(?:4[5-9]|5[0-5])\.?\d*% of the dollars that tta-unused/ },
    mayRaise: { TTACostBurn: 'after 40 minutes' },
    withinMinutes: 25,
    resolvedWithinMinutes: 'never',
  },
  {
    job: 'tta-unpriced',
    fault: 'One call of a model without a price, before the first scrape',
    program: `
await llm(model('in-house-7b', () => reply(), 'acme')).execute('?');`,
    fromTheStart: true,
    mend: () => {},
    raises: { TTAUnpricedModelCalls: /in-house-7b by tta-unpriced/ },
    resolvedWithinMinutes: 'never',
  },
  {
    job: 'tta-unmetered',
    fault: 'One of ten replies has no usage',
    fromTheStart: true,
    program: `
const order = workflow('order', llm(model('gpt-4', () => broken && Math.random() < 0.1 ? { text: 'yes' } : reply(0))));
every(500, () => order.execute('?'));`,
    raises: { TTAUnmeteredModelCalls: /gpt-4 by tta-unmetered/ },
    resolvedWithinMinutes: 'never',
  },
  {
    job: 'tta-pictures',
    fault: 'Requests for pictures, which are not read',
    fromTheStart: true,
    program: `
const order = workflow('order', task('draw', () => fetch('https://api.openai.com/v1/images/generations', { method: 'POST', body: '{}' })));
every(5_000, () => order.execute());`,
    raises: { TTAUnrecognisedModelRequests: /tta-pictures sends requests to openai/ },
    resolvedWithinMinutes: 'never',
  },
  {
    job: 'tta-budget',
    fault: 'A budget is spent and refuses calls',
    program: `
const ask = budget(llm(model('gpt-4', () => reply(broken ? 0.5 : 0))), { name: 'assistant', limitUsd: 1, per: 'all' });
const order = workflow('order', task('answer', () => ask.execute('?').catch(() => 'not today')));
every(1_000, () => order.execute());`,
    mend: async ({ instances }) => {
      await instances[0]?.program.stop();
      await instances[0]?.program.start();
    },
    raises: {
      TTABudgetRefuses: /budget assistant of tta-budget/,
      TTABudgetNearlySpent: /budget assistant of tta-budget/,
    },
    withinMinutes: 16,
  },
  {
    job: 'tta-budget-store',
    fault: 'The store of a budget fails',
    program: `
const sums = { spentUsd: 0, heldUsd: 0 };
const store = { reserve: () => broken ? fails() : { ...sums, granted: true }, settle: () => broken ? fails() : sums };
const ask = budget(llm(model('gpt-4', () => reply(0))), { name: 'shared', limitUsd: 10, per: 'all', store });
const order = workflow('order', ask);
every(1_000, () => order.execute('?'));`,
    raises: { TTABudgetStoreFails: /budget shared of tta-budget-store/ },
  },
];
