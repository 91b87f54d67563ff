/** The tracer provider, and the delivery of its spans to the collector. */
import { TraceFlags } from '@opentelemetry/api';
import type { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { systemClock } from '../platform/clock.ts';
import { guarded, reportInternal } from '../telemetry/guard.ts';
import type { Failure } from './answer.ts';
import { CollectorClient, type CollectorOptions, withoutSecrets } from './collector.ts';
import { sendLast } from './last-requests.ts';
import type { Sdk } from './packages.ts';
import { tracesResourceOf } from './resource.ts';
import type { Settings } from './settings.ts';
import { SpanQueue } from './span-queue.ts';
import type { ReadableSpan, Sampler, SpanProcessor } from './span-types.ts';
import type { TracesSettings } from './traces-settings.ts';
import { warn } from './warn.ts';
import { workerNotice } from './worker-threads.ts';

/** A request that fails after this many milliseconds, or half of the export timeout if that is less, had no answer. */
const MAX_SLOW_FAILURE_MS = 1_000;
/** What the spans that wait may take: this much, or 1 KiB for each span if that is more. */
const LEAST_PENDING_BYTES = 32 * 1024 * 1024;

export interface Traces {
  readonly provider: NodeTracerProvider;
  /** The URL that spans are sent to, without user, password and query. */
  readonly url: string;
  /**
   * Resolves when every span that has ended so far is delivered or counted as lost; earlier if nothing reaches the
   * collector.
   */
  flush(): Promise<void>;
  /** Whether a span has ended since the last `finish`. */
  hasNew(): boolean;
  /** As `drain`, but the provider goes on: the program may start more work. */
  finish(): Promise<void>;
  /** Whether no more spans are sent, because the collector did not answer at the end. */
  isClosed(): boolean;
  /** The last flush; it also ends the provider. If the collector does not answer, it may never resolve: call `close`. */
  drain(): Promise<void>;
  /** Counts the spans that are left as lost. Returns how many spans were left. */
  close(): number;
  /**
   * Sends the spans that are left while the process exits, waits for it, and ends the other processors. Spans that end
   * later, in other handlers of the exit, are sent one by one. All of it takes `flushTimeoutMs` at the longest.
   */
  sendLast(): void;
}

export function createTraces(sdk: Sdk, settings: Settings, traces: TracesSettings): Traces {
  const url = withoutSecrets(traces.url);
  const collector: CollectorOptions = { ...traces, timeoutMs: traces.exportTimeoutMs };
  const queue = new SpanQueue({
    ...traces,
    client: new CollectorClient(collector),
    maxPendingBytes: Math.max(LEAST_PENDING_BYTES, traces.maxPending * 1024),
    slowFailureMs: Math.min(MAX_SLOW_FAILURE_MS, traces.exportTimeoutMs / 2),
    longestLastWaitMs: settings.flushTimeoutMs,
    onFailure: (kind, reason, spans) => warn(undeliveredWarning(url, kind, reason, spans)),
  });
  let hasNew = false;
  const delivery: SpanProcessor = {
    onStart: () => {},
    onEnd: (span) => {
      hasNew = true;
      if (isSampled(span)) queue.add(span);
    },
    forceFlush: () => queue.flush(),
    shutdown: () => queue.drain(),
  };
  const others = [...workerNotice(), ...traces.spanProcessors.map(guardedProcessor)];
  const spanProcessors = [delivery, ...others];
  const provider = new sdk.traces.NodeTracerProvider({
    resource: tracesResourceOf(sdk, settings, traces),
    sampler: samplerOf(sdk, traces),
    spanProcessors,
  });
  return {
    provider,
    url,
    flush: async () => {
      await Promise.allSettled(spanProcessors.map((processor) => processor.forceFlush()));
    },
    hasNew: () => hasNew,
    finish: async () => {
      hasNew = false;
      await Promise.allSettled([queue.drain(), ...others.map((processor) => processor.forceFlush())]);
    },
    isClosed: () => queue.isClosed,
    drain: () => provider.shutdown(),
    close: () => queue.close(),
    sendLast() {
      const deadline = systemClock.now() + settings.flushTimeoutMs;
      queue.closeWith((requests) => sendLast(requests, collector, deadline - systemClock.now()));
      // Only what they do at once is done.
      for (const processor of others) void processor.shutdown();
    },
  };
}

/** A processor of the program, whose errors reach neither the observed work nor the end of the process. */
function guardedProcessor(processor: SpanProcessor): SpanProcessor {
  const settled = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      reportInternal(`a span processor fails in ${what}`, error);
    }
  };
  return {
    onStart: (span, parent) => guarded('a span processor fails in onStart', () => processor.onStart(span, parent)),
    onEnd: (span) => guarded('a span processor fails in onEnd', () => processor.onEnd(span)),
    forceFlush: () => settled('forceFlush', () => processor.forceFlush()),
    shutdown: () => settled('shutdown', () => processor.shutdown()),
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

function undeliveredWarning(url: string, kind: Failure['kind'] | 'rejected', reason: string, spans: number): string {
  const subject = kind === 'rejected' ? `${spans} spans of one request` : 'Spans';
  const why = `${subject} could not be delivered to ${url}: ${reason || 'no reason given'}.`;
  return `${why} ${REMEDY[kind]} Workflows run on, and the metrics count lost spans. This warning is printed once.`;
}

const START =
  'Start a collector there (`npx tta studio` is a small one, with a page), name another with OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP, usually port 4318), or make ' +
  'no spans with OTEL_TRACES_EXPORTER=none.';

const REMEDY: Readonly<Record<Failure['kind'] | 'rejected', string>> = {
  unreachable: `${START} Until then spans wait, as long as there is room.`,
  timed_out: START,
  refused: START,
  busy: 'The collector is overloaded: spans wait, as long as there is room, and are sent again.',
  too_large: 'One span is larger than what the collector accepts: raise its limit for the size of a request.',
  rejected: 'The collector refuses these spans, and took the others.',
};
