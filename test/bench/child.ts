import { metrics } from '@opentelemetry/api';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  NodeTracerProvider,
} from '@opentelemetry/sdk-trace-node';
import { ttaViews } from '../../views/index.js';
import { measure } from './measure.js';
import { measureScrapes } from './scrape.js';
import { settings } from './settings.js';

class NeverRead extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Providers and views as `register` makes them; spans go the whole way through batching and then nowhere. */
function startSdk(sampled: boolean): void {
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new NeverRead()], views: [...ttaViews] }));
  const exporter = {
    export: (_: unknown, done: (result: { code: 0 }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  };
  new NodeTracerProvider({
    sampler: sampled ? new AlwaysOnSampler() : new AlwaysOffSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: 131_072, maxExportBatchSize: 512 })],
  }).register();
}

const [name = '', size] = process.argv.slice(2);
if (size !== undefined) {
  process.send?.({ results: await measureScrapes(Number(size)) });
} else {
  const setting = settings[name];
  if (setting === undefined)
    throw new Error(`there is no setting ${name}; there are ${Object.keys(settings).join(', ')}`);
  if (setting.sdk !== 'none') startSdk(setting.sdk === 'sampled');
  const results = await measure(await setting.cases(), (done) => process.send?.({ done }));
  process.send?.({ results });
}
process.disconnect();
