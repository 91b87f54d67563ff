import { AssertionError } from 'node:assert';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAbort } from '../../src/core/abort-error.ts';
import * as errors from '../../src/core/errors.ts';
import * as refusals from '../../src/core/refusals.ts';
import {
  BudgetExceededError,
  BulkheadFullError,
  CacheCycleError,
  CircuitOpenError,
  CompensationError,
  doNotRetry,
  LoopLimitError,
  ModelReplyError,
  NoCaseError,
  NoRouteError,
  PrimitiveTimeoutError,
  RaceError,
  RateLimitError,
} from '../../src/index.ts';
import { OWN_ERRORS } from '../../src/queue/error-classes.ts';
import { recordOf } from '../../src/queue/error-record.ts';
import * as queueErrors from '../../src/queue/errors.ts';
import { errorOf } from '../../src/queue/revive-error.ts';
import { isMarked } from '../../src/resilience/do-not-retry.ts';
import { judge } from '../../src/resilience/judge.ts';
import { retryAfterMs } from '../../src/resilience/retry-after.ts';
import { isUnanswered } from '../../src/resilience/unanswered.ts';
import { ownVerdict, VERDICT } from '../../src/telemetry/verdict.ts';
import { ANSWERS, error, fetchFailed, OWN_DOING, PAID_IN_VAIN, reply, TRANSIENT } from '../support/client-errors.ts';

const cross = (thrown: unknown) => errorOf(JSON.parse(JSON.stringify(recordOf(thrown))));
const bytesOf = (thrown: unknown, maxBytes?: number) => Buffer.byteLength(JSON.stringify(recordOf(thrown, maxBytes)));

const FACTS = { limitUsd: 1, spentUsd: 0.5, heldUsd: 0.25, neededUsd: undefined, until: 1_000 };
const USAGE = { inputTokens: 3, outputTokens: 0, reasoningTokens: 1 };
const OURS: readonly Error[] = [
  new PrimitiveTimeoutError('ask', 50),
  new LoopLimitError('loop', 3, { secret: 'data' }),
  new RaceError('race', ['a', 'b'], [new TypeError('first'), 'second']),
  new CompensationError('saga', 2, [{ step: 'pay', error: new RangeError('no') }], new Error('the step')),
  new NoRouteError('router', 'secret', ['a', 'b']),
  new NoCaseError('switch', 'secret', ['a']),
  new CircuitOpenError('guarded', 'open', 250, 1_000_000),
  new CircuitOpenError('guarded', 'isolated', undefined, 1_000_000),
  new BulkheadFullError('few', 2, 0),
  new RateLimitError('slow', 2, 'the line is full', 300),
  new RateLimitError('slow', 2, 'it is too heavy'),
  new CacheCycleError('kept'),
  new BudgetExceededError('budget', FACTS, undefined, { cause: new Error('why') }),
  new ModelReplyError('no answer', USAGE, { reason: 'refusal', said: 'I will not', code: 403, reply: { model: 'm' } }),
  new ModelReplyError('no answer', undefined),
  new queueErrors.QueueFullError('texts', 100),
  new queueErrors.QueueAwayError('texts', 'it is away', new Error('ECONNREFUSED')),
  new queueErrors.JobLostError('texts', 'id'),
  new queueErrors.JobDeadError('texts', 'id', 'it crashed'),
  new queueErrors.StreamNotDistributableError('chunks'),
  new queueErrors.PayloadTooLargeError('input', 10),
  new queueErrors.PayloadTooLargeError('output', 10),
  new queueErrors.UnreadableReplyError('texts', 'id', 'no'),
  new queueErrors.CallerAwayError('texts', 30_000),
].map((each) => Object.assign(each));

