/** Only spans were guarded: a provider, a histogram, a propagator or a context manager that threw failed the work. */
import {
  type Context,
  context,
  type MeterProvider,
  metrics,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bulkhead, extract, inject, llmStream, type Model, stream, task } from '../../src/index.ts';
import { startTestTelemetry, type TestTelemetry } from '../../src/testing/index.ts';

let telemetry: TestTelemetry;
beforeEach(() => {
  telemetry = startTestTelemetry();
});
afterEach(() => telemetry.stop());

const broken = () => {
  throw new Error('broken SDK');
};
const step = task('step', async (n: number) => n + 1);

const instrument = { record: broken, addCallback: broken, removeCallback: broken };
const PROVIDERS: readonly (readonly [string, () => object])[] = [
  ['has no meter', broken],
  ['has a meter without instruments', () => new Proxy({}, { get: () => broken })],
  [
    'has instruments that take nothing',
    () => ({
      createHistogram: () => instrument,
      createObservableCounter: () => instrument,
      createObservableGauge: () => instrument,
      createObservableUpDownCounter: () => instrument,
      addBatchObservableCallback: () => {},
      removeBatchObservableCallback: broken,
    }),
  ],
];

describe('work goes on', () => {
  it.each(PROVIDERS)('where the meter provider %s', async (_, getMeter) => {
    metrics.disable();
    metrics.setGlobalMeterProvider({ getMeter } as unknown as MeterProvider);
    const narrow = bulkhead(step, { concurrency: 1, maxQueue: 5 });
    expect(await Promise.all([1, 2, 3].map((n) => narrow.execute(n)))).toEqual([2, 3, 4]);
    const model: Model = {
      provider: 'fake',
      id: 'fake',
      generate: broken,
      async *stream() {
        yield { text: 'still ' };
        yield { text: 'here' };
      },
    };
    let text = '';
    for await (const chunk of await llmStream(model).execute('x')) text += chunk;
    expect(text).toBe('still here');
    expect(telemetry.spans().map(({ name }) => name)).toHaveLength(7);
  });

  it('where the tracer provider has no tracer, and is counted', async () => {
    trace.disable();
    trace.setGlobalTracerProvider({ getTracer: broken } as unknown as TracerProvider);
    for (const n of [1, 2]) expect(await step.execute(n)).toBe(n + 1);
    await telemetry.expectMetric('tta_primitive_executions_total', { primitive_name: 'step', status: 'success' }, 2);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });

  it('where the propagator throws: ids still travel', async () => {
    propagation.disable();
    const propagator = { inject: broken, extract: broken, fields: broken } as unknown as TextMapPropagator;
    propagation.setGlobalPropagator(propagator);
    const send = task('send', (_: void, ctx) => inject(ctx, {} as Record<string, string>));
    const carrier = await send.execute(undefined, { context: { sessionId: 's-1' } });
    expect(carrier.baggage).toContain('session.id=s-1');
    const received = extract({ ...carrier, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' });
    expect(received.sessionId).toBe('s-1');
  });

  it.each(['with', 'active'])('once, where the context manager throws in %s', async (method) => {
    context.disable();
    context.setGlobalContextManager({
      active: () => ROOT_CONTEXT,
      with: (_: Context, work: (...args: unknown[]) => never, self: unknown, ...args: unknown[]) =>
        work.apply(self, args),
      bind: (_: Context, target: unknown) => target,
      enable() {
        return this;
      },
      disable() {
        return this;
      },
      [method]: broken,
    } as never);
    const runs: number[] = [];
    await task('once', () => void runs.push(1)).execute();
    await expect(task('fails', broken).execute()).rejects.toThrow('broken SDK');
    const count = stream('count', async function* () {
      yield 2;
      yield 3;
    });
    for await (const n of await count.execute()) runs.push(n);
    expect(runs).toEqual([1, 2, 3]);
    await telemetry.expectMetric('tta_primitive_active', {}, 0);
  });
});
