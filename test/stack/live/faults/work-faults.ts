/** Applications whose work fails, is slow, or does not end. */
import type { ApplicationFault } from './application-fault.ts';
import { SHOP } from './no-faults.ts';

/** A workflow of an order in which one step can fail. */
const order = (step: string, everyMs = 250) => `
const order = workflow('order', ${step});
every(${everyMs}, (n) => order.execute(n));`;

const BURNS = {
  TTAAvailabilitySLOBreach: 'less than 99 % succeed',
  TTAAvailabilityBudgetBurn: 'the budget of failures is used up',
};
const SLOW = {
  TTALatencySLOBreach: 'less than 95 % end within 10 seconds',
  TTALatencyBudgetBurn: 'the budget of slow executions is used up',
};

export const WORK_FAULTS: readonly ApplicationFault[] = [
  {
    job: 'tta-fails',
    fault: '30 % of the executions fail, from the start',
    fromTheStart: true,
    program: order("task('charge', (n) => { if (broken && n % 10 < 3) fails(); })"),
    raises: {
      TTAHighErrorRate: /^(?:29|30)\.\d % /,
      TTAAvailabilityBudgetBurn: /lasts (?:23h|1d 0h) \d+m/,
    },
    mayRaise: BURNS,
    withinMinutes: 20,
  },
  {
    job: 'tta-breaks',
    fault: 'All executions fail, after healthy minutes',
    program: order("task('charge', () => { if (broken) fails(); })"),
    raises: {
      TTAHighErrorRate: ({ description, afterSeconds }) => {
        // The window has 5 minutes: the share is that of the fault in it.
        const share = Number.parseFloat(description);
        const truth = Math.min(100, (100 * afterSeconds) / 300);
        if (Math.abs(share - truth) > 20) throw new Error(`${share} % were told, ${truth} % is true`);
      },
      TTAAvailabilityBudgetBurn: /tta-breaks/,
    },
    mayRaise: BURNS,
    withinMinutes: 14,
  },
  {
    job: 'tta-shop',
    labels: { cluster: 'west', namespace: 'staging' },
    fault: 'The staging of a service fails, and not its production',
    program: SHOP,
    raises: { TTAHighErrorRate: /tta-shop/ },
    mayRaise: BURNS,
  },
  {
    job: 'tta-rejects',
    fault: 'A bulkhead is full and rejects nine of ten executions',
    program: order(`bulkhead(task('charge', () => broken ? wait(2_500) : undefined), { concurrency: 1, maxQueue: 0 })`),
    raises: { TTAHighErrorRate: /% / },
    mayRaise: BURNS,
  },
  {
    job: 'tta-times-out',
    fault: 'One of five executions times out',
    fromTheStart: true,
    program: order(
      `timeout(task('charge', (n) => broken && n % 5 === 0 ? wait(60_000) : undefined), { timeoutMs: 200 })`,
    ),
    raises: { TTAHighErrorRate: /^(?:19|20)\.\d % / },
    mayRaise: BURNS,
  },
  {
    job: 'tta-one-workflow',
    fault: 'Half of the executions of a small workflow fail, 2 % of all',
    fromTheStart: true,
    program: `${order("task('charge', () => {})", 100)}
const refund = workflow('refund', task('pay', (n) => { if (broken && n % 2 === 0) fails(); }));
every(2_400, (n) => refund.execute(n));`,
    raises: { TTAWorkflowFailureSpike: /^(?:4[5-9]|5[0-5])\.\d % of the executions of refund in tta-one-workflow/ },
    mayRaise: BURNS,
  },
  {
    job: 'tta-seldom',
    fault: 'A job with an execution every two minutes fails each time',
    fromTheStart: true,
    program: order("task('charge', () => { if (broken) fails(); })", 120_000),
    raises: { TTAAvailabilityBudgetBurn: /lasts (?:7h 1[12]m)/ },
    withinMinutes: 28,
    resolvedWithinMinutes: 16,
  },
  {
    job: 'tta-slow',
    fault: 'A workflow takes 15 seconds',
    fromTheStart: true,
    program: order("task('ask', () => wait(broken ? 15_000 : 10))", 500),
    raises: { TTAWorkflowLatencySpike: /order in tta-slow/, TTALatencyBudgetBurn: /lasts [12]d \d+h/ },
    mayRaise: SLOW,
    withinMinutes: 20,
  },
  {
    job: 'tta-very-slow',
    fault: 'A workflow takes 45 seconds',
    fromTheStart: true,
    program: order("task('ask', () => wait(broken ? 45_000 : 10))", 500),
    raises: { TTAHighLatency: /kind (?:task|workflow) in tta-very-slow/ },
    mayRaise: { ...SLOW, TTAWorkflowLatencySpike: 'one in twenty takes longer than 10 seconds' },
  },
  {
    job: 'tta-hangs',
    fault: '5,000 executions are in flight and none ends',
    program: `
let answers = [];
const order = workflow('order', task('ask', () => broken ? new Promise((answer) => answers.push(answer)) : 1));
whenChanged(() => { if (!broken) for (const answer of answers) answer(); });
every(200, () => { if (!broken) return order.execute(); });
every(200, () => { if (broken && answers.length < 5_000) for (let i = 0; i < 100; i += 1) order.execute(); });`,
    raises: { TTAServiceHangs: /^50\d\d executions of tta-hangs/ },
    mayRaise: { ...SLOW, TTAExecutionsPileUp: 'in flight are ten times as many as ended' },
    withinMinutes: 18,
  },
  {
    job: 'tta-blocked',
    fault: 'The event loop is blocked for 3 seconds at a time',
    program: `${order("task('charge', () => 1)", 100)}
const cell = new Int32Array(new SharedArrayBuffer(4));
every(4_000, () => { if (broken) Atomics.wait(cell, 0, 0, 3_000); });`,
    raises: { TTAEventLoopBlocked: /tta-blocked/ },
    withinMinutes: 16,
  },
  {
    job: 'tta-grows',
    fault: 'A process holds 1.2 GB',
    fromTheStart: true,
    program: `${order("task('charge', () => 1)")}
let held = [];
whenChanged(() => {
  held = broken ? Array.from({ length: 12 }, () => Buffer.alloc(100e6, 1)) : [];
  gc();
});`,
    raises: { TTAHighMemoryUsage: /tta-grows uses 1[12]\d\d MB of memory/ },
    withinMinutes: 20,
  },
  {
    job: 'tta-crowd',
    fault: '1,200 executions a second',
    fromTheStart: true,
    program: `const order = workflow('order', task('charge', () => 1));
every(100, () => { for (let i = 0; i < (broken ? 120 : 1); i += 1) order.execute(); });`,
    raises: { TTAHighRequestRate: /tta-crowd executes 1[12]\d\d workflows a second/ },
    withinMinutes: 20,
  },
  {
    job: 'tta-fallback',
    fault: 'A provider always fails behind a fallback that answers',
    program:
      order(`task('prompt', () => '?').pipe(fallback(llm(model('gpt-4', () => broken ? fails() : reply(0.0001))), [
  llm(model('claude-3-opus', () => reply(0.0001), 'anthropic')),
]))`),
    raises: { TTAModelFails: /^100 % of the calls of gpt-4/ },
    mayRaise: { TTAFallbackInUse: 'no call is answered by the primary' },
    withinMinutes: 20,
  },
  {
    job: 'tta-retries',
    fault: 'Retries never succeed, in work that goes on without them',
    program: `
const ask = retry(task('ask', () => broken ? fails() : 1), { maxRetries: 1, initialDelayMs: 10, name: 'ask' });
const order = workflow('order', task('charge', () => ask.execute().catch(() => 'none')));
every(250, () => order.execute());`,
    raises: { TTARetriesFail: /^ask of tta-retries/ },
    withinMinutes: 20,
  },
  {
    job: 'tta-circuit',
    fault: 'A circuit stays open, in work that goes on without it',
    program: `
const ask = circuitBreaker(task('ask', () => broken ? fails() : 1), { consecutiveFailures: 5, openMs: 10_000, name: 'ask' });
const order = workflow('order', task('charge', () => ask.execute().catch(() => 'none')));
every(250, () => order.execute());`,
    raises: { TTACircuitOpen: /circuit ask of tta-circuit/ },
  },
  {
    job: 'tta-saga',
    fault: 'A compensation fails once',
    program: `
const steps = [
  { name: 'reserve', do: task('reserve', () => 1), compensate: task('release', fails) },
  { name: 'charge', do: task('charge', () => broken ? fails() : 1) },
];
const order = workflow('order', saga(steps, { name: 'order' }));
every(250, () => { if (!broken) return order.execute(); });
whenChanged(() => { if (broken) order.execute().catch(() => {}); });`,
    raises: { TTASagaEffectLeft: /The saga order of tta-saga/ },
    mend: () => {},
  },
  {
    job: 'tta-saga-at-start',
    fault: 'A compensation fails before the first scrape',
    fromTheStart: true,
    program: `
const steps = [
  { name: 'reserve', do: task('reserve', () => 1), compensate: task('release', fails) },
  { name: 'charge', do: task('charge', () => broken ? fails() : 1) },
];
await saga(steps, { name: 'order' }).execute().catch(() => {});`,
    mend: () => {},
    raises: { TTASagaEffectLeft: /The saga order of tta-saga-at-start/ },
  },
  {
    job: 'tta-saga-at-restart',
    fault: 'A compensation fails before the first scrape after a restart',
    program: `
import { existsSync, writeFileSync } from 'node:fs';
const again = existsSync(process.env.STATE);
writeFileSync(process.env.STATE, '');
const steps = [
  { name: 'reserve', do: task('reserve', () => 1), compensate: task('release', fails) },
  { name: 'charge', do: task('charge', () => again ? fails() : 1) },
];
await saga(steps, { name: 'order' }).execute().catch(() => {});`,
    inject: async ({ instances }) => {
      await instances[0]?.program.stop();
      await instances[0]?.program.start();
    },
    mend: () => {},
    raises: { TTASagaEffectLeft: /The saga order of tta-saga-at-restart/ },
  },
  {
    job: 'tta-no-hits',
    fault: 'A cache never hits',
    fromTheStart: true,
    program: order("cache(task('look up', (n) => n), { key: (n) => broken ? String(n) : 'same', name: 'prices' })"),
    raises: { TTALowCacheHitRate: /Only 0\.0 % of the lookups of prices in tta-no-hits/ },
    mayRaise: { TTACachePerformanceSLOBreach: 'less than 90 % hit' },
  },
  {
    job: 'tta-few-hits',
    fault: 'A cache hits 70 %',
    fromTheStart: true,
    program: order(
      "cache(task('look up', (n) => n), { key: (n) => broken && n % 10 < 3 ? String(n) : 'same', name: 'prices' })",
    ),
    raises: {
      TTAModerateLowCacheHitRate: /^(?:69|70)\.\d % of the lookups of prices in tta-few-hits/,
      TTACachePerformanceSLOBreach: /prices in tta-few-hits/,
    },
    withinMinutes: 24,
  },
];
