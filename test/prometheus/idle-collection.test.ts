import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { PrometheusExporter } from '../../src/prometheus/index.ts';
import { ttaViews } from '../../views/index.ts';

class OtherReader extends MetricReader {
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** How many collections of the other reader the SDK keeps for the exporter. */
function kept(provider: MeterProvider): number {
  const { meterSharedStates } = (provider as never as { _sharedState: { meterSharedStates: Map<string, never> } })
    ._sharedState;
  const [state] = [...meterSharedStates.values()] as {
    metricStorageRegistry: { _sharedRegistry: Map<string, { _temporalMetricStorage: never }[]> };
  }[];
  const storages = [...(state?.metricStorageRegistry._sharedRegistry.values() ?? [])].flat();
  const lists = storages.flatMap(({ _temporalMetricStorage }) => [
    ...(
      _temporalMetricStorage as { _unreportedAccumulations: Map<object, object[]> }
    )._unreportedAccumulations.values(),
  ]);
  return Math.max(...lists.map((list) => list.length));
}

it('keeps no reports of another reader while nobody scrapes', async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const other = new OtherReader();
  const provider = new MeterProvider({ views: [{ instrumentName: '*' }, ...ttaViews], readers: [exporter, other] });
  const counter = provider.getMeter('a').createCounter('jobs');
  for (let minute = 0; minute < 10; minute += 1) {
    for (let i = 0; i < 20; i += 1) {
      counter.add(1, { minute });
      await other.collect();
    }
    expect(kept(provider)).toBeLessThanOrEqual(21);
    await vi.advanceTimersByTimeAsync(15_000);
    await exporter.forceFlush();
    await vi.waitFor(() => expect(kept(provider)).toBeLessThanOrEqual(1));
  }
  expect(await exporter.text()).toMatch(/jobs_total\{minute="0",otel_scope_name="a"\} 20\n/);
  await provider.shutdown();
  expect(vi.getTimerCount()).toBe(0);
});

it('waits for scrapes only where it is the only reader', async () => {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [exporter] });
  await exporter.text();
  expect(vi.getTimerCount()).toBe(0);
  await provider.shutdown();
});
