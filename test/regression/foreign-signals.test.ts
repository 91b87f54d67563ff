/**
 * Test environments (jsdom, happy-dom) and polyfills have signals, timers, headers and errors of their own, which are no
 * instances of those of Node.js. test/package/environments.deep.ts runs in the real ones.
 */
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Carrier, extract, inject, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => {
  vi.unstubAllGlobals();
  telemetry.stop();
});

/** A signal as the package abort-controller makes it: an event target of its own, without a reason. */
class ForeignController {
  readonly #listeners = new Set<() => void>();
  readonly signal = {
    aborted: false,
    addEventListener: (_type: string, listener: () => void) => void this.#listeners.add(listener),
    removeEventListener: (_type: string, listener: () => void) => void this.#listeners.delete(listener),
  };

  abort(reason?: unknown): void {
    Object.assign(this.signal, { aborted: true }, reason === undefined ? {} : { reason });
    for (const listener of this.#listeners) listener();
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}

const wait = task('wait', (_: void, context) => context.clock.sleep(60_000, context.signal));

it('context.signal aborts where the AbortController is not that of Node.js', async () => {
  vi.stubGlobal('AbortController', ForeignController);
  const { signal } = await task('look', (_: void, context) => ({ signal: context.signal })).execute();
  expect(signal.aborted).toBe(false);
  const controller = new ForeignController();
  const running = wait.execute(undefined, { signal: controller.signal as never });
  const reason = new Error('stop');
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(controller.listeners).toBe(0);
});

it.each([
  ['while the work runs', false],
  ['before the work begins', true],
])('the signal of a polyfill, which has no reason, aborts with an AbortError, %s', async (_, before) => {
  const controller = new ForeignController();
  if (before) controller.abort();
  const running = wait.execute(undefined, { signal: controller.signal as never });
  if (!before) controller.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  await telemetry.expectMetric('tta_primitive_outcomes_total', { outcome: 'cancelled' }, 1);
});

it.each([
  ['a controller', new AbortController()],
  ['an object with a reason only', { aborted: false }],
  ['an event target', new EventTarget()],
  ['a text', 'stop'],
])('%s is no signal', async (_, signal) => {
  await expect(wait.execute(undefined, { signal: signal as never })).rejects.toThrow(
    /^ExecuteOptions: signal must be an AbortSignal/,
  );
});

it('headers of another class carry the context', () => {
  class ForeignHeaders {
    readonly #values = new Map<string, string>();
    get = (name: string) => this.#values.get(name.toLowerCase()) ?? null;
    set = (name: string, value: string) => void this.#values.set(name.toLowerCase(), value);
  }
  const context = extract({ baggage: 'session.id=s-1' });
  const carrier = inject(context, new ForeignHeaders() as unknown as Carrier);
  expect(extract(carrier).sessionId).toBe('s-1');
});

it('an error of another realm has its type and message on the span', async () => {
  const error: unknown = runInNewContext("new RangeError('too far')");
  await expect(task('fail', () => Promise.reject(error)).execute()).rejects.toBe(error);
  expect(telemetry.spans()[0]).toMatchObject({
    status: { message: 'too far' },
    attributes: { 'error.type': 'RangeError' },
  });
});
