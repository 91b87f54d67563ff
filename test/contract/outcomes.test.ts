/** What an end from outside makes of the work below, at every depth: the outcome says who ended it. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  budget,
  cache,
  conditional,
  hedge,
  map,
  type Primitive,
  PrimitiveTimeoutError,
  parallel,
  race,
  retry,
  saga,
  sequential,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import { createVirtualClock, settled, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { paidCall } from '../support/paid-calls.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

type Work = Primitive<number, unknown>;

const nap = task('nap', (ms: number, context) => context.clock.sleep(ms, context.signal));
const innermost = task('innermost', (_: number, context) => context.clock.sleep(500, context.signal));
/** 500 ms of work, five executions deep. */
const deepAround = (work: Work): Work => workflow('inner', retry(sequential(task('step', () => work.execute(0)))));
const deep = deepAround(innermost);
const DEPTH = ['invoke_workflow inner', 'retry ', 'sequential ', 'task step', 'task innermost'];
const quick: Work = task('quick', () => nap.execute(10));
const failing = (error: unknown): Work =>
  task('failing', async () => {
    await nap.execute(10);
    throw error;
  });
const stale = new PrimitiveTimeoutError('elsewhere', 10);
/** The tries of a hedge: the first is the deep work. */
const tries = task('try', (_: number, { attempt }) => (attempt === 1 ? deep : quick).execute(0));
const items = task('item', (n: number) => (n === 0 ? deep : failing(new Error('no luck'))).execute(n));
const expensive = task('expensive', async () => {
  await nap.execute(10);
  await paidCall().execute({ needs: 2 });
});
async function* numbers() {
  yield* [0, 1];
}

const policies: [policy: string, outcome: string, around: Work][] = [
  ['a race that another branch wins', 'superseded', race([deep, quick])],
  ['a race in the branch of a race that is lost', 'superseded', race([race([deep, nap]), quick])],
  ['a hedge whose second try wins', 'superseded', hedge(tries, { delayMs: 1 })],
  ['a sibling that fails', 'superseded', parallel([deep, failing(new Error('no luck'))])],
  ['a sibling that fails with a timeout', 'superseded', parallel([deep, failing(stale)])],
  ['a sibling that has no turn', 'superseded', parallel([deep, failing(stale), quick], { concurrency: 2 })],
  ['another item of a map that fails', 'superseded', task('all', () => map(items).execute([0, 1]))],
  [
    'another item of a stream that fails',
    'superseded',
    task('all', async () => {
      const results = await map(items, { concurrency: 2 }).execute(numbers());
      for await (const _ of results) expect.unreachable();
    }),
  ],
  [
    'another step of a saga that fails',
    'superseded',
    saga([
      [
        { name: 'a', do: deep },
        { name: 'b', do: failing(stale) },
      ],
    ]),
  ],
  ['a timeout', 'timeout', timeout(deep, { timeoutMs: 10 })],
  ['a timeout with a grace', 'timeout', timeout(deep, { timeoutMs: 10, mode: 'cooperative', graceMs: 5 })],
  ['a timeout around a race', 'timeout', timeout(race([deep, nap]), { timeoutMs: 10 })],
  ['a timeout around a saga', 'timeout', timeout(saga([{ name: 'a', do: deep }]), { timeoutMs: 10 })],
  ['a timeout around a cache', 'timeout', timeout(cache(deep, { key: () => 'k' }), { timeoutMs: 10 })],
  ['a budget that another branch has spent', 'rejected', budget(parallel([deep, expensive]), { limitUsd: 1 })],
  [
    'a reader that leaves the results',
    'cancelled',
    task('all', async () => {
      const choose = task('choose', (n: number) => (n === 0 ? quick : deep).execute(n));
      for await (const _ of await map(choose, { concurrency: 2 }).execute(numbers())) break;
    }),
  ],
];

async function outcomesAt(depth: readonly string[]): Promise<unknown[]> {
  await settled();
  return depth.map((name) => {
    const span = telemetry.spans().find((each) => each.name.startsWith(name));
    return [name, span?.attributes['tta.outcome'] ?? 'success'];
  });
}

async function expectOutcome(outcome: string): Promise<void> {
  expect(await outcomesAt(DEPTH)).toEqual(DEPTH.map((name) => [name, outcome]));
  const workflows = { workflow_name: 'inner' };
  await telemetry.expectMetric('tta_workflow_outcomes_total', { ...workflows, outcome }, 1);
  await telemetry.expectMetric('tta_workflow_outcomes_total', workflows, 1);
  await telemetry.expectMetric('tta_workflow_executions_total', { ...workflows, status: 'failure' }, 1);
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
}

it.each(policies)('%s makes all work below %s', async (_, outcome, around) => {
  const clock = createVirtualClock();
  const { signal } = new AbortController();
  const running = around.execute(900, { signal, context: { clock } }).catch(() => {});
  await clock.advance(20);
  await running;
  await expectOutcome(outcome);
});

it.each([
  ['an error', new Error('gone')],
  ['a deadline of the platform', new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
  ['the timeout of other work', stale],
  ['a text', 'gone'],
])('its caller makes all work below cancelled, whatever is around it, with %s as the reason', async (_, reason) => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const around = timeout(race([hedge(deep, { delayMs: 900 }), nap]), { timeoutMs: 900 });
  const running = around.execute(900, { signal: controller.signal, context: { clock } });
  running.catch(() => {});
  await clock.advance(20);
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  await expectOutcome('cancelled');
});

it('the first of two ends decides, also where both have the same reason', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const reason = new Error('one reason for two ends');
  const running = parallel([deep, failing(reason)]).execute(0, { signal: controller.signal, context: { clock } });
  running.catch(() => {});
  await clock.advance(10);
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  await expectOutcome('superseded');
});

