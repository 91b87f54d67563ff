import { afterEach, beforeEach, expect, it } from 'vitest';
import { cache, llm, map } from '../../src/index.ts';
import { addTo } from '../../src/ledger/money.ts';
import { sumOf } from '../../src/prometheus/parse.ts';
import { modelSeries } from '../../src/telemetry/record/model-series.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

function cheap(id: string, input: number) {
  const model = scriptedModel([{ text: 'yes', usage: { inputTokens: 1, outputTokens: 0 } }], { id, provider: 'cheap' });
  return llm(model, { prices: { [id]: { input, output: 0 } } });
}

it('10 million calls of $0.0000001 are $1 at the counter', async () => {
  await cheap('free', 0).execute('?');
  const { cost } = modelSeries('cheap', 'free');
  for (let i = 0; i < 10_000_000; i += 1) addTo(cost, 0.000_000_1);
  expect(sumOf(await telemetry.scrape(), 'tta_llm_cost_total', { provider: 'cheap', model: 'free' })).toBe(1);
});

it('and are so under each provider, whatever was counted before', async () => {
  for (const before of [333, 3_333_333, 10_000_001]) {
    const model = `free-${before}`;
    await cheap(model, 0).execute('?');
    const { cost } = modelSeries('cheap', model);
    for (let i = 0; i < before; i += 1) addTo(cost, 0.000_000_1);
    await telemetry.stop();
    telemetry = startTestTelemetry();
    await cheap(model, 0).execute('?');
    for (let i = 0; i < 10_000_000; i += 1) addTo(cost, 0.000_000_1);
    expect(sumOf(await telemetry.scrape(), 'tta_llm_cost_total', { model })).toBe(1);
  }
});

it('a thousand calls of llm are their exact sum by model, workflow, tenant and use', async () => {
  const ask = cheap('tiny', 0.1);
  for (let i = 0; i < 1_000; i += 1) await ask.execute('?');
  const scrape = await telemetry.scrape();
  expect(sumOf(scrape, 'tta_llm_cost_total', { provider: 'cheap', model: 'tiny' })).toBe(0.0001);
  expect(sumOf(scrape, 'tta_workflow_llm_cost_total', { workflow_name: '__none__' })).toBe(0.0001);
  expect(sumOf(scrape, 'tta_tenant_llm_cost_total', { tenant: '__none__' })).toBe(0.0001);
  expect(sumOf(scrape, 'tta_llm_cost_by_use_total', { use: 'answered' })).toBe(0.0001);
});

it('many calls of one execution are their exact sum by use, and in what a cache saves', async () => {
  const many = cache(map(cheap('small', 0.1), { concurrency: 1 }), { key: () => 'same', name: 'sums' });
  const prompts = Array.from({ length: 10_000 }, () => '?');
  await many.execute(prompts);
  await many.execute(prompts);
  const scrape = await telemetry.scrape();
  expect(sumOf(scrape, 'tta_llm_cost_by_use_total', { use: 'answered' })).toBe(0.001);
  expect(sumOf(scrape, 'tta_cache_saved_dollars_total', { primitive_name: 'sums' })).toBe(0.001);
});
