/** A saga knows of every effect that was interrupted, whatever stands around the work. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  type CompensateInput,
  cache,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  loop,
  map,
  type Primitive,
  parallel,
  race,
  rateLimit,
  retry,
  router,
  type SagaStep,
  saga,
  sequential,
  stream,
  switchOn,
  task,
  timeout,
  type WhenUnknownInput,
  workflow,
} from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
let clock: VirtualClock;
let log: string[];
beforeEach(() => {
  telemetry = startTestTelemetry();
  clock = createVirtualClock();
  log = [];
});
afterEach(() => telemetry.stop());

type Work = Primitive<string, unknown>;
const declined = new Error('declined');

/** Work that takes `slowMs` in its first run and is declined in every later one. */
const charge = (slowMs = 1_000): Work => {
  let tries = 0;
  return task('charge', async (order: string, context) => {
    tries += 1;
    if (tries > 1) throw declined;
    await context.clock.sleep(slowMs, context.signal);
    return `charged ${order}`;
  });
};
const refused: Work = task('refused', () => Promise.reject(declined));
const good: Work = task('good', (order: string) => `good ${order}`);
const slow = (name = 'slow'): Work =>
  task(name, async (order: string, context) => {
    await context.clock.sleep(1_000, context.signal);
    return order;
  });
const deaf: Work = task('deaf', () => new Promise(() => {}));

/** Work that waits for its turn behind other work, for as long as that takes. */
const waiting = (): Work => {
  const full = bulkhead(slow(), { concurrency: 1, maxQueue: 1 });
  void full.execute('other', { context: { clock } });
  return full;
};

const step = (work: Work, whenUnknown = true): SagaStep<string, unknown> => ({
  name: 'pay',
  do: work,
  compensate: task('refund', ({ output }: CompensateInput<string, unknown>) => void log.push(`refunded: ${output}`)),
  ...(whenUnknown
    ? { whenUnknown: task('look up', ({ input }: WhenUnknownInput<string>) => void log.push(`looked up: ${input}`)) }
    : {}),
});
const last = { name: 'last', do: task('last', () => Promise.reject(new Error('out of stock'))) };
const sagaOf = (work: Work, whenUnknown = true) => saga([step(work, whenUnknown)], { graceMs: 100 });

async function fails(primitive: Work, abortAtMs?: number) {
  const controller = new AbortController();
  const running = primitive.execute('o1', { context: { clock }, signal: controller.signal });
  running.catch(() => {});
  if (abortAtMs !== undefined) {
    await clock.advance(abortAtMs);
    controller.abort(new Error('stop'));
  }
  await clock.advance(60_000);
  await expect(running).rejects.toBeDefined();
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
}

const limited = <In>(work: Primitive<In, unknown>) => timeout(work, { timeoutMs: 50 });
const again = { maxRetries: 1, initialDelayMs: 0 };