describe('an error of ours', () => {
  it.each(OURS.map((each) => [each.name, each] as const))(
    'keeps its class, its verdict and its facts: %s',
    (_, own) => {
      const crossed = cross(own) as Error;
      expect(crossed).toBeInstanceOf(own.constructor);
      expect(Object.getPrototypeOf(crossed)).toBe(Object.getPrototypeOf(own));
      expect({ ...crossed }).toEqual({ ...own });
      expect([crossed.message, crossed.cause]).toEqual([own.message, own.cause]);
      expect(ownVerdict(crossed)).toBe(ownVerdict(own));
      expect(judge(crossed)).toEqual(judge(own));
      expect(retryAfterMs(crossed, 0)).toBe(retryAfterMs(own, 0));
      expect(Object.prototype.toString.call(crossed)).toBe('[object Error]');
    },
  );

  it('is in the table of those that cross', () => {
    const classes = Object.entries({ ...errors, ...refusals, ...queueErrors, ModelReplyError });
    const names = classes.map(([name]) => name).filter((name) => name.endsWith('Error'));
    expect(Object.keys(OWN_ERRORS).sort()).toEqual(names.sort());
    expect(OURS.map((each) => each.name)).toEqual(expect.arrayContaining(names));
  });

  it('keeps the errors inside', () => {
    const [, , race, saga] = OURS.map(cross) as [Error, Error, RaceError, CompensationError];
    expect(race.errors).toEqual([new TypeError('first'), 'second']);
    expect(race.errors[0]).toBeInstanceOf(TypeError);
    expect(saga.failures).toEqual([{ step: 'pay', error: new RangeError('no') }]);
  });

  it('leaves the data of the work where it is, but for what a model said', () => {
    const [loop, route, value] = [OURS[1], OURS[4], OURS[5]].map(cross) as [LoopLimitError, NoRouteError, NoCaseError];
    expect([loop.lastOutput, route.route, value.value]).toEqual([undefined, undefined, undefined]);
    expect(JSON.stringify(OURS.map(recordOf))).not.toContain('"secret"');
    expect((cross(OURS[13]) as ModelReplyError).said).toBe('I will not');
  });

  it('keeps facts that are long, but cut', () => {
    const long = 'x'.repeat(5_000);
    const crossed = cross(new NoRouteError(long, 1, [long, 'b'])) as NoRouteError;
    expect([crossed.primitiveName.length, crossed.routes.map((route) => route.length)]).toEqual([2_048, [257, 1]]);
  });

  it('is of its class where it is of a subclass', () => {
    class SlowModelError extends PrimitiveTimeoutError {
      override readonly name = 'SlowModelError' as never;
    }
    const crossed = cross(new SlowModelError('ask', 5)) as PrimitiveTimeoutError;
    expect(crossed).toBeInstanceOf(PrimitiveTimeoutError);
    expect(crossed).toMatchObject({ name: 'SlowModelError', timeoutMs: 5 });
  });

  it('is not what an error of another library with the same name becomes', () => {
    expect(cross(error({ name: 'CircuitOpenError' }))).not.toBeInstanceOf(CircuitOpenError);
  });
});

