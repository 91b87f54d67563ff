import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { openAICompatible } from '../../index.ts';
import { systemClock } from '../../platform/clock.ts';
import { parseExposition } from '../../prometheus/parse.ts';
import { createDigest } from '../digest/index.ts';
import { startLoadServers } from '../load/load-servers.ts';
import { type LoadProgress, runLoad } from '../load/run-load.ts';
import { createTexts } from '../load/texts.ts';
import { bar, createLiveLine } from './live-line.ts';
import { type LoadReport, lossesOf, renderLoad, verdictsOf, workflowsOf } from './load-report.ts';
import { OFFLINE_PRICES } from './models.ts';
import { packageManifest } from './package-root.ts';
import { requirePeers } from './peers.ts';
import { stopOnSignals } from './stop.ts';
import { collectorFrom } from './traces.ts';

export interface LoadCommandOptions {
  /** Requests per second, or as many as `concurrency` lets through. */
  readonly rate: number | 'max';
  readonly concurrency: number;
  /** Seconds. */
  readonly duration: number;
  /** 0 to 1. */
  readonly faultShare: number;
  readonly out?: string;
  readonly json: boolean;
}

/** As long as an orderly end may take: a queue that the load has filled is to be delivered, not given up. */
const FLUSH_MS = 30_000;
const UNLIMITED_TOKENS = 1e15;

/** `tta load`. Ends with 1 when a request went uncounted, a span was lost, or a scrape was late. */
export async function loadCommand(options: LoadCommandOptions): Promise<void> {
  requirePeers(true, 'tta load', ['hdr-histogram-js']);
  const { register } = await import('../../sdk/index.ts');
  const ours = collectorFrom(process.env) === undefined;
  const servers = await startLoadServers({ faultShare: options.faultShare, traces: ours });
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
    if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(report, undefined, 2)}\n`);
    console.log(options.json ? JSON.stringify(report, undefined, 2) : renderLoad(report));
    if (!options.json && options.out !== undefined) console.log(`Written to ${options.out}`);
    if (report.verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
  } finally {
    await telemetry.shutdown();
    servers.close();
    await stop.leave();
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
    if (telemetry.metricsUrl !== undefined) servers.scrape(telemetry.metricsUrl);
    const startedAt = new Date(systemClock.now()).toISOString();
    const loadBefore = loadavg()[0] ?? 0;
    console.error(
      `${rate === 'max' ? 'As many requests' : `${rate} requests`} a second as ${concurrency} at once allow, for ${duration} s; ` +
        `metrics ${telemetry.metricsUrl ?? telemetry.metricsError?.message ?? 'off'}, spans to ${telemetry.tracesUrl ?? 'nowhere'}`,
    );

    const line = createLiveLine(process.stderr);
    const show = ({ seconds, done, failed, residentBytes }: LoadProgress) =>
      line.show(
        `${seconds.toFixed(0)} s, ${done} requests, ${(done / Math.max(seconds, 0.001)).toFixed(1)}/s, ` +
          `${failed} failed, ${(residentBytes / 1e6).toFixed(0)} MB`,
        { bar: `${bar(seconds / duration)} ` },
      );
    const measures = await runLoad({
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
    const facts = {
      ...measures,
      version: packageManifest().version,
      node: process.version,
      startedAt,
      machine: { cores: availableParallelism(), loadBefore, loadAfter: loadavg()[0] ?? 0 },
      options: { rate, concurrency, duration, faultShare },
      counted: { ...workflowsOf(after, before), modelServer: modelRequests },
      spans: { ended, lost: lossesOf(after, before), received: spans },
      scrapes,
    };
    return { ...facts, verdicts: verdictsOf(facts) };
  }
}
