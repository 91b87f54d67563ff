/** Every factory checks its options first, by one function: the name before all, and nothing is left behind. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOptions, type Rules } from '../../src/core/check.ts';
import { callback, flag, number, object, oneOf, optional, text } from '../../src/core/rules.ts';
import {
  budget,
  bulkhead,
  cache,
  circuit,
  circuitBreaker,
  conditional,
  fallback,
  hedge,
  keyvStore,
  llm,
  llmStream,
  loop,
  map,
  memoryBudgetStore,
  observeFetch,
  openAICompatible,
  parallel,
  race,
  rateLimit,
  redisBudgetStore,
  redisCircuitStore,
  redisFlightStore,
  redisRateLimitStore,
  retry,
  retryBudget,
  router,
  saga,
  switchOn,
  task,
  timeout,
  withCost,
} from '../../src/index.ts';
import { bullmqQueue, distribute, memoryQueue, natsQueue } from '../../src/queue/index.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';
import { exportsOf, optionsOf } from '../support/options.ts';
import { filesUnder } from '../support/sources.ts';

type Options = Readonly<Record<string, unknown>>;

interface Factory {
  readonly where: string;
  /** Options that are right. */
  readonly right: Options;
  readonly build: (options: never) => unknown;
}

const step = task('step', (text: string) => text);
const model = { ...scriptedModel([{ text: 'yes' }]), stream: async function* () {} };
const opens = { consecutiveFailures: 1, openMs: 1 };

const NAMED: readonly Factory[] = [
  { where: 'BudgetOptions', right: { limitUsd: 1 }, build: (options) => budget(step, options) },
  { where: 'BulkheadOptions', right: { concurrency: 1 }, build: (options) => bulkhead(step, options) },
  { where: 'CacheOptions', right: { key: String }, build: (options) => cache(step, options) },
  { where: 'CircuitBreakerOptions', right: opens, build: (options) => circuitBreaker(step, options) },
  {
    where: 'ConditionalOptions',
    right: {},
    build: (options) => conditional((_: string) => true, step, undefined, options),
  },
  { where: 'FallbackOptions', right: {}, build: (options) => fallback(step, [step], options) },
  { where: 'HedgeOptions', right: { delayMs: 1 }, build: (options) => hedge(step, options) },
  { where: 'LlmOptions', right: {}, build: (options) => llm(model, options) },
  { where: 'LlmOptions', right: {}, build: (options) => llmStream(model, options) },
  { where: 'LoopOptions', right: { until: () => true, maxIterations: 1 }, build: (options) => loop(step, options) },
  { where: 'MapOptions', right: {}, build: (options) => map(step, options) },
  { where: 'ParallelOptions', right: {}, build: (options) => parallel([step], options) },
  { where: 'RaceOptions', right: {}, build: (options) => race([step], options) },
  { where: 'RateLimitOptions', right: { permits: 1, perMs: 1 }, build: (options) => rateLimit(step, options) },
  { where: 'RetryOptions', right: {}, build: (options) => retry(step, options) },
  { where: 'RouterOptions', right: {}, build: (options) => router(() => 'only', { only: step }, options) },
  { where: 'SagaOptions', right: {}, build: (options) => saga([{ name: 'only', do: step }], options) },
  { where: 'SwitchOptions', right: {}, build: (options) => switchOn(() => 'a', { a: step }, step, options) },
  { where: 'TimeoutOptions', right: { timeoutMs: 1 }, build: (options) => timeout(step, options) },
  { where: 'WithCostOptions', right: {}, build: (options) => withCost(step, options) },
];