describe('an error of another library', () => {
  const all = [
    ...TRANSIENT,
    ...ANSWERS,
    ...PAID_IN_VAIN,
    ...OWN_DOING,
    ['a 200', reply('provider_error', 502)] as const,
  ];

  it.each(all)('is judged as it was: %s', (_, thrown) => {
    expect(judge(cross(thrown))).toEqual(judge(thrown));
    const wrapped = (cause: unknown) => new Error('the step failed', { cause });
    expect(judge(wrapped(cross(thrown)))).toEqual(judge(wrapped(thrown)));
    expect(judge(cross(wrapped(thrown)))).toEqual(judge(wrapped(thrown)));
    expect(isUnanswered(cross(thrown))).toBe(isUnanswered(thrown));
    expect(isAbort(cross(thrown))).toBe(isAbort(thrown));
  });

  it.each([
    { status: 429, headers: new Headers({ 'retry-after': '3' }) },
    { status: 503, headers: { 'retry-after-ms': '250' } },
    { statusCode: 429, responseHeaders: { 'x-ratelimit-reset': '7' } },
    { responseBody: '{"retryDelay": "12s"}' },
    { status: 401, headers: { 'x-should-retry': 'true' } },
    { response: { statusCode: 500, headers: [['x-should-retry', 'false']] } },
  ])('waits as it asked for, and as the server said: %#', (properties) => {
    const thrown = error(properties);
    expect(retryAfterMs(cross(thrown), Date.now())).toBe(retryAfterMs(thrown, Date.now()));
    expect(judge(cross(thrown))).toEqual(judge(thrown));
  });

  it('waits until the date that it asked for', () => {
    const thrown = error({ status: 503, headers: { 'retry-after': new Date(Date.now() + 60_000).toUTCString() } });
    expect(Math.abs((retryAfterMs(cross(thrown), 0) ?? 0) - (retryAfterMs(thrown, Date.now()) ?? 0))).toBeLessThan(
      5_000,
    );
  });

  it('keeps its name, message, code, status and causes', () => {
    const root = error({ code: 'ECONNRESET', syscall: 'read' }, 'read ECONNRESET');
    const thrown = error({ name: 'APIError', response: { status: 502 }, requestID: 'req_1' }, 'bad', fetchFailed(root));
    const crossed = cross(thrown) as Error;
    expect(crossed).toMatchObject({ name: 'APIError', message: 'bad', status: 502, requestID: 'req_1' });
    expect(crossed.cause).toBeInstanceOf(TypeError);
    expect(crossed.cause).toMatchObject({ name: 'TypeError', message: 'fetch failed' });
    expect((crossed.cause as Error).cause).toMatchObject({ code: 'ECONNRESET', message: 'read ECONNRESET' });
  });

  it('is of the class of the language, and has its errors', () => {
    expect(cross(new AssertionError({ message: 'x' }))).toMatchObject({
      name: 'AssertionError',
      code: 'ERR_ASSERTION',
    });
    const several = cross(new AggregateError([new RangeError('a'), 'b'], 'several')) as AggregateError;
    expect(several).toBeInstanceOf(AggregateError);
    expect(several.errors).toEqual([new RangeError('a'), 'b']);
    expect(cross(new DOMException('gone', 'AbortError'))).toMatchObject({ name: 'AbortError', message: 'gone' });
  });

  it('keeps the mark of doNotRetry, and a verdict of its own', () => {
    expect(isMarked(cross(new Error('x', { cause: doNotRetry(Object.freeze(new Error('y'))) })))).toBe(true);
    expect(isMarked(cross(new Error('x')))).toBe(false);
    expect(ownVerdict(cross(error({ [VERDICT]: 'cancelled' })))).toBe('cancelled');
  });

  it('shows where the worker was', () => {
    const thrown = new Error('one\n    at two');
    expect((cross(thrown) as Error).stack).toContain('error-record.test.ts');
    expect((cross(error({ stack: 'no lines' })) as Error).stack).toBe('Error: x');
  });

  it('leaves fields of a form and bodies where they are', () => {
    const thrown = error({ errors: [{ message: 'too short', received: 'secret' }], body: 'secret', detail: 'secret' });
    expect(JSON.stringify(recordOf(thrown))).not.toContain('secret');
  });

  it('loses what looks like a credential', () => {
    const key = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD';
    const thrown = error({ code: key }, `Incorrect API key provided: ${key}`, new Error(`redis://u:${key}@host/0`));
    expect(JSON.stringify(recordOf(thrown))).not.toContain('abcdefghij');
  });
});

describe('what is no error', () => {
  it.each(['text', '', 0, -1.5, true, false, null, undefined])('arrives as it was thrown: %s', (thrown) => {
    expect(cross(thrown)).toBe(thrown);
  });

  it.each([
    [
      { status: 429, message: 'slow down' },
      { status: 429, message: 'slow down' },
    ],
    [{ a: 1 }, { message: 'an object with 1 keys was thrown' }],
    [Object.create(null), { message: 'an object with 0 keys was thrown' }],
    [1n, { message: 'a bigint was thrown' }],
    [Symbol('s'), { message: 'a symbol was thrown' }],
    [Number.NaN, { message: 'a number was thrown' }],
    [() => {}, { message: 'a function was thrown' }],
  ])('arrives as an error: %#', (thrown, expected) => {
    const crossed = cross(thrown);
    expect(crossed).toBeInstanceOf(Error);
    expect(crossed).toMatchObject(expected);
  });
});

