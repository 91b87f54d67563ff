/** The tracer provider, and the delivery of its spans to the collector: admission, batches, queue, exporter. */
import { TraceFlags } from '@opentelemetry/api';
import type { NodeTracerProvider, ReadableSpan, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { redact } from '../platform/redact.ts';
import type { Sdk } from './packages.ts';
import { resourceOf } from './resource.ts';
import type { Settings, TracesSettings } from './settings.ts';
import { SpanQueue } from './span-queue.ts';
import { warn } from './warn.ts';

/** A request that fails after this many milliseconds, or half of the export timeout if that is less, had no answer. */
const MAX_SLOW_FAILURE_MS = 1_000;

export interface Traces {
  readonly provider: NodeTracerProvider;
  /** The URL that spans are sent to, without user, password and query. */
  readonly url: string;
  /** Resolves when every span that has ended so far is delivered or counted as lost. */
  flush(): Promise<void>;
  /** The last flush; it also ends the provider. If the collector does not answer, it may never resolve: call `close`. */
  drain(): Promise<void>;
  /** Counts the spans that are left as lost. Returns how many spans were left. */
  close(): number;
}

export function createTraces(sdk: Sdk, settings: Settings, traces: TracesSettings): Traces {
  const url = withoutSecrets(traces.url);
  const queue = new SpanQueue({
    exporter: new sdk.otlp.OTLPTraceExporter({
      url: traces.url.href,
      headers: { ...traces.headers },
      timeoutMillis: traces.exportTimeoutMs,
    }),
    maxPending: traces.maxPending,
    slowFailureMs: Math.min(MAX_SLOW_FAILURE_MS, traces.exportTimeoutMs / 2),
    onFirstFailure: (error) => warn(undeliveredWarning(url, error)),
  });
  const batches = new sdk.traces.BatchSpanProcessor(queue, {
    maxQueueSize: traces.maxPending,
    maxExportBatchSize: traces.batchSize,
    scheduledDelayMillis: traces.scheduleDelayMs,
  });
  const delivery: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => {
      if (isSampled(span) && queue.admit()) batches.onEnd(span);
    },
    forceFlush: async () => {
      await batches.forceFlush();
      await queue.forceFlush();
    },
    shutdown: async () => {
      queue.closeOnSlowFailure();
      await delivery.forceFlush();
      await batches.shutdown();
      await queue.forceFlush();
    },
  };
  const spanProcessors = [delivery, ...traces.spanProcessors];
  const provider = new sdk.traces.NodeTracerProvider({
    resource: resourceOf(sdk, settings),
    sampler: samplerOf(sdk, traces),
    spanProcessors,
  });
  return {
    provider,
    url,
    flush: async () => {
      await Promise.allSettled(spanProcessors.map((processor) => processor.forceFlush()));
    },
    drain: () => provider.shutdown(),
    close: () => queue.close(),
  };
}

function isSampled(span: ReadableSpan): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}

function samplerOf({ traces }: Sdk, { sampler, sampleRatio }: TracesSettings): Sampler {
  const root = sampler.endsWith('always_on')
    ? new traces.AlwaysOnSampler()
    : sampler.endsWith('always_off')
      ? new traces.AlwaysOffSampler()
      : new traces.TraceIdRatioBasedSampler(sampleRatio);
  return sampler.startsWith('parentbased_') ? new traces.ParentBasedSampler({ root }) : root;
}

/** The URL without user, password and query: each of them can be a secret. */
function withoutSecrets(url: URL): string {
  return url.origin + url.pathname;
}

function undeliveredWarning(url: string, error: Error | undefined): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const reason = [code, message].filter((part) => part !== undefined && part !== '').join(' ');
  return (
    `Spans could not be delivered to ${url}: ${redact(reason || 'no reason given')}. Start a collector there, name ` +
    'another with OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP, usually port 4318), or make no spans with ' +
    'OTEL_TRACES_EXPORTER=none. Workflows run on, and the metrics count lost spans. This warning is printed once.'
  );
}