const ALL: readonly Factory[] = [
  ...NAMED,
  {
    where: 'DistributeOptions',
    right: { queue: memoryQueue('texts') },
    build: (options) => distribute('step', step, options),
  },
  {
    where: 'BullmqQueueOptions',
    right: { url: 'redis://127.0.0.1:1' },
    build: (options) => bullmqQueue('texts', options),
  },
  {
    where: 'NatsQueueOptions',
    right: { servers: 'nats://127.0.0.1:1' },
    build: (options) => natsQueue('texts', options),
  },
  { where: 'MemoryQueueOptions', right: {}, build: (options) => memoryQueue('texts', options) },
  { where: 'CircuitOptions', right: opens, build: (options) => circuit(options) },
  { where: 'KeyvStoreOptions', right: {}, build: (options) => keyvStore(new Map() as never, options) },
  { where: 'ModelCallOptions', right: {}, build: (options) => observeFetch(undefined, options) },
  { where: 'MemoryBudgetStoreOptions', right: {}, build: (options) => memoryBudgetStore(options) },
  { where: 'OpenAICompatibleOptions', right: { model: 'gpt-4' }, build: (options) => openAICompatible(options) },
  {
    where: 'RedisBudgetStoreOptions',
    right: {},
    build: (options) => redisBudgetStore({ eval: async () => [] }, options),
  },
  {
    where: 'RedisCircuitStoreOptions',
    right: {},
    build: (options) => redisCircuitStore({ eval: async () => [] }, options),
  },
  {
    where: 'RedisFlightStoreOptions',
    right: {},
    build: (options) => redisFlightStore({ eval: async () => [] }, options),
  },
  {
    where: 'RedisRateLimitStoreOptions',
    right: {},
    build: (options) => redisRateLimitStore({ eval: async () => [] }, options),
  },
  { where: 'RetryBudgetOptions', right: {}, build: (options) => retryBudget(options) },
];

function messageOf({ build, right }: Factory, wrong: Options, type = /Error$/): string {
  try {
    build({ ...right, ...wrong } as never);
  } catch (error) {
    expect((error as Error).name).toMatch(type);
    return (error as Error).message;
  }
  return NOTHING;
}

const NOTHING = 'nothing was thrown';

class Settings {
  readonly maxRetries = 1;
}

/** Each with what a message calls it. */
const NO_OPTIONS: readonly [wrong: unknown, shown: string][] = [
  [null, 'null'],
  [5, '5'],
  ['fast', '"fast"'],
  [() => 1, 'a function'],
  [[], 'an array of 0'],
  [[{}], 'an array of 1'],
  [new Map([['name', 'x']]), 'a Map'],
  [new Set(), 'a Set'],
  [new Date(), 'a Date'],
  [new AbortController().signal, 'an AbortSignal'],
  [new Settings(), 'a Settings'],
  [Promise.resolve({}), 'a Promise; await it'],
  [step, 'the primitive step'],
];

/** Values that most options refuse. */
const WRONG: readonly [wrong: unknown, shown: string][] = [
  ...NO_OPTIONS,
  [Number.NaN, 'NaN'],
  [Number.POSITIVE_INFINITY, 'Infinity'],
  [Number.NEGATIVE_INFINITY, '-Infinity'],
  [-1, '-1'],
  [1.5, '1.5'],
  ['5', '"5"'],
  ['', '""'],
  [5n, '5n'],
  [true, 'true'],
  [Symbol('wrong'), 'Symbol\\(wrong\\)'],
  [{}, 'an object with no keys'],
  [Object.create(null), 'an object with no keys'],
];

/** The options that a factory knows, as it says itself. */
function knownOf(factory: Factory): readonly string[] {
  return /known are (.*)$/.exec(messageOf(factory, { '?': 1 }))?.[1]?.split(', ') ?? [];
}

