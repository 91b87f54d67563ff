import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { extract, llm, sequential, task, type WorkflowContext, withContext, workflow } from '../../src/index.ts';
import { beginModelCall } from '../../src/llm/begin-model-call.ts';
import { createVirtualClock, scriptedModel, startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const usage = { inputTokens: 1_000, outputTokens: 1_000 };
const ask = llm(scriptedModel([{ text: 'ok', usage }], { provider: 'openai', id: 'gpt-4' }));
const seen = task('seen', (_: unknown, context) => context);
const tick = () => new Promise((resolve) => setImmediate(resolve));

describe('withContext', () => {
  it('gives its tenant to all that the work starts, in primitives and outside, also later', async () => {
    const given = await withContext({ tenant: 'acme' }, async () => {
      await tick();
      const inner = await sequential(seen).execute(1);
      return [await seen.execute(1), inner, await withContext({ tags: { a: 1 } }, () => seen.execute(1))];
    });
    expect(given.map(({ tenant }) => tenant)).toEqual(['acme', 'acme', 'acme']);
    expect(given[2]?.tags).toEqual({ a: 1 });
    expect((await seen.execute(1)).tenant).toBeUndefined();
  });

  it('returns what the work returns, and throws what it throws', () => {
    expect(withContext({ tenant: 'a' }, () => 5)).toBe(5);
    const error = new Error('no');
    expect(() =>
      withContext({}, () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it('keeps concurrent tenants apart, and the inner of two nested ones', async () => {
    const tenantOf = (tenant: string) =>
      withContext({ tenant }, async () => {
        await tick();
        return (await seen.execute(1)).tenant;
      });
    expect(await Promise.all(['a', 'b', 'c'].map(tenantOf))).toEqual(['a', 'b', 'c']);
    expect(await withContext({ tenant: 'out' }, () => tenantOf('in'))).toBe('in');
  });

  it('makes each execution outside of a primitive a run of its own, and keeps one run inside', async () => {
    const runs = await withContext({ tenant: 'a' }, () => Promise.all([seen.execute(1), seen.execute(1)]));
    expect(new Set(runs.map(({ workflowId }) => workflowId)).size).toBe(2);
    const named = await withContext({ workflowId: 'w-1' }, () => Promise.all([seen.execute(1), seen.execute(1)]));
    expect(named.map(({ workflowId }) => workflowId)).toEqual(['w-1', 'w-1']);
    const outer: WorkflowContext[] = [];
    const flow = workflow(
      'flow',
      task('outer', async (_: unknown, context) => {
        outer.push(context);
        return withContext({ tenant: 'b' }, () => seen.execute(1));
      }),
    );
    const inner = await flow.execute(1);
    expect(inner).toMatchObject({ tenant: 'b', workflowName: 'flow', workflowId: outer[0]?.workflowId });
  });

  it('gives its tenant to what comes from another process, which has none', async () => {
    const headers = { baggage: 'tta.workflow.id=w-7' };
    const context = await withContext({ tenant: 'acme' }, () => seen.execute(1, { context: extract(headers) }));
    expect(context).toMatchObject({ tenant: 'acme', workflowId: 'w-7' });
  });

  it('gives its clock', async () => {
    const clock = createVirtualClock();
    expect((await withContext({ clock }, () => seen.execute(1))).clock).toBe(clock);
  });

  it('refuses a wrong context and work that is no function', () => {
    expect(() => withContext({ tenant: '' }, () => 1)).toThrow('tenant must be a text that is not empty');
    expect(() => withContext({ tenant: 5 } as never, () => 1)).toThrow('tenant must be a text that is not empty');
    expect(() => withContext({ tenent: 'a' } as never, () => 1)).toThrow('tenent');
    expect(() => withContext(undefined as never, () => 1)).toThrow(TypeError);
    expect(() => withContext({}, 5 as never)).toThrow('work must be a function');
  });
});

describe('dollars by tenant', () => {
  it('go to the tenant of the run, to the innermost if there are several, and else to none', async () => {
    const nested = task('nested', async () => {
      await ask.execute('x');
      await ask.execute('x', { context: { tenant: 'inner' } });
    });
    await nested.execute(undefined, { context: { tenant: 'outer' } });
    await ask.execute('x');
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: 'outer' }, 0.09);
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: 'inner' }, 0.09);
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: '__none__' }, 0.09);
  });

  it('are those of calls that no primitive makes, too', async () => {
    withContext({ tenant: 'wire' }, () =>
      beginModelCall({
        operation: 'chat',
        provider: 'openai',
        model: 'gpt-4',
        requestBytes: 1,
        maxOutputTokens: undefined,
        serverAddress: 'api.openai.com',
        serverPort: 443,
        streams: false,
        resendCount: undefined,
      }).succeeded({
        model: 'gpt-4',
        id: undefined,
        finishReasons: [],
        usage,
        metering: 'exact',
        statedDollars: undefined,
        serviceTier: undefined,
      }),
    );
    await telemetry.expectMetric('tta_tenant_llm_cost_total', { tenant: 'wire' }, 0.09);
    expect(telemetry.spans()[0]?.attributes['tta.tenant']).toBe('wire');
  });

  it('show the tenant on the first span of the run and on the call, and cut a long name', async () => {
    const tenant = 'x'.repeat(1_000);
    await workflow('flow', sequential(ask)).execute('x', { context: { tenant } });
    const shown = telemetry.spans().map(({ name, attributes }) => [name, String(attributes['tta.tenant']).length]);
    expect(Object.fromEntries(shown)).toMatchObject({ 'invoke_workflow flow': 256, 'chat gpt-4': 256 });
  });
});