it('work that was given the signal of lost work is superseded, and not cancelled', async () => {
  const clock = createVirtualClock();
  const handing = task('handing', (n: number, { signal }) => deep.execute(n, { signal }));
  const running = race([handing, quick]).execute(0, { context: { clock } });
  await clock.advance(10);
  await running;
  await expectOutcome('superseded');
});

it('work that was given the signal of other work ends as that does, also outside of its async context', async () => {
  const clock = createVirtualClock();
  const jobs: AbortSignal[] = [];
  const handing = task('handing', async (_: number, { signal }) => {
    jobs.push(signal);
    await nap.execute(500);
  });
  const running = timeout(handing, { timeoutMs: 10 }).execute(0, { context: { clock } });
  running.catch(() => {});
  await settled();
  for (const signal of jobs) deep.execute(0, { signal, context: { clock } }).catch(() => {});
  await clock.advance(10);
  await expect(running).rejects.toBeInstanceOf(PrimitiveTimeoutError);
  await expectOutcome('timeout');
});

const abortErrors: [client: string, error: (reason: unknown) => unknown][] = [
  ['openai', () => new Error('Request was aborted.')],
  ['axios', () => Object.assign(new Error('canceled'), { name: 'CanceledError', code: 'ERR_CANCELED' })],
  ['gRPC', () => Object.assign(new Error('1 CANCELLED'), { code: 1, details: 'Cancelled on client' })],
  ['Node.js', () => Object.assign(new Error('The operation was aborted'), { name: 'AbortError' })],
  ['the task, which wraps the reason', (cause) => new Error('no charge', { cause })],
  [
    'the task, which wraps that of a client',
    () => new Error('no charge', { cause: new DOMException('', 'AbortError') }),
  ],
];
/** A call that a grace lets end by itself, with the error of its client. */
const call = (error: (reason: unknown) => unknown): Work =>
  task('innermost', async (_: number, context) => {
    const reason = await context.clock.sleep(500, context.signal).catch((reason) => reason);
    await context.clock.sleep(1);
    throw error(reason);
  });
const undone = (work: Work): Work => saga([{ name: 'a', do: work, compensate: task('undo', () => {}) }]);

it.each(abortErrors)(
  'a call that its caller ends within a grace is cancelled, with the error of %s',
  async (_, error) => {
    const clock = createVirtualClock();
    const controller = new AbortController();
    const running = undone(deepAround(call(error))).execute(0, { signal: controller.signal, context: { clock } });
    running.catch(() => {});
    await clock.advance(10);
    controller.abort();
    await clock.advance(1);
    await expect(running).rejects.toBe(controller.signal.reason);
    await expectOutcome('cancelled');
  },
);

it.each(abortErrors)(
  'a call that a timeout ends within a grace is a timeout, with the error of %s',
  async (_, error) => {
    const clock = createVirtualClock();
    const patient = timeout(deepAround(call(error)), { timeoutMs: 10, mode: 'cooperative' });
    const running = patient.execute(0, { context: { clock } });
    running.catch(() => {});
    await clock.advance(11);
    await expect(running).rejects.toBeInstanceOf(PrimitiveTimeoutError);
    await expectOutcome('timeout');
  },
);

it('a saga that is not undone is a failure, also where its caller has left', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const stuck = saga([
    { name: 'a', do: quick, compensate: failing(new Error('not undone')) as never },
    { name: 'b', do: nap as never },
  ]);
  const running = workflow('inner', stuck).execute(0, { signal: controller.signal, context: { clock } });
  running.catch(() => {});
  await clock.advance(10);
  controller.abort();
  await clock.advance(10);
  await expect(running).rejects.toMatchObject({ name: 'CompensationError', cause: controller.signal.reason });
  await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: 'inner', outcome: 'failure' }, 1);
});

it('an item that fails ends its map, also where the caller leaves before the other items have ended', async () => {
  const clock = createVirtualClock();
  const controller = new AbortController();
  const error = new Error('no luck');
  const items = map(conditional((n: number) => n === 0, undone(call((reason) => reason)), failing(error)));
  const running = items.execute([0, 1], { signal: controller.signal, context: { clock } });
  running.catch(() => {});
  await clock.advance(10);
  controller.abort();
  await clock.advance(1);
  await expect(running).rejects.toBe(error);
  expect(await outcomesAt(['map'])).toEqual([['map', 'failure']]);
});

it('work that fails or succeeds by itself after its end has the outcome failure or success', async () => {
  const clock = createVirtualClock();
  const deaf = (name: string, error?: Error) =>
    workflow(
      name,
      task(name, async (_: number, context) => {
        await context.clock.sleep(15);
        if (error !== undefined) throw error;
      }),
    );
  const patient = { timeoutMs: 10, mode: 'cooperative', graceMs: 50 } as const;
  const both = parallel(
    [timeout(deaf('in the end'), patient), timeout(deaf('failing late', new Error('no luck')), patient)],
    { mode: 'settle' },
  ).execute(0, { context: { clock } });
  await clock.advance(15);
  await both;
  for (const [name, outcome] of [
    ['in the end', 'success'],
    ['failing late', 'failure'],
  ] as const) {
    await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: name, outcome }, 1);
  }
});

it('a loser that has failed before the race was won is a failure', async () => {
  const clock = createVirtualClock();
  const running = race([workflow('loser', failing(new Error('no luck'))), nap]).execute(50, { context: { clock } });
  await clock.advance(50);
  await running;
  await telemetry.expectMetric('tta_workflow_outcomes_total', { workflow_name: 'loser', outcome: 'failure' }, 1);
});
