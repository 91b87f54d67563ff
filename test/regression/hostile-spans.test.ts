/** A span whose setAttribute or addEvent threw failed the work, and tags pushed the ids off their span. */
import { type Span, type TracerProvider, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retry, task, workflow } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { kinds } from '../contract/kinds.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const METHODS = ['setAttribute', 'setAttributes', 'addEvent', 'isRecording', 'setStatus', 'recordException', 'end'];

/** Registers a provider whose spans throw in `methods`. */
function registerSpansThatThrowIn(methods: readonly string[]) {
  const real = trace.getTracerProvider().getTracer('real');
  const hostile = (span: Span) =>
    new Proxy(span, {
      get(target, key) {
        if (methods.includes(String(key))) {
          return () => {
            throw new Error('broken span');
          };
        }
        const value = Reflect.get(target, key) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  const startSpan = (...args: Parameters<typeof real.startSpan>) => hostile(real.startSpan(...args));
  trace.disable();
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) } as unknown as TracerProvider);
}

describe.each([...METHODS.map((method) => [method, [method]] as const), ['every method', METHODS] as const])(
  'a span that throws in %s',
  (_, methods) => {
    it.each(kinds.map((kind) => [kind.type, kind] as const))(
      'changes neither result nor error of %s',
      async (_, kind) => {
        const mine = new Error('mine');
        const outcomes = async () => {
          const result = await kind
            .build(async (input) => `${input}!`)
            .execute('x')
            .then(String);
          const failure = await kind
            .build(() => Promise.reject(mine))
            .execute('x')
            .then(String, (error) => error);
          return [result, failure instanceof Error ? failure.message : failure];
        };
        const expected = await outcomes();
        registerSpansThatThrowIn(methods);
        expect(await outcomes()).toEqual(expected);
      },
    );
  },
);

it('a retry is retried, and its spans are kept, where they take no event', async () => {
  registerSpansThatThrowIn(['addEvent', 'setAttribute', 'setAttributes']);
  let calls = 0;
  const flaky = task('flaky', () => {
    calls += 1;
    if (calls < 3) throw new Error('again');
    return calls;
  });
  expect(await retry(flaky, { maxRetries: 3, initialDelayMs: 0 }).execute()).toBe(3);
  expect(telemetry.spans()).toHaveLength(4);
});

it('tags never push the ids and the outcome off a span', async () => {
  const tags = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`tag${i}`, i]));
  const step = workflow(
    'order',
    task('fails', () => Promise.reject(new Error('mine'))),
  );
  const ids = { workflowId: 'w-1', sessionId: 's-1', correlationId: 'c-1' };
  await expect(step.execute(undefined, { context: { tags, ...ids } })).rejects.toThrow('mine');
  const { attributes } = telemetry.spans().at(-1) ?? expect.unreachable();
  expect(attributes).toMatchObject({ 'tta.tag.tag0': 0, 'error.type': 'Error' });
  expect(Object.values(attributes)).toEqual(expect.arrayContaining(['w-1', 's-1', 'c-1']));
  expect(Object.keys(attributes).filter((key) => key.startsWith('tta.tag.'))).toHaveLength(64);
});
