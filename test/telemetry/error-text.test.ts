import { describe, expect, it } from 'vitest';
import { fallback, hedge, type RaceError, race, retry, task, timeout } from '../../src/index.ts';
import { errorStack, errorText } from '../../src/telemetry/error-text.ts';
import { startTestTelemetry } from '../../src/testing/index.ts';

const trap = () => {
  throw new Error('trap');
};

describe('a secret in an error', () => {
  it('is in no span of the execution', async () => {
    const telemetry = startTestTelemetry();
    const leaky = task('leaky', () => Promise.reject(new Error('401: key sk-live-1234567890abcdef refused')));
    await leaky.execute().catch(() => {});
    const shown = JSON.stringify(telemetry.spans().map(({ events, status }) => [events, status]));
    await telemetry.stop();
    expect(shown).toContain('401: key sk-[redacted] refused');
    expect(shown).not.toContain('1234567890abcdef');
  });

  const cause = new Error('redis://:hunter2@cache');
  it.each<[string, unknown]>([
    ['the message', new Error('connect redis://:hunter2@cache failed')],
    ['a message of several lines', new Error('no\n    at redis://:hunter2@cache\n    at x')],
    ['the cause', new Error('no', { cause })],
    ['an error of several', new AggregateError([cause], 'all failed')],
    ['a thrown text', 'redis://:hunter2@cache'],
    ['a long message', new Error(`${'x'.repeat(2_030)} redis://:hunter2@cache`)],
  ])('is in no span of any primitive where it is in %s', async (_, error) => {
    const telemetry = startTestTelemetry();
    const fails = task('fails', () => Promise.reject(error));
    const twice = retry(fails, { maxRetries: 1, initialDelayMs: 0, when: () => true });
    const all = fallback(race([twice, hedge(fails, { delayMs: 0 })]), [timeout(fails, { timeoutMs: 1_000 })]);
    const thrown = await race([all, fails])
      .execute(undefined)
      .catch((reason: RaceError) => reason);
    const shown = JSON.stringify(
      telemetry.spans().map((span) => [span.name, span.attributes, span.events, span.status]),
    );
    await telemetry.stop();
    expect(shown).toContain('exception');
    expect(shown).not.toContain('hunter2');
    expect((thrown as RaceError).message).not.toContain('hunter2');
  });

  it('is not in the message that refuses an option', () => {
    expect(() => timeout('sk-live-1234567890abcdef' as never, { timeoutMs: 1 })).toThrow('got "sk-[redacted]"');
  });
});

describe('the text of an error', () => {
  it('is its name and its message, both redacted', () => {
    const error = Object.assign(new Error('password=hunter2'), { name: 'token=abcdef' });
    expect(errorText(error)).toEqual({ type: 'token=[redacted]', message: 'password=[redacted]' });
  });

  it.each<[unknown, string, string]>([
    ['password=hunter2', 'string', 'password=[redacted]'],
    [503, 'number', '503'],
    [undefined, 'undefined', 'undefined'],
    [null, 'object', 'null'],
    [Symbol('s'), 'symbol', 'Symbol(s)'],
    [{ status: 503 }, 'object', '[object Object]'],
    [Object.assign(new Error('x'), { name: 7, message: { a: 1 } }), '7', '[object Object]'],
  ])('of %o is of the type %j: %j', (thrown, type, message) => {
    expect(errorText(thrown)).toEqual({ type, message });
  });

  it.each([
    ['its message throws', () => Object.defineProperty(new Error('x'), 'message', { get: trap })],
    ['it has no text at all', () => Object.create(null)],
    ['it is a proxy that throws', () => new Proxy(new Error('x'), { get: trap, getPrototypeOf: trap })],
  ])('says so where %s', (_, make) => {
    expect(errorText(make())).toEqual({ type: 'object', message: 'an error that has no text' });
  });
});