describe('the options of every factory', () => {
  let telemetry: TestTelemetry;
  beforeEach(() => {
    telemetry = startTestTelemetry();
  });
  afterEach(() => telemetry.stop());

  it('are all in this test', () => {
    const sources = filesUnder('src', /\.ts$/);
    const doors = ['src/index.ts', 'src/queue/index.ts'].flatMap((door) => exportsOf(door, sources));
    const types = doors.map((factory) => optionsOf(factory, sources).type);
    // A worker starts later: `startWorker` rejects.
    const checked = types.filter((type) => type !== undefined && type !== 'WorkerOptions');
    expect(new Set(ALL.map(({ where }) => where))).toEqual(new Set(checked));
  });

  it.each(NAMED)('$where: refuse a wrong name before anything else, and leave no series behind', async (factory) => {
    const before = await telemetry.scrape();
    for (const [name, shown] of [
      [5, '5'],
      ['', '""'],
      [' ', '" "'],
      [null, 'null'],
    ]) {
      // Every other option is wrong as well: the name is what the message is about.
      const others = Object.fromEntries(knownOf(factory).map((option) => [option, Symbol('wrong')]));
      const message = `${factory.where}: name must be a text that is not empty, got ${shown}`;
      expect(messageOf(factory, { name })).toBe(message);
      expect(messageOf(factory, { ...others, name })).toBe(message);
    }
    expect((await telemetry.scrape()).samples.map(seriesOf)).toEqual(before.samples.map(seriesOf));
  });

  it.each(ALL)(
    '$where: are each refused where they are wrong, by name, and leave no series behind',
    async (factory) => {
      const before = await telemetry.scrape();
      const options = knownOf(factory);
      expect(options).toEqual(expect.arrayContaining(Object.keys(factory.right)));
      for (const option of options) {
        expect(messageOf(factory, { [option]: Symbol('wrong') })).toMatch(
          new RegExp(`^${factory.where}: ${option}(\\.\\w+|:)? must .*got (Symbol\\(wrong\\)|a symbol|undefined)$`),
        );
      }
      expect((await telemetry.scrape()).samples.map(seriesOf)).toEqual(before.samples.map(seriesOf));
    },
  );

  it.each(ALL)('$where: refuse what is no object of options, and say what it is', (factory) => {
    for (const [wrong, shown] of NO_OPTIONS) {
      expect(() => factory.build(wrong as never)).toThrow(
        new RegExp(`^${factory.where}: must be an object such as \\{ \\w+: … \\}, got ${shown}`),
      );
    }
  });

  it.each(ALL)('$where: take a value or refuse it by name, and leave no series of what is refused', async (factory) => {
    const options = knownOf(factory);
    const tries = options.flatMap((option) => WRONG.map(([wrong, shown]) => ({ option, wrong, shown })));
    const refused = tries.filter(({ option, wrong }) => messageOf(factory, { [option]: wrong }) !== NOTHING);
    expect(new Set(refused.map(({ option }) => option))).toEqual(new Set(options));
    const before = await telemetry.scrape();
    for (const { option, wrong, shown } of refused) {
      const message = messageOf(factory, { [option]: wrong }, /^(?:Type|Range)Error$/);
      // A value that is right alone may not fit the other options: the message is about both.
      if (typeof wrong === 'number') expect(message).toContain(`${factory.where}: `);
      else expect(message).toMatch(new RegExp(`^${factory.where}: ${option}\\b`));
      // A private text is measured, and an object may be asked for a property.
      if (!['string', 'number'].includes(typeof wrong))
        expect(message).toMatch(new RegExp(`, got (?:${shown}|undefined|an? \\w+)`));
    }
    expect((await telemetry.scrape()).samples.map(seriesOf)).toEqual(before.samples.map(seriesOf));
    for (const option of options) {
      expect(messageOf(factory, { [option]: Promise.resolve(1) })).toMatch(
        new RegExp(`^${factory.where}: ${option}\\b.*, got (?:a Promise; await it|undefined)$`),
      );
    }
  });

  it('leave no series behind when only the last step of a saga is wrong', async () => {
    const before = await telemetry.scrape();
    const steps = [
      { name: 'first', do: step, compensate: task('undo', () => {}) },
      { name: 'second', do: 5 },
    ];
    const after = task('undo', () => {});
    expect(after.name).toBe('undo');
    expect(() => saga(steps as never)).toThrow('saga: step second: do must be a primitive, got 5');
    const { samples } = await telemetry.scrape();
    expect(samples.filter(({ labels }) => labels.primitive_type === 'compensation')).toEqual([]);
    expect(before.samples.filter(({ labels }) => labels.primitive_type === 'compensation')).toEqual([]);
  });

  it.each<[string, () => unknown, string]>([
    ['a private system text', () => llm(model, { system: 5 as never }), 'LlmOptions: system must be a text, got 5'],
    [
      'a flag',
      () => llm(model, { captureContent: 'yes' as never }),
      'LlmOptions: captureContent must be true or false, got "yes"',
    ],
    [
      'a price',
      () => llm(model, { prices: { 'gpt-4': { input: 1, output: Number.NaN } } }),
      'LlmOptions: prices["gpt-4"].output must be a finite number, 0 or more, got NaN',
    ],
    [
      'a part of a price',
      () => llm(model, { prices: { 'gpt-4': { input: 1, output: 1, cached: 1 } as never } }),
      'LlmOptions: prices["gpt-4"]: there is no option "cached"; did you mean cachedInput?',
    ],
    [
      'a key to an API, unseen',
      () => openAICompatible({ model: 'm', apiKey: ['sk-1'] as never }),
      'OpenAICompatibleOptions: apiKey must be a text, got an array of 1',
    ],
    [
      'an address without its http://',
      () => openAICompatible({ model: 'm', baseURL: 'localhost:1234/v1' }),
      'OpenAICompatibleOptions: baseURL must be a URL that starts with http:// or https://, such as ' +
        'http://127.0.0.1:11434/v1, got a text of 17 characters',
    ],
    ['a model', () => llm({ ...model, stream: 5 } as never), 'llm: model.stream must be a function, got 5'],
    [
      'a duration without end',
      () => timeout(step, { timeoutMs: Number.POSITIVE_INFINITY }),
      'TimeoutOptions: timeoutMs must be a finite number, 0 or more, got Infinity',
    ],
  ])('name the mistake in %s', (_, build, message) => {
    expect(build).toThrow(message);
  });
});

