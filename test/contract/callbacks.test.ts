/** A callback that ignores its signal holds nobody: not its execution, not what is around it, not what waits behind it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bulkhead,
  type CacheStore,
  cache,
  keyvStore,
  llm,
  llmStream,
  type Model,
  map,
  type Primitive,
  parallel,
  task,
  timeout,
} from '../../src/index.ts';
import {
  createVirtualClock,
  settled,
  startTestTelemetry,
  type TestTelemetry,
  type VirtualClock,
} from '../../src/testing/index.ts';
import { CALLBACKS, type Callback, done } from './callbacks.ts';

const store = (hangs: Callback): CacheStore => ({ type: 'map', get: hangs, set: hangs, delete: hangs });
const keyv = { get: async () => ({ value: 1, freshUntil: null }), set: async () => true, delete: async () => true };
const model = (generate: Callback): Model => ({
  provider: 'fake',
  id: 'fake',
  generate,
  stream: (...args) => ({ [Symbol.asyncIterator]: () => ({ next: () => generate(...args) }) }),
});

/**
 * What else is the user's own and may never come back. A compensation of `saga` is not among them: no abort stops it, as
 * its doc comment says, or an effect would stay that nobody undoes.
 */
const OTHERS: readonly {
  readonly callback: string;
  readonly build: (hangs: Callback) => Primitive<string, unknown>;
}[] = [
  { callback: 'a store of cache', build: (hangs) => cache(done, { key: String, store: store(hangs) }) },
  {
    callback: 'decode of a codec',
    build: (hangs) =>
      cache(done, { key: String, store: keyvStore(keyv, { codec: { encode: String, decode: hangs } }) }),
  },
  {
    callback: 'encode of a codec',
    build: (hangs) =>
      cache(done, {
        key: String,
        store: keyvStore({ ...keyv, get: async () => undefined }, { codec: { encode: hangs, decode: String } }),
      }),
  },
  { callback: 'generate of a model', build: (hangs) => llm(model(hangs)) },
  {
    callback: 'stream of a model',
    build: (hangs) => {
      const chunks = llmStream(model(hangs));
      return task('read', async (input: string) => {
        for await (const chunk of await chunks.execute(input)) return chunk;
        return undefined;
      });
    },
  },
  {
    callback: 'the source of map',
    build: (hangs) => {
      const all = map(done, { stream: false });
      return task('map', (input: string) =>
        all.execute({ [Symbol.asyncIterator]: () => ({ next: () => hangs(input) }) }),
      );
    },
  },
];

describe.each([...CALLBACKS, ...OTHERS])('$callback, which ignores its signal and never comes back', ({ build }) => {
  let telemetry: TestTelemetry;
  let clock: VirtualClock;
  beforeEach(() => {
    telemetry = startTestTelemetry();
    clock = createVirtualClock();
  });
  afterEach(async () => {
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
    await telemetry.expectMetric('tta_bulkhead_running', {}, 0);
    await telemetry.stop();
    expect(clock.pending).toBe(0);
  });

  // A new one each time: the work of some fails only once.
  const hanging = task('hanging', (input: string) => build((() => new Promise(() => {})) as Callback).execute(input));

  it.each(['fail', 'settle'] as const)('keeps no parallel in mode %s, and no slot of a bulkhead', async (mode) => {
    const guarded = bulkhead(parallel([hanging, done], { mode }), { concurrency: 1 });
    for (let i = 0; i < 2; i += 1) {
      const controller = new AbortController();
      const reason = new Error('changed my mind');
      const running = guarded.execute('x', { context: { clock }, signal: controller.signal }).catch((e: unknown) => e);
      await settled();
      controller.abort(reason);
      expect(await running).toBe(reason);
    }
  });

  it('keeps nobody beyond a timeout', async () => {
    const guarded = timeout(bulkhead(hanging, { concurrency: 1 }), { timeoutMs: 100 });
    for (let i = 0; i < 2; i += 1) {
      const running = guarded.execute('x', { context: { clock } }).catch((e: unknown) => e);
      await clock.advance(100);
      expect(await running).toMatchObject({ name: 'PrimitiveTimeoutError' });
    }
  });
});
