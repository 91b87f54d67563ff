import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { llm } from '../../src/index.ts';
import { setMaxTenants } from '../../src/telemetry/record/tenant.ts';
import { scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

describe('the tenants of a process', () => {
  let telemetry: TestTelemetry;
  beforeAll(() => {
    telemetry = startTestTelemetry();
  });
  afterAll(() => telemetry.stop());

  it('keep their names if they are among the first 100; the others share one, and no dollar is lost', async () => {
    const usage = { inputTokens: 1_000, outputTokens: 0 };
    const ask = llm(scriptedModel([{ text: 'ok', usage }], { provider: 'openai', id: 'gpt-4' }));
    for (let i = 0; i < 150; i += 1) await ask.execute('x', { context: { tenant: `tenant-${i}` } });
    await ask.execute('x', { context: { tenant: 'tenant-3' } });
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: 'tenant-3' }, 0.06);
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: 'tenant-99' }, 0.03);
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: '__other__' }, 1.5);
    await telemetry.expectMetric('tta_tenant_llm_cost_total', {}, 4.53);
    const { samples } = await telemetry.scrape();
    expect(samples.filter(({ name }) => name === 'tta_tenant_llm_cost_total')).toHaveLength(102);
    setMaxTenants(101);
    onTestFinished(() => setMaxTenants(100));
    await ask.execute('x', { context: { tenant: 'one more' } });
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: 'one more' }, 0.03);
  });
});
