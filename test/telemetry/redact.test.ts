import { describe, expect, it } from 'vitest';
import { task } from '../../src/index.ts';
import { errorStack, errorText, redact } from '../../src/telemetry/redact.ts';
import { startTestTelemetry } from '../../src/testing/index.ts';

const trap = () => {
  throw new Error('trap');
};

describe('redact', () => {
  it.each([
    ['Incorrect API key provided: sk-proj-abcdefghijklmnop.', 'sk'],
    ['Authorization: Bearer eyJhbGciOi.eyJzdWIi.sig', 'Authorization'],
    ['GET https://user:hunter2@host/x failed', 'https'],
    ['{"api_key":"0123456789abcdef"}', 'api_key'],
    ['password=hunter2 is wrong', 'password'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', 'token'],
  ])('takes the secret out of %j', (text, kept) => {
    const safe = redact(text);
    expect(safe).toContain('[redacted]');
    expect(safe).toContain(kept);
    for (const secret of ['abcdefghijklmnop', 'hunter2', '0123456789abcdef', 'eyJ']) expect(safe).not.toContain(secret);
  });

  it.each([
    ['Bearer abcdefghijklmnop0123', 'Bearer [redacted]'],
    ['basic dXNlcjpodW50ZXIyaHVudGVy==', 'basic [redacted]'],
    ['used ghp_abcdefghij and xoxb-abcdefghij', 'used ghp_[redacted] and xoxb-[redacted]'],
    ['key AKIAABCDEFGHIJKL, AIzaSyAbcdefgh', 'key AKIA[redacted], AIza[redacted]'],
    ['postgres://ada:pa55@db/x and https://b:c@d', 'postgres://[redacted]@db/x and https://[redacted]@d'],
    ['Secret: "tiger99", next', 'Secret: "[redacted]", next'],
    ['x-api-key=abcdef&page=2', 'x-api-key=[redacted]&page=2'],
  ])('makes of %j the text %j', (text, safe) => {
    expect(redact(text)).toBe(safe);
  });

  it.each(['https://host:8080/a@b', 'see https://host/x:y', 'Bearer of news', 'task-list', 'tokens: 12'])(
    'leaves %j as it is',
    (text) => {
      expect(redact(text)).toBe(text);
    },
  );

  it('leaves plain sentences alone and bounds their length', () => {
    const plain = 'the token count was 12, skateboarding is a basic example';
    expect(redact(plain)).toBe(plain);
    expect(redact('x'.repeat(100_000))).toBe(`${'x'.repeat(2_048)}…`);
  });

  it('keeps the secrets of an error out of its span', async () => {
    const telemetry = startTestTelemetry();
    const leaky = task('leaky', () => Promise.reject(new Error('401: key sk-live-1234567890abcdef refused')));
    await leaky.execute().catch(() => {});
    const shown = JSON.stringify(telemetry.spans().map(({ events, status }) => [events, status]));
    await telemetry.stop();
    expect(shown).toContain('401: key sk-[redacted] refused');
    expect(shown).not.toContain('1234567890abcdef');
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
    expect(stack).toMatch(/^Error: password=\[redacted\]\n {4}at .+redact\.test\.ts/);
    expect(stack).not.toContain('hunter2');
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
