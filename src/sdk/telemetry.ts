/** One SDK from its start to its shutdown. */
import { chargesSettled } from '../llm/pending-charges.ts';
import { systemClock } from '../platform/clock.ts';
import { currentMeter } from '../telemetry/meter.ts';
import { observeProcess } from '../telemetry/process.ts';
import { setMaxTenants } from '../telemetry/record/tenant.ts';
import { settlesWithin } from './deadline.ts';
import { onExit } from './exit.ts';
import { hasMeterProvider, hasTracerProvider, registerMetrics, registerTraces } from './globals.ts';
import { answersWithout, type Started, type Telemetry } from './handle.ts';
import { watchForLatecomers } from './latecomers.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { startModelCalls } from './model-calls.ts';
import type { Sdk } from './packages.ts';
import { createProcessReader } from './process-reading.ts';
import { type ScrapeServer, startScrapeServer } from './scrape-server.ts';
import type { Settings } from './settings.ts';
import { createTraces, type Traces } from './traces.ts';
import { warn } from './warn.ts';
import { answerAsked, askWorkers, followWorkers, noteEndpoint } from './worker-threads.ts';

/** Sets the global providers before anything is awaited. `onShutdown` is called when they are unset again. */
export function startTelemetry(sdk: Sdk, settings: Settings, onShutdown: () => void): Started {
  const traces = startTraces(sdk, settings);
  const metrics = startMetrics(sdk, settings);
  setMaxTenants(settings.maxTenants);
  const modelCalls = startModelCalls(settings.modelCalls);
  const text = async (timeoutMs?: number) => (await metrics?.exporter.text('text', timeoutMs)) ?? '';
  let server: ScrapeServer | undefined;
  let ready: Promise<void> | undefined;
  const listen = (endpoint: Settings['prometheus']): boolean => {
    if (metrics === undefined || endpoint === undefined || ready !== undefined) return false;
    noteEndpoint(true);
    metrics.gathering.serve(endpoint);
    ready = metrics.gathering.isServed().then(async (isServed) => {
      if (!isServed) server = await startScrapeServer(endpoint, metrics.exporter);
    });
    return true;
  };
  metrics?.gathering.start(metrics.exporter, settings, () => {
    noteEndpoint(true);
    void ready?.then(() => server?.close());
  });
  listen(settings.prometheus);

  let lastText: Promise<string> | undefined;
  let ending: Promise<void> | undefined;
  const push = metrics?.push;
  const flush = async () => {
    if (traces === undefined && push === undefined) return;
    const all = () => Promise.allSettled([traces?.flush(), push?.push()]);
    await settlesWithin(settings.flushTimeoutMs, chargesSettled().then(all));
  };
  let gaveUp = false;
  const finish = async () => {
    if (ending === undefined) await Promise.all([finishTraces(), finishMetrics()]);
  };
  const finishTraces = async () => {
    if (traces === undefined || gaveUp || !traces.hasNew()) return;
    const inTime = await settlesWithin(settings.flushTimeoutMs, traces.finish());
    if (inTime && !traces.isClosed()) return;
    gaveUp = true;
    warnOfLost(traces.close());
  };
  const finishMetrics = async () => {
    if (push !== undefined) await settlesWithin(settings.flushTimeoutMs, push.finish());
  };
  const end = async () => {
    const deadline = systemClock.now() + settings.flushTimeoutMs;
    modelCalls.stop();
    push?.stop();
    if (traces !== undefined || push !== undefined) {
      const all = () => Promise.allSettled([traces?.drain(), push?.push()]);
      await settlesWithin(settings.flushTimeoutMs, chargesSettled().then(all));
      if (traces !== undefined) warnOfLost(traces.close());
    }
    releaseProcess();
    // A callback that never ends gets half of the time that is left: the endpoint closes in time all the same.
    lastText = text(Math.max(100, deadline - systemClock.now()) / 2);
    const closing = Promise.allSettled([lastText, ready?.then(() => server?.close())]).then(async () => {
      await metrics?.gathering.stop();
      await metrics?.stop();
    });
    await settlesWithin(Math.max(100, deadline - systemClock.now()), closing);
    unwatch();
    noteEndpoint(false);
    releaseWorker();
    traces?.release();
    metrics?.release();
    onShutdown();
  };
  const warnOfLost = (spans: number) => {
    if (spans > 0) warn(`${spans} spans were lost at shutdown: ${traces?.url} did not accept them in time`);
  };
  const shutdown = () => {
    ending ??= end();
    return ending;
  };
  const unwatch = traces === undefined && metrics === undefined ? () => {} : watchForLatecomers();
  const sendLast = () => {
    modelCalls.endOpen();
    // Both at the same time: a collector that does not answer takes the whole time of one of them.
    const sent = push?.beginLast(settings.flushTimeoutMs);
    traces?.sendLast();
    sent?.();
  };
  const releaseProcess = onExit({ flush, finish, shutdown, sendLast });
  followWorkers(settings.flushTimeoutMs, push !== undefined);
  const releaseWorker = answerAsked(() => {
    sendLast();
    metrics?.gathering.stopNow();
    askWorkers();
  });

  const telemetry: Telemetry = {
    get metricsUrl() {
      return server?.url;
    },
    get metricsError() {
      return server?.error;
    },
    tracesUrl: traces?.url,
    metricsPushUrl: push?.url,
    metrics: () => lastText ?? text(),
    ...(metrics === undefined
      ? answersWithout('another OpenTelemetry SDK has the metrics')
      : { handleMetrics: metrics.exporter.getMetricsRequestHandler, respondMetrics: metrics.exporter.respond }),
    flush: () => ending ?? flush(),
    shutdown,
  };
  return { telemetry, ready: async () => ready, listen, ending: () => ending };
}

function startTraces(sdk: Sdk, settings: Settings): (Traces & { release(): void }) | undefined {
  if (settings.traces === undefined) return undefined;
  if (hasTracerProvider()) {
    // Beside zero-code instrumentation that is how it should be: its spans and ours are in the same traces.
    const { given } = settings.traces;
    if (given.length > 0) {
      warn(
        `Another OpenTelemetry SDK is registered for traces, and gets all spans; of register, ${given.join(', ')} is ignored`,
      );
    }
    return undefined;
  }
  const traces = createTraces(sdk, settings, settings.traces);
  return { ...traces, release: registerTraces(traces.provider) };
}

function startMetrics(
  sdk: Sdk,
  settings: Settings,
): (Metrics & { stop(): Promise<void>; release(): void }) | undefined {
  if (hasMeterProvider()) {
    warn(
      'Another OpenTelemetry SDK is already registered for metrics, so register opens no endpoint. For the schema in that SDK: ' +
        "import { ttaViews } from 'tta-primitives/views' and new MeterProvider({ views: [...ttaViews], ... })",
    );
    currentMeter();
    return undefined;
  }
  const metrics = createMetrics(sdk, settings);
  const release = registerMetrics(metrics.provider);
  const reader = createProcessReader();
  const unobserve = observeProcess(reader.read);
  // Now, not at the first execution: primitives that were built before have series at 0 in the first scrape.
  currentMeter();
  return {
    ...metrics,
    release,
    async stop() {
      unobserve();
      reader.stop();
      await metrics.provider.shutdown();
    },
  };
}