describe('the stack of an error', () => {
  it('is its frames under the redacted text', () => {
    const error = new Error('password=hunter2');
    const stack = errorStack(error, 'Error', 'password=[redacted]');
    expect(stack).toMatch(/^Error: password=\[redacted\]\n {4}at .+error-text\.test\.ts/);
    expect(stack).not.toContain('hunter2');
  });

  it('is redacted each time that an error of the same place is thrown', () => {
    const frames = (filler: string) => `\n    at connect (redis://:hunter2@cache)\n    at main (${filler}.js:1:2)`;
    for (const place of [frames('main'), frames('x'.repeat(3_000))]) {
      const texts = ['first', 'second'].map((message) => {
        const error = Object.assign(new Error(message), { stack: `Error: ${message}${place}` });
        return errorStack(error, 'Error', message)?.replace(message, 'it');
      });
      expect(texts[0]).toContain('redis://[redacted]@cache');
      expect(texts[1]).toBe(texts[0]);
    }
  });

  it('is redacted where it has no frames, and in its frames', () => {
    expect(errorStack({ stack: 'Error: password=hunter2' }, 'Error', 'x')).toBe('Error: password=[redacted]');
    const stack = 'Error: x\n    at https://ada:hunter2@host/file.js:1:1';
    expect(errorStack({ stack }, 'Error', 'x')).toBe('Error: x\n    at https://[redacted]@host/file.js:1:1');
  });

  it('is bounded', () => {
    const stack = `Error: x${'\n    at somewhere (file.js:1:1)'.repeat(10_000)}`;
    expect(errorStack({ stack }, 'Error', 'x')?.length).toBeLessThan(2_100);
  });

  it.each([
    ['a text was thrown', () => 'text'],
    ['it is no text', () => Object.assign(new Error('x'), { stack: [] })],
    ['it throws when it is asked', () => Object.defineProperty(new Error('x'), 'stack', { get: trap })],
  ])('is left out where %s', (_, make) => {
    expect(errorStack(make(), 'Error', 'x')).toBeUndefined();
  });
});

describe('the causes of an error', () => {
  const linesOf = (error: unknown) =>
    errorStack(error, 'Error', 'x')
      ?.split('\n')
      .filter((line) => line.startsWith('Caused by'));

  it('are lines below its stack, redacted, each on one line', () => {
    const deep = new TypeError('connect redis://:hunter2@cache\n  failed');
    const error = new Error('no answer', { cause: new RangeError('refused', { cause: deep }) });
    expect(linesOf(error)).toEqual([
      'Caused by: RangeError: refused',
      'Caused by: TypeError: connect redis://[redacted]@cache failed',
    ]);
  });

  it('are the errors of one that has several, each with its own cause after it', () => {
    const first = new Error('one', { cause: 'the power' });
    expect(linesOf(new AggregateError([first, 'no error', new TypeError('three')], 'all failed'))).toEqual([
      'Caused by (1 of 3): Error: one',
      'Caused by: string: the power',
      'Caused by (3 of 3): TypeError: three',
    ]);
  });

  it('end where an error is its own cause', () => {
    const error: Error & { cause?: unknown } = new Error('x');
    const other = new Error('other', { cause: error });
    error.cause = other;
    expect(linesOf(error)).toEqual(['Caused by: Error: other']);
  });

  it('are bounded, in number and in length', () => {
    const endless = { name: 'Error', message: 'm'.repeat(10_000), stack: 'Error: x' };
    const proxy: object = new Proxy(endless, {
      get: (target, key) => (key === 'cause' ? Object.create(proxy) : Reflect.get(target, key)),
    });
    const members = Array.from({ length: 10_000 }, (_, i) => new Error(`${i}`));
    for (const error of [proxy, Object.assign(new AggregateError(members), { stack: 'Error: x' })]) {
      expect(linesOf(error)).toHaveLength(8);
      expect(errorStack(error, 'Error', 'x')?.length).toBeLessThan(2_100 + 8 * 550);
    }
  });

  it('are left out where they throw when they are asked', () => {
    const errors = new Proxy([], { get: trap });
    expect(linesOf({ stack: 'Error: x', errors, cause: new Proxy({}, { get: trap, getPrototypeOf: trap }) })).toEqual([
      'Caused by: object: an error that has no text',
    ]);
    expect(linesOf(Object.defineProperty({ stack: 'Error: x' }, 'cause', { get: trap }))).toEqual([]);
  });

  it('are on the innermost span that failed', async () => {
    const telemetry = startTestTelemetry();
    const fails = task('fails', () => Promise.reject(new Error('no', { cause: new TypeError('fetch failed') })));
    await retry(fails, { maxRetries: 0 })
      .execute()
      .catch(() => {});
    const shown = telemetry.spans().map(({ name, events }) => [name, events.map(({ attributes }) => attributes)]);
    await telemetry.stop();
    const stack = expect.stringMatching(/\nCaused by: TypeError: fetch failed$/);
    expect(shown).toContainEqual(['task fails', [expect.objectContaining({ 'exception.stacktrace': stack })]]);
  });
});
