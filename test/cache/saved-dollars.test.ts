/** What a cache saves: the dollars of the model calls that made the value. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CacheEntry, type CacheStore, cache, llm, sequential, task } from '../../src/index.ts';
import { loadCatalogue } from '../../src/ledger/catalogue.ts';
import {
  createVirtualClock,
  scriptedModel,
  settled,
  startTestTelemetry,
  type TestTelemetry,
} from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(async () => {
  await loadCatalogue();
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const usage = { inputTokens: 1_000, outputTokens: 1_000 };
const gpt4 = { provider: 'openai', id: 'gpt-4' };
const ask = llm(scriptedModel([{ text: 'ok', usage }], gpt4));
const key = (input: unknown) => String(input);
const saved = (dollars: number, name = 'CachePrimitive') =>
  telemetry.expectMetric('tta_cache_saved_dollars_total', { primitive_name: name }, dollars);

/** A store in memory, as JSON. */
function jsonStore() {
  const entries = new Map<string, string>();
  const store: CacheStore = {
    type: 'json',
    get: async (at) => JSON.parse(entries.get(at) ?? 'null') as CacheEntry | null,
    set: (at, entry) => entries.set(at, JSON.stringify(entry)),
    delete: (at) => entries.delete(at),
  };
  return { store, entries };
}

describe('a hit', () => {
  it('saves what all model calls of the value cost, and a miss saves nothing', async () => {
    const twice = cache(
      sequential(
        ask,
        task('text', ({ text }: { text: string }) => text),
        ask,
      ),
      { key, name: 'twice' },
    );
    await twice.execute('x');
    await saved(0, 'twice');
    await twice.execute('x');
    await twice.execute('x');
    await saved(0.36, 'twice');
    const shown = telemetry.spans().filter(({ name }) => name === 'cache twice');
    expect(shown.map(({ attributes }) => attributes['tta.cache.saved_usd'])).toEqual([undefined, 0.18, 0.18]);
    await telemetry.expectMetric('tta_llm_cost_total', {}, 0.18);
  });

  it('saves nothing where the value cost nothing, or nobody knows what', async () => {
    const unknown = llm(scriptedModel([{ text: 'ok', usage }], { id: 'nobody-knows' }));
    const kept = [
      cache(
        task('free', (text: string) => text),
        { key },
      ),
      cache(unknown, { key }),
    ] as const;
    for (let i = 0; i < 2; i += 1) await Promise.all([kept[0].execute('x'), kept[1].execute('x')]);
    await saved(0);
  });

  it('saves for each execution that shares a run', async () => {
    const kept = cache(ask, { key });
    await Promise.all([kept.execute('x'), kept.execute('x'), kept.execute('x')]);
    await saved(0.18);
  });

  it('saves for failures that are kept, too', async () => {
    const failing = llm(scriptedModel([{ error: Object.assign(new Error('no'), { usage }) }], gpt4));
    const kept = cache(failing, { key, negative: { when: () => true, ttlMs: 1_000 } });
    for (let i = 0; i < 2; i += 1) await kept.execute('x').catch(() => {});
    await saved(0.09);
  });

  it('of a stale value saves nothing where it starts a refresh, which makes the same calls', async () => {
    const clock = createVirtualClock();
    const kept = cache(ask, { key, ttlMs: 100, staleMs: 1_000 });
    const execute = () => kept.execute('x', { context: { clock } });
    await execute();
    await clock.advance(200);
    await execute();
    await settled();
    await saved(0);
    await telemetry.expectMetric('tta_llm_cost_total', {}, 0.18);
    await execute();
    await saved(0.09);
  });

  it('in a store saves what the entry says, in another process too', async () => {
    const { store } = jsonStore();
    await cache(ask, { key, store, namespace: 'n' }).execute('x');
    const elsewhere = cache(ask, { key, store, namespace: 'n' });
    await elsewhere.execute('x');
    await Promise.all([elsewhere.execute('x'), elsewhere.execute('x')]);
    await saved(0.27);
    await telemetry.expectMetric('tta_llm_cost_total', {}, 0.09);
  });

  it.each([undefined, null, '5', -1, 1e308, {}])(
    'in a store whose entry says %j dollars saves nothing',
    async (dollars) => {
      const { store, entries } = jsonStore();
      const kept = cache(ask, { key, store });
      await kept.execute('x');
      for (const [at, text] of entries) entries.set(at, JSON.stringify({ ...JSON.parse(text), dollars }));
      await expect(kept.execute('x')).resolves.toMatchObject({ text: 'ok' });
      await saved(0);
    },
  );

  it('of an outer cache saves only what was paid for its value', async () => {
    const inner = cache(ask, { key, name: 'inner' });
    const outer = cache(inner, { key, name: 'outer' });
    await inner.execute('x');
    await outer.execute('x');
    await outer.execute('x');
    await saved(0.09, 'inner');
    await saved(0, 'outer');
  });
});