describe('work that was interrupted', () => {
  const works: Readonly<Record<string, () => Work>> = {
    'by a timeout, then declined in a retry': () => retry(limited(charge()), again),
    'by a cooperative timeout': () =>
      retry(timeout(charge(), { timeoutMs: 50, mode: 'cooperative', graceMs: 10 }), again),
    'by a timeout of its own inside a task': () =>
      retry(
        task('own', (order: string, context) => limited(charge()).execute(order, { context })),
        again,
      ),
    'by a timeout, then replaced by work that failed': () => fallback(limited(slow()), [refused]),
    'by the deadline of a retry': () => fallback(retry(slow(), { deadlineMs: 50 }), [refused]),
    'as the loser of a hedge that is not tried again': () => hedge(charge(), { delayMs: 10, when: () => false }),
    'by a timeout as a branch of a race': () => race([limited(slow()), refused]),
    'by a sibling in a parallel': () => parallel([slow(), refused]),
    'by a sibling in a map': () =>
      sequential(
        task('two', (order: string) => [order, order]),
        map(charge(10)),
      ),
    'in a sequence': () => fallback(limited(sequential(good, slow() as never)), [refused]),
    'after its first part had succeeded': () => fallback(limited(sequential(good, waiting() as never)), [refused]),
    'behind a bulkhead, a circuit and a limit of the rate': () =>
      retry(
        limited(
          bulkhead(
            circuitBreaker(rateLimit(charge(), { permits: 9, perMs: 1 }), { consecutiveFailures: 9, openMs: 1 }),
            { concurrency: 1 },
          ),
        ),
        again,
      ),
    'in a run that a cache shares': () => fallback(limited(cache(slow(), { key: () => 'k' })), [refused]),
    'behind a choice': () =>
      retry(
        limited(
          conditional(
            () => true,
            switchOn(() => 'a', { a: router(() => 'a', { a: charge() }) }),
            good,
          ),
        ),
        again,
      ),
    'in a loop': () =>
      fallback(limited(loop(slow() as Primitive<unknown, unknown>, { until: () => true, maxIterations: 1 }) as Work), [
        refused,
      ]),
    'in a workflow': () => workflow('w', retry(workflow('v', limited(charge())), again)),
    'before the first chunk of its stream': () =>
      fallback(
        limited(
          stream('chunks', async function* (_: string, context) {
            await context.clock.sleep(1_000, context.signal);
            yield 1;
          }),
        ),
        [refused],
      ),
    'by a client that gave up by itself': () =>
      task('fetch', () => Promise.reject(new DOMException('timed out', 'TimeoutError'))),
  };
  it.each(Object.keys(works))('%s is looked up, or counted', async (name) => {
    const build = works[name] as () => Work;
    await fails(sagaOf(build()));
    expect(log).toEqual(['looked up: o1']);
    await telemetry.expectMetric('tta_saga_unknown_effects_total', {}, 0);
    await fails(sagaOf(build(), false));
    await telemetry.expectMetric('tta_saga_unknown_effects_total', { primitive_name: 'SagaPrimitive' }, 1);
  });

  it.each<[string, () => Work]>([
    ['work', () => slow()],
    ['deaf work', () => deaf],
    ['a retry around it', () => retry(slow(), again)],
    ['a race', () => race([slow(), slow()])],
    ['a run that others share', () => sharedWork()],
  ])('by an abort of %s is looked up', async (_, build) => {
    await fails(sagaOf(build()), 10);
    expect(log).toEqual(['looked up: o1']);
  });
  const sharedWork = () => {
    const shared = cache(slow(), { key: () => 'k' });
    void shared.execute('other', { context: { clock } }).catch(() => {});
    return shared;
  };

  it('is looked up after the known effect was undone, where a later try has succeeded', async () => {
    let tries = 0;
    const work = task('charge', async (order: string, context) => {
      tries += 1;
      if (tries === 1) await context.clock.sleep(1_000, context.signal);
      return `${order}, try ${tries}`;
    });
    await fails(saga([step(retry(limited(work), again)), last] as never) as unknown as Work);
    expect(log).toEqual(['refunded: o1, try 2', 'looked up: o1']);
    log = [];
    await fails(saga([step(race([slow(), good])), last] as never) as unknown as Work);
    expect(log).toEqual(['refunded: good o1', 'looked up: o1']);
    log = [];
    await fails(saga([step(race([good, good])), last] as never) as unknown as Work);
    expect(log).toEqual(['refunded: good o1', 'looked up: o1']);
    log = [];
    await fails(saga([step(hedge(good, { delayMs: 0 })), last] as never) as unknown as Work);
    expect(log).toEqual(['refunded: good o1', 'looked up: o1']);
  });

  it('is nothing to look up where the saga succeeds', async () => {
    const running = saga([step(fallback(limited(slow()), [good]))]).execute('o1', { context: { clock } });
    await clock.advance(1_000);
    await expect(running).resolves.toBe('good o1');
    expect(log).toEqual([]);
    await telemetry.expectMetric('tta_saga_unknown_effects_total', {}, 0);
  });
});