function seriesOf({ name, labels }: { readonly name: string; readonly labels: Options }): string {
  return `${name} ${JSON.stringify(labels)}`;
}

interface Sample {
  readonly name: string;
  readonly level?: number | undefined;
  readonly mode?: 'fast' | 'slow' | undefined;
  readonly inner?: { readonly on: boolean } | undefined;
  readonly when?: ((error: unknown) => boolean) | undefined;
}

type Either = { readonly a: number } | { readonly b: string };

describe('a table of rules', () => {
  const rules: Rules<Sample> = {
    name: text,
    level: optional(number({ min: 1 })),
    mode: optional(oneOf('fast', 'slow')),
    inner: optional(object({ on: flag })),
    when: optional(callback()),
  };

  it('has a rule for each option, of its type, and for no other', () => {
    // @ts-expect-error: no rule for inner
    const missing: Rules<Sample> = { name: text, level: rules.level, mode: rules.mode, when: rules.when };
    // @ts-expect-error: there is no such option
    const unknown: Rules<Sample> = { ...rules, modes: text };
    // @ts-expect-error: level may be left out
    const strict: Rules<Sample> = { ...rules, level: number({ min: 1 }) };
    // @ts-expect-error: name may not be left out
    const lax: Rules<Sample> = { ...rules, name: optional(text) };
    // @ts-expect-error: level is no text
    const other: Rules<Sample> = { ...rules, level: optional(text) };
    // @ts-expect-error: slow is a mode too
    const narrow: Rules<Sample> = { ...rules, mode: optional(oneOf('fast')) };
    // @ts-expect-error: there is no option `of`
    const inner: Rules<Sample> = { ...rules, inner: optional(object({ of: flag })) };
    expect([missing, unknown, strict, lax, other, narrow, inner]).toHaveLength(7);
  });

  it('has every option of a union, none of which is required', () => {
    const either: Rules<Either> = { a: optional(number({ min: 0 })), b: optional(text) };
    // @ts-expect-error: no rule for b
    const half: Rules<Either> = { a: optional(number({ min: 0 })) };
    expect([either, half]).toHaveLength(2);
  });

  it.each<[unknown, string]>([
    [undefined, 'SampleOptions: must be an object such as { level: … }, got undefined'],
    [{ name: 'a', levels: 1 }, 'SampleOptions: there is no option "levels"; did you mean level?'],
    [{ name: 'a', x: 1 }, 'SampleOptions: there is no option "x"; known are name, level, mode, inner, when'],
    [{ name: 1, level: 'a' }, 'SampleOptions: name must be a text, got 1'],
    [{ name: 'a', inner: 1 }, 'SampleOptions: inner: must be an object such as { on: … }, got 1'],
    [{ name: 'a', inner: { on: 1 } }, 'SampleOptions: inner.on must be true or false, got 1'],
    [{ name: 'a', mode: 'swift' }, "SampleOptions: mode must be 'fast' or 'slow', got \"swift\""],
  ])('refuses %j', (options, message) => {
    expect(() => checkOptions('SampleOptions', options, rules)).toThrow(message);
  });
});
