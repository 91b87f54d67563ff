import { availableParallelism, loadavg } from 'node:os';
import { openAICompatible } from '../../index.ts';
import { systemClock } from '../../platform/clock.ts';
import { foreignText } from '../../platform/foreign-text.ts';
import { writeAtomically } from '../../platform/write-atomically.ts';
import { parseExposition } from '../../prometheus/parse.ts';
import { textFrom } from '../../sdk/environment.ts';
import { createDigest } from '../digest/index.ts';
import { startLoadServers } from '../load/load-servers.ts';
import { type LoadProgress, runLoad } from '../load/run-load.ts';
import { createTexts } from '../load/texts.ts';
import { bar, createLiveLine } from './live-line.ts';
import { countExecutions, countLostSpans, judgeLoad, type LoadReport, renderLoad } from './load-report.ts';
import { OFFLINE_PRICES } from './models.ts';
import { packageManifest } from './package-root.ts';
import { print, printError } from './print.ts';
import { requirePeers } from './require-peers.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { collectorFrom } from './trace-target.ts';

export interface LoadCommandOptions {
  /** Requests per second; `max` for as many as `concurrency` allows. */
  readonly rate: number | 'max';
  readonly concurrency: number;
  /** How long requests are started, in seconds. */
  readonly duration: number;
  /** The share of model calls that fail, from 0 to 1. */
  readonly faultShare: number;
  readonly out?: string;
  readonly json: boolean;
}

/** The longest time for the delivery of the last spans. It is long, because the load can fill the queue. */
const FLUSH_MS = 30_000;
const UNLIMITED_TOKENS = 1e15;

/** `tta load`. The exit code is 1 when a request was not counted, a span was lost, or a scrape failed. */
export async function loadCommand(options: LoadCommandOptions): Promise<void> {
  requirePeers('tta load', ['openai', 'hdr-histogram-js']);
  const { register } = await import('../../sdk/index.ts');
  const traces = collectorFrom(process.env) === undefined;
  const servers = await startLoadServers({ faultShare: options.faultShare, traces });
  let ended = 0;
  const telemetry = await register({
    ...(servers.traceURL === undefined ? {} : { traces: { endpoint: servers.traceURL } }),
    flushTimeoutMs: FLUSH_MS,
    spanProcessors: [
      {
        onStart() {},
        onEnd(span) {
          if (span.spanContext().traceFlags & 1) ended += 1;
        },
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const stop = stopOnSignals();
  try {
    const report = await measure();
    if (options.out !== undefined) await writeAtomically(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
    print(options.json ? JSON.stringify(report, undefined, 2) : renderLoad(report));
    if (!options.json && options.out !== undefined) print(`Written to ${options.out}`);
    if (report.verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
  } finally {
    await telemetry.shutdown();
    servers.close();
    await stop.endProcess();
  }

  async function measure(): Promise<LoadReport> {
    const { rate, concurrency, duration, faultShare } = options;
    const connect = (model: string) => openAICompatible({ model, baseURL: servers.modelURL, provider: 'offline' });
    const digest = createDigest({
      small: connect('offline-small'),
      large: connect('offline-large'),
      prices: OFFLINE_PRICES,
      tokensPerMinute: UNLIMITED_TOKENS,
      read: async (n) => ({ folder: 'load', files: createTexts(Number(n)), skipped: [] }),
    });
    const scrape = async () => parseExposition(await telemetry.metrics());
    const before = await scrape();
    if (telemetry.metricsUrl !== undefined) servers.scrape(telemetry.metricsUrl, textFrom('TTA_PROMETHEUS_TOKEN'));
    const startedAt = new Date(systemClock.date()).toISOString();
    const loadBefore = loadavg()[0] ?? 0;
    printError(
      `${rate === 'max' ? 'As many requests per second as possible' : `${rate} requests per second`}, at most ${concurrency} at once, for ${duration} s; ` +
        `metrics ${foreignText(telemetry.metricsUrl ?? telemetry.metricsError?.message ?? 'off')}, spans to ${foreignText(telemetry.tracesUrl ?? 'nowhere')}`,
    );

    const line = createLiveLine(process.stderr);
    const show = ({ seconds, done, failed, residentBytes }: LoadProgress) =>
      line.show(
        `${seconds.toFixed(0)} s, ${done} requests, ${(done / Math.max(seconds, 0.001)).toFixed(1)}/s, ` +
          `${failed} failed, ${(residentBytes / 1e6).toFixed(0)} MB`,
        { bar: `${bar(seconds / duration)} ` },
      );
    const measurements = await runLoad({
      rate: rate === 'max' ? undefined : rate,
      concurrency,
      durationMs: duration * 1_000,
      signal: stop.signal,
      clock: systemClock,
      request: (n) => digest.execute(String(n)),
      onProgress: show,
    });
    line.clear();
    await telemetry.flush();
    const after = await scrape();
    const { modelRequests, spans, scrapes } = await servers.report();
    const results = {
      ...measurements,
      version: packageManifest().version,
      node: process.version,
      startedAt,
      machine: { cores: availableParallelism(), loadBefore, loadAfter: loadavg()[0] ?? 0 },
      options: { rate, concurrency, duration, faultShare },
      counted: { ...countExecutions(after, before), modelServer: modelRequests },
      spans: { ended, lost: countLostSpans(after, before), received: spans },
      scrapes,
    };
    return { ...results, verdicts: judgeLoad(results) };
  }
}