describe('a request', () => {
  const failing = (properties: object, message = 'x', cause?: unknown): Work =>
    task('charge', () =>
      Promise.reject(Object.assign(new Error(message, cause === undefined ? {} : { cause }), properties)),
    );

  it.each<[string, Work]>([
    ['of openai', failing({}, 'Request timed out.')],
    ['of got', failing({ name: 'TimeoutError', code: 'ETIMEDOUT', event: 'response' })],
    ['of axios', failing({ name: 'AxiosError', code: 'ECONNABORTED' })],
    ['of fetch', failing({ name: 'TypeError' }, 'fetch failed', { name: 'HeadersTimeoutError' })],
    ['that was cut', failing({ name: 'TypeError' }, 'fetch failed', { code: 'UND_ERR_SOCKET' })],
    ['whose connection was reset', failing({ code: 'ECONNRESET', syscall: 'read' })],
    ['of gRPC', failing({ code: 4, details: 'Deadline exceeded' })],
    ['that a gateway gave up', failing({ status: 504 })],
    ['inside of another error', failing({}, 'the step failed', new DOMException('x', 'TimeoutError'))],
    ['before a later try was declined', fallback(failing({ status: 504 }), [refused])],
  ])('%s without an answer is looked up', async (_, work) => {
    await fails(sagaOf(work));
    expect(log).toEqual(['looked up: o1']);
  });

  it.each<[string, Work]>([
    ['never sent', failing({ name: 'TypeError' }, 'fetch failed', { code: 'ECONNREFUSED', syscall: 'connect' })],
    [
      'never sent, to several addresses',
      failing(
        {},
        'x',
        Object.assign(new AggregateError([{ code: 'ETIMEDOUT', syscall: 'connect' }]), { code: 'ETIMEDOUT' }),
      ),
    ],
    ['answered with 503', failing({ status: 503 })],
    ['answered with 402', failing({ status: 402 })],
  ])('that was %s is not looked up', async (_, work) => {
    await fails(sagaOf(work));
    expect(log).toEqual([]);
  });
});

describe('work that was not interrupted', () => {
  const open = circuitBreaker(refused, { consecutiveFailures: 1, openMs: 1_000_000 });
  it.each<[string, () => Work, number?]>([
    ['was declined', () => retry(refused, again)],
    ['was declined by every branch', () => race([refused, refused])],
    ['was refused by an open circuit', () => retry(open, again)],
    [
      'waited for its turn until a timeout',
      () => limited(rateLimit(good, { permits: 1, perMs: 1_000_000, weight: () => 1 })),
    ],
    ['waited for its turn until the abort', () => waiting(), 10],
    [
      'was declined, and aborted before the next try',
      () => retry(refused, { initialDelayMs: 5_000, jitter: 'none' }),
      10,
    ],
  ])('that %s is not looked up', async (name, build, abortAtMs) => {
    const work = build();
    if (name.includes('circuit')) await work.execute('x').catch(() => {});
    if (name.includes('until a timeout')) await work.execute('x', { context: { clock } });
    await fails(sagaOf(work), abortAtMs);
    expect(log).toEqual([]);
    await telemetry.expectMetric('tta_saga_unknown_effects_total', {}, 0);
  });
});

describe('a saga in a step of a saga', () => {
  const inner = (whenUnknown: boolean) =>
    saga([{ ...step(limited(slow()), whenUnknown), name: 'inner' }], { name: 'inner' });
  it('undoes its own, and leaves nothing unknown to the outer one', async () => {
    await fails(saga([{ ...step(inner(true)), name: 'outer' }], { name: 'outer' }));
    expect(log).toEqual(['looked up: o1']);
    await fails(saga([{ ...step(inner(false)), name: 'outer' }], { name: 'outer' }));
    expect(log).toEqual(['looked up: o1']);
    await telemetry.expectMetric('tta_saga_unknown_effects_total', { primitive_name: 'inner' }, 1);
    await telemetry.expectMetric('tta_saga_unknown_effects_total', { primitive_name: 'outer' }, 0);
  });

  it('leaves to the outer one what it cannot undo', async () => {
    const plain = saga([{ name: 'inner', do: limited(slow()) }]);
    await fails(saga([{ ...step(plain), name: 'outer' }]));
    expect(log).toEqual(['looked up: o1']);
  });
});

it('leaves no work behind that waits for a grace which is over', async () => {
  const quick = task('quick', (order: string, context) => context.clock.sleep(20).then(() => order));
  await fails(sagaOf(race([quick, deaf])), 10);
  await settled();
  const patient = timeout(race([quick, deaf]), { timeoutMs: 10, mode: 'cooperative' });
  const running = patient.execute('o1', { context: { clock } });
  await clock.advance(30);
  await expect(running).resolves.toBe('o1');
  await settled();
  await telemetry.expectMetric('tta_primitive_active', {}, 0);
  expect(clock.pending).toBe(0);
});
