/** Texts of errors held what they must not: a secret behind a quoted stack, an input, a thousand keys; or were none. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { llm, map, race, retry, router, task } from '../../src/index.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const messageOf = (running: Promise<unknown>) =>
  running.then(
    () => expect.unreachable(),
    (error: Error) => `${error.name}: ${error.message}`,
  );

it('keeps a secret out of a span that an error quotes behind the stack of another', async () => {
  const quoting = new Error('outer\n    at ask (ask.js:1:1)\nCaused by: key sk-live-1234567890abcdef');
  quoting.name = 'key sk-live-1234567890abcdef'.padEnd(10_000);
  await messageOf(task('t', () => Promise.reject(quoting)).execute());
  const told = JSON.stringify(telemetry.spans().map(({ events, attributes }) => [events, attributes]));
  expect(told).not.toContain('1234567890abcdef');
  expect(told.length).toBeLessThan(20_000);
});

it('does not quote an input that is no list', async () => {
  const each = map(task('t', (s: string) => s));
  expect(await messageOf(each.execute('my private prompt' as never))).toBe(
    'TypeError: map around t: input must be an array or another iterable, async or not, got a text of 17 characters',
  );
});

it('bounds what it tells of an object', async () => {
  const huge = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key-${i}`.repeat(50), i]));
  const message = await messageOf((async () => retry(task('t', String), { budget: huge as never }))());
  expect(message).toContain('and 99992 more');
  const input = await messageOf(llm(scriptedModel([{ text: '' }])).execute(huge as never));
  expect(input).toContain('got an object with 100000 keys');
  expect(message.length).toBeLessThan(600);
});

it('names a route that cannot become a text', async () => {
  const lost = router((() => Object.create(null)) as never, { only: task('t', () => 1) });
  expect(await messageOf(lost.execute())).toContain(
    'NoRouteError: router has no route for what its selector gave, an object with 0 keys',
  );
});

it('tells of errors that cannot be looked into', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const failing = task('t', () => Promise.reject(proxy));
  expect(await messageOf(race([failing, failing]).execute())).toBe(
    'RaceError: race: all 2 branches failed: t: an object that cannot be looked into; t: an object that cannot be looked into',
  );
});
