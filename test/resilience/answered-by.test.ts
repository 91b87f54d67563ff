/** Labels say who answered, though no wrapper has a name. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  cache,
  fallback,
  llm,
  llmStream,
  map,
  type Primitive,
  race,
  retry,
  sequential,
  task,
  timeout,
  workflow,
} from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const usage = { inputTokens: 1, outputTokens: 1 };
const modelOf = (id: string, fails: boolean, provider = 'openai') => ({
  provider,
  id,
  generate: () => (fails ? Promise.reject(new Error('down')) : Promise.resolve({ text: id, usage })),
  async *stream() {
    if (fails) throw new Error('down');
    yield { text: id, usage };
  },
});
const failing = (name: string) =>
  task(name, (_: string): string => {
    throw new Error('down');
  });
const working = (name: string) => task(name, (text: string) => text);

async function answeredBy(links: readonly [Primitive<string, unknown>, ...Primitive<string, unknown>[]]) {
  const [primary, ...substitutes] = links;
  const output: unknown = await fallback(primary, substitutes).execute('x');
  // The execution of a stream lasts until its end.
  if (typeof output === 'object' && output !== null && Symbol.asyncIterator in output) {
    for await (const _ of output as AsyncIterable<unknown>);
  }
  const span = telemetry.spans().findLast(({ name }) => name === 'fallback FallbackPrimitive');
  const answered_by = String(span?.attributes['tta.fallback.answered_by']);
  await telemetry.expectMetric('tta_fallback_answers_total', { answered_by }, 1);
  return answered_by;
}

describe('answered_by', () => {
  it('is the model, in the example of the README', async () => {
    const ask = (model: string) => timeout(llm(modelOf(model, model === 'gpt-4o')), { timeoutMs: 30_000 });
    const steady = retry(fallback(ask('gpt-4o'), [ask('gpt-4o-mini')]), { maxRetries: 5 });
    await steady.execute('What is a span?');
    await telemetry.expectMetric('tta_fallback_answers_total', { answered_by: 'gpt-4o-mini' }, 1);
    await telemetry.expectMetric('tta_fallback_answers_total', { answered_by: 'gpt-4o' }, 0);
    await telemetry.expectMetric('tta_fallback_answers_total', { answered_by: 'TimeoutPrimitive' }, 0);
  });

  it.each<[string, string, () => Parameters<typeof answeredBy>[0]]>([
    ['the name of a task in a wrapper', 'b', () => [retry(failing('a'), { maxRetries: 0 }), retry(working('b'))]],
    [
      'the name of a task in several wrappers',
      'b',
      () => [
        failing('a'),
        bulkhead(timeout(cache(working('b'), { key: String }), { timeoutMs: 9_999 }), { concurrency: 1 }),
      ],
    ],
    [
      'the name of an llm',
      'small',
      () => [failing('a'), timeout(llm(modelOf('m', false), { name: 'small' }), { timeoutMs: 9_999 })],
    ],
    ['the model of a stream', 'm', () => [failing('a'), timeout(llmStream(modelOf('m', false)), { timeoutMs: 9_999 })]],
    ['the last step of a sequence', 'm', () => [failing('a'), sequential(working('prompt'), llm(modelOf('m', false)))]],
    ['the work in a workflow', 'b', () => [failing('a'), workflow('w', retry(working('b')))]],
    [
      'the provider too, where both have the same model',
      'azure/m',
      () => [llm(modelOf('m', true)), llm(modelOf('m', false, 'azure'))],
    ],
    [
      'the name of the wrapper, where both have the same work',
      'slow',
      () => {
        let calls = 0;
        const ask = task('ask', (text: string) => {
          calls += 1;
          if (calls === 1) throw new Error('down');
          return text;
        });
        return [timeout(ask, { name: 'fast', timeoutMs: 99 }), timeout(ask, { name: 'slow', timeoutMs: 9_999 })];
      },
    ],
    ['the place, where nothing else tells them apart', 'a (2)', () => [failing('a'), working('a')]],
    [
      'the name of a wrapper around an unnamed model',
      'mine',
      () => [failing('a'), timeout(llm(modelOf('a', false)), { name: 'mine', timeoutMs: 9_999 })],
    ],
    [
      'the innermost of two names',
      'ask',
      () => [failing('a'), timeout(llm(modelOf('m', false), { name: 'ask' }), { name: 'limited', timeoutMs: 9_999 })],
    ],
    [
      'the model, where both calls have the same name',
      'm2',
      () => [llm(modelOf('m1', true), { name: 'ask' }), llm(modelOf('m2', false), { name: 'ask' })],
    ],
    [
      'a fallback inside, of which either part may have answered',
      'fallback around b',
      () => [failing('a'), fallback(failing('b'), [working('c')])],
    ],
  ])('is %s', async (_, expected, links) => {
    expect(await answeredBy(links())).toBe(expected);
  });
});

it('the winner of a race has the same label', async () => {
  const branches = [
    timeout(llm(modelOf('gpt-4o', true)), { timeoutMs: 9 }),
    timeout(llm(modelOf('mini', false)), { timeoutMs: 999 }),
  ];
  await race(branches).execute('x');
  const span = telemetry.spans().find(({ name }) => name.startsWith('race'));
  expect(span?.attributes['tta.race.winner']).toBe('mini');
});

it('an error names the model that an unnamed wrapper is around', async () => {
  const hang = { ...modelOf('gpt-4o', false), generate: () => new Promise<never>(() => {}) };
  await expect(timeout(llm(hang), { timeoutMs: 1 }).execute('x')).rejects.toThrow(
    'timeout around llm gpt-4o did not finish within 1 ms',
  );
});

it('caches around different unnamed work do not share the values of a store', async () => {
  const kept = new Map<string, never>();
  const store = {
    type: 'map',
    get: async (key: string) => kept.get(key),
    set: async (key: string, entry: unknown) => void kept.set(key, entry as never),
    delete: async (key: string) => void kept.delete(key),
  };
  const cached = (name: string) =>
    cache(
      timeout(
        task(name, () => name),
        { timeoutMs: 99 },
      ),
      { key: () => 'k', store },
    );
  expect(await cached('a').execute(undefined)).toBe('a');
  expect(await cached('b').execute(undefined)).toBe('b');
  const listed = cache(map(task('a', async (n: number) => n)), { key: () => 'k', store });
  expect(await listed.execute([1])).toEqual([1]);
});
