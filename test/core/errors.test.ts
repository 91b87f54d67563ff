/** Our errors: one set of facts, and none of a user's data where a log would show it. */
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as front from '../../src/index.ts';
import {
  budget,
  bulkhead,
  cache,
  circuit,
  circuitBreaker,
  llm,
  loop,
  type Primitive,
  race,
  rateLimit,
  router,
  saga,
  switchOn,
  task,
  timeout,
} from '../../src/index.ts';
import {
  createVirtualClock,
  scriptedModel,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

const SECRET = 'a patient called Ada';
const name = 'desk';
const echo = task('echo', (text: string) => text);
const deaf = task('deaf', (_: string) => new Promise<string>(() => {}));
const broken = task('broken', (_: unknown): Promise<never> => Promise.reject(new Error('down')));
const clock = createVirtualClock();
const context = { clock };

async function full(): Promise<unknown> {
  const narrow = bulkhead(deaf, { name, concurrency: 1 });
  narrow.execute(SECRET).catch(() => {});
  await settled();
  return narrow.execute(SECRET);
}

async function late(): Promise<unknown> {
  const running = timeout(deaf, { name, timeoutMs: 10 }).execute(SECRET, { context });
  running.catch(() => {});
  await settled();
  await clock.advance(10);
  return running;
}

function open(): Promise<unknown> {
  const isolated = circuit({ consecutiveFailures: 1, openMs: 1 });
  isolated.isolate();
  return circuitBreaker(echo, { name, circuit: isolated }).execute(SECRET);
}

function askItself(): Promise<unknown> {
  const own: Primitive<string, unknown> = cache(
    task('own', (text: string) => own.execute(text)),
    { name, key: (text) => text },
  );
  return own.execute(SECRET);
}

interface Case {
  readonly error: string;
  readonly outcome: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly run: () => Promise<unknown>;
}

const dear = llm(scriptedModel([{ text: 'yes' }], { provider: 'openai', id: 'gpt-4' }));

const CASES: readonly Case[] = [
  {
    error: 'BudgetExceededError',
    outcome: 'rejected',
    // 7 tokens of the secret at $30, and 1,000 at $60 for a million.
    facts: { limitUsd: 0.06, spentUsd: 0, heldUsd: 0, neededUsd: 0.06021, until: undefined },
    run: () => budget(dear, { name, limitUsd: 0.06 }).execute(SECRET),
  },
  { error: 'BulkheadFullError', outcome: 'rejected', facts: { concurrency: 1, maxQueue: 0 }, run: full },
  { error: 'CacheCycleError', outcome: 'rejected', facts: {}, run: askItself },
  { error: 'CircuitOpenError', outcome: 'rejected', facts: { until: undefined, retryAfterMs: undefined }, run: open },
  { error: 'PrimitiveTimeoutError', outcome: 'timeout', facts: { timeoutMs: 10 }, run: late },
  {
    error: 'RateLimitError',
    outcome: 'rejected',
    facts: { weight: 2, retryAfterMs: undefined },
    run: () => rateLimit(echo, { name, permits: 1, perMs: 1, weight: () => 2 }).execute(SECRET),
  },
  {
    error: 'NoRouteError',
    outcome: 'rejected',
    facts: { routes: ['a'], route: SECRET },
    run: () => router((text: string) => text as 'a', { a: echo }, { name }).execute(SECRET),
  },
  {
    error: 'NoCaseError',
    outcome: 'rejected',
    facts: { cases: ['a'], value: SECRET },
    run: () => switchOn((text: string) => text as 'a', { a: echo }, undefined, { name }).execute(SECRET),
  },
  {
    error: 'LoopLimitError',
    outcome: 'failure',
    facts: { maxIterations: 1, lastOutput: SECRET },
    run: () => loop(echo, { name, until: () => false, maxIterations: 1 }).execute(SECRET),
  },
  {
    error: 'RaceError',
    outcome: 'failure',
    facts: { errors: [new Error('down'), new Error('down')] },
    run: () => race([broken, broken], { name }).execute(SECRET),
  },
  {
    error: 'CompensationError',
    outcome: 'failure',
    facts: { compensations: 1, failures: [{ step: 'one', error: new Error('down') }] },
    run: () =>
      saga(
        [
          { name: 'one', do: echo, compensate: broken },
          { name: 'two', do: broken },
        ],
        { name },
      ).execute(SECRET),
  },
];

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

it('are all in this test', () => {
  // A model's reply is what it is about, not a primitive.
  const ours = Object.keys(front).filter((each) => each.endsWith('Error') && each !== 'ModelReplyError');
  expect(CASES.map(({ error }) => error).sort()).toEqual(ours.sort());
});

it.each(CASES)(
  '$error says which primitive, with its facts and its verdict',
  async ({ error, outcome, facts, run }) => {
    const thrown = await run().catch((reason: unknown) => reason);
    expect(thrown).toMatchObject({
      name: error,
      primitiveName: name,
      message: expect.stringMatching(/^desk/),
      ...facts,
    });
    expect(thrown).toBeInstanceOf(Object.entries(front).find(([each]) => each === error)?.[1]);
    const own = telemetry.spans().filter(({ attributes }) => attributes['tta.primitive.name'] === name);
    // An execution that asks for its own key is inside another one.
    expect(new Set(own.map(({ attributes }) => attributes['tta.outcome']))).toEqual(new Set([outcome]));
  },
);

it.each(CASES)('$error shows nothing of the input in a log or on a span', async ({ run }) => {
  const thrown = await run().catch((reason: unknown) => reason);
  expect(inspect(thrown, { depth: 10 })).not.toContain(SECRET);
  expect(JSON.stringify({ ...(thrown as object) })).not.toContain(SECRET);
  expect(JSON.stringify(telemetry.spans().map(({ events, status }) => [events, status]))).not.toContain(SECRET);
});