describe('a record', () => {
  const hostile = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('hands off');
    },
    getPrototypeOf: () => {
      throw new Error('hands off');
    },
  });
  const circle: Error = new Error('circle');
  circle.cause = new Error('other', { cause: circle });
  let deep = new Error('0');
  for (let i = 1; i < 100_000; i += 1) deep = new Error(String(i), { cause: deep });
  const long = '\u0001'.repeat(1_000_000);
  const wide = (level: number): Error =>
    level === 0
      ? error({ code: '\u0001'.repeat(200) }, long)
      : new AggregateError(
          Array.from({ length: 20 }, () => wide(level - 1)),
          long,
        );

  it.each<[string, unknown]>([
    ['an error that throws', hostile],
    ['an error with a cause that throws', error({}, 'x', hostile)],
    ['an error in a circle', circle],
    ['100,000 causes', deep],
    ['a text of a megabyte', long],
    ['a message of a megabyte', error({ name: long, code: long, status: long, stack: `x\n    at ${long}` }, long)],
    ['many errors inside of many', wide(3)],
    ['a list of a million', new AggregateError(new Array(1_000_000).fill('x'))],
    ['an error of ours with many routes', new NoRouteError('r', 1, new Array(100_000).fill('\u0001'.repeat(300)))],
    ['a frozen error', Object.freeze(new Error('x'))],
  ])('is bounded and is read again: %s', (_, thrown) => {
    expect(bytesOf(thrown)).toBeLessThanOrEqual(32_000);
    expect(bytesOf(thrown, 2_000)).toBeLessThanOrEqual(2_000);
    expect(() => cross(thrown)).not.toThrow();
  });

  it('of a circle names each error once', () => {
    const crossed = cross(circle) as { cause: { message: string; cause?: unknown } };
    expect(crossed.cause).toMatchObject({ message: 'other' });
    expect(crossed.cause.cause).toBeUndefined();
  });

  it.each([
    undefined,
    null,
    'text',
    [],
    { name: 'Error' },
    { name: 7, message: {} },
    { value: {} },
    { name: '__proto__', message: '', made: '__proto__' },
    { name: 'x', message: 'x', made: 'constructor', facts: 7, judged: [], cause: { value: [] }, errors: {} },
    { name: 'x', message: 'x', made: 'RaceError', facts: { primitiveName: {} }, errors: 'no', verdict: 'success' },
    { name: 'x', message: 'x', made: 'CompensationError', facts: { steps: [1], compensations: 'a' }, errors: [1] },
    { name: 'x', message: 'x', made: 'ModelReplyError', facts: { usage: 'all', reply: { model: {} }, reason: 1 } },
  ])('of somebody else gives an error, and changes no prototype: %#', (record) => {
    const read = errorOf(record);
    if (read !== undefined) expect(read).toBeInstanceOf(Error);
    expect(ownVerdict(read)).not.toBe('success');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('takes properties of known types only', () => {
    const facts = { timeoutMs: '5', primitiveName: 'ask', status: 500, polluted: 1, message: 'other', __proto__: null };
    const read = errorOf({ name: 'PrimitiveTimeoutError', message: 'm', made: 'PrimitiveTimeoutError', facts });
    expect(read).toBeInstanceOf(PrimitiveTimeoutError);
    expect({ ...(read as object) }).toEqual({ name: 'PrimitiveTimeoutError', primitiveName: 'ask' });
    expect((read as Error).message).toBe('m');
  });

  it('is read whatever it is', () => {
    const record = fc.record(
      {
        name: fc.oneof(fc.constantFrom(...Object.keys(OWN_ERRORS)), fc.anything()),
        message: fc.oneof(fc.string(), fc.anything()),
        made: fc.oneof(fc.constantFrom(...Object.keys(OWN_ERRORS)), fc.anything()),
        facts: fc.oneof(
          fc.dictionary(fc.constantFrom('code', 'usage', 'reply', 'steps', '__proto__'), fc.anything()),
          fc.anything(),
        ),
        judged: fc.anything(),
        verdict: fc.anything(),
        stack: fc.anything(),
        marked: fc.anything(),
        cause: fc.anything(),
        errors: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(record, fc.anything()), (each) => {
        const read = errorOf(each);
        judge(read);
        retryAfterMs(read, 0);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is made whatever is thrown', () => {
    const anyError = fc
      .tuple(
        fc.anything(),
        fc.dictionary(fc.constantFrom('name', 'code', 'status', 'errors', 'cause', 'stack', 'message'), fc.anything()),
      )
      .map(([cause, properties]) => Object.assign(new Error('x', { cause }), properties));
    fc.assert(
      fc.property(fc.oneof(anyError, fc.anything()), (thrown) => {
        expect(bytesOf(thrown)).toBeLessThanOrEqual(32_000);
        expect(judge(cross(thrown))).toEqual(judge(thrown));
      }),
      { numRuns: 1_000 },
    );
  });
});
