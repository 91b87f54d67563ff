/**
 * A service with users in its ordinary life: some of them leave, races have losers, a dependency is away for 10 s, a
 * report takes 20 minutes, and a model is paid, within its budget.
 */
import { ENTRY } from '../../support/child.ts';
import type { Program } from '../../support/program.ts';
import type { LiveStack } from './live-stack.ts';
import { applicationEnvironment } from './main-job.ts';

export interface OrdinaryServiceOptions {
  /** The name of its log. */
  readonly name: string;
  readonly port: number;
  /** The name of the service, the label `job` of its series. */
  readonly service: string;
  /** Seconds from its start to the first user. @default 0 */
  readonly firstUserAfter?: number | 'never';
  /** Seconds from its start to the ten seconds in which its price service fails. @default 720 */
  readonly outageAfter?: number;
}

const SOURCE = `
import { register } from '${ENTRY.sdk}';
import { budget, bulkhead, circuitBreaker, fallback, llm, race, sequential, task, workflow } from '${ENTRY.main}';
import { setTimeout as pause } from 'node:timers/promises';

const { firstUserAfter, outageAfter } = JSON.parse(process.env.LIFE);
const began = performance.now();
const seconds = () => (performance.now() - began) / 1_000;
await register();

const askPrices = task('ask-prices', async (basket) => {
  await pause(20);
  if (seconds() >= outageAfter && seconds() < outageAfter + 10) throw new Error('the price service answers 503');
  return { ...basket, price: 3 };
});
const prices = circuitBreaker(askPrices, { name: 'prices', consecutiveFailures: 3, openMs: 10_000 });
const listPrices = task('list-prices', (basket) => ({ ...basket, price: 4 }));
const store = (name, ms) =>
  workflow(name, task(name + '-stock', async (basket, { signal }) => {
    await pause(ms, undefined, { signal });
    return basket;
  }));
const checkout = workflow('checkout', sequential(
  task('basket', async (user, { signal }) => {
    await pause(40, undefined, { signal });
    return { user };
  }),
  fallback(prices, [listPrices], { name: 'price' }),
  race([store('near-store', 10), store('far-store', 100)]),
));

const report = workflow('report', task('read-all', () => pause(20 * 60_000)));

const model = {
  id: 'gpt-4o-mini',
  provider: 'openai',
  async generate() {
    await pause(200);
    return { text: 'Thank you', usage: { inputTokens: 400, outputTokens: 60 } };
  },
};
const thanks = workflow('thanks', budget(bulkhead(llm(model), { concurrency: 4, maxQueue: 10 }), {
  name: 'letters',
  limitUsd: 100,
  per: 'all',
}));

async function visit(user) {
  const patience = new AbortController();
  // One user in five leaves before the answer.
  if (user % 5 === 0) setTimeout(() => patience.abort(), 20);
  await checkout.execute(user, { signal: patience.signal }).catch((error) => {
    if (!patience.signal.aborted) throw error;
  });
  if (user % 40 === 1) await thanks.execute('Thank user ' + user);
}

// A service that has no users waits for them.
if (firstUserAfter === 'never') setInterval(() => {}, 60_000);
else {
  await pause(firstUserAfter * 1_000);
  void report.execute();
  for (let user = 1; ; user += 1) {
    void visit(user);
    await pause(250);
  }
}
`;

export function startOrdinaryService(stack: LiveStack, options: OrdinaryServiceOptions): Promise<Program> {
  const { name, port, service, firstUserAfter = 0, outageAfter = 720 } = options;
  return stack.run(name, {
    command: process.execPath,
    args: ['--input-type=module', '--eval', SOURCE],
    env: {
      ...applicationEnvironment(stack, { port, service }),
      LIFE: JSON.stringify({ firstUserAfter, outageAfter }),
    },
    readyUrl: `http://127.0.0.1:${port}/metrics`,
  });
}
