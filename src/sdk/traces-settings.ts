/** The settings for spans: from the options, else from the environment, else the defaults. */
import { listFrom, numberFrom, oneOf } from './environment.ts';
import type { RegisterOptions } from './options.ts';
import { type CollectorSettings, collectorFrom, LONGEST_EXPORT_SHARE, timeoutFrom } from './otlp-settings.ts';
import type { SpanProcessor } from './span-types.ts';
import { warn } from './warn.ts';

const SAMPLERS = [
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
  'always_on',
  'always_off',
  'traceidratio',
] as const;

export interface TracesSettings extends CollectorSettings {
  /** How requests are compressed. @default OTEL_EXPORTER_OTLP_TRACES_COMPRESSION, OTEL_EXPORTER_OTLP_COMPRESSION, or none */
  readonly compression: 'gzip' | 'none';
  /**
   * PEM files for HTTPS: who signs the collector's certificate, and our own certificate with its key. Each variable also exists without `TRACES_`.
   * @default OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE, OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE, OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY, or none
   */
  readonly tls: Partial<Readonly<Record<'ca' | 'cert' | 'key', Buffer>>>;
  readonly sampler: (typeof SAMPLERS)[number];
  readonly sampleRatio: number;
  readonly spanProcessors: readonly SpanProcessor[];
  /** The options about spans that were given. */
  readonly given: readonly string[];
  /** How many spans may wait to be sent, 1 KiB each on average; more are counted as lost. @default OTEL_BSP_MAX_QUEUE_SIZE, or 131072 */
  readonly maxPending: number;
  /** How many spans one request holds at most. @default OTEL_BSP_MAX_EXPORT_BATCH_SIZE, or 512 */
  readonly batchSize: number;
  /** How long spans wait for their batch to fill, in milliseconds. @default OTEL_BSP_SCHEDULE_DELAY, or 5000 */
  readonly scheduleDelayMs: number;
  /**
   * How long one request may take, in milliseconds: the shorter of the variables, at most nine tenths of `flushTimeoutMs`.
   * @default OTEL_EXPORTER_OTLP_TRACES_TIMEOUT, OTEL_EXPORTER_OTLP_TIMEOUT, OTEL_BSP_EXPORT_TIMEOUT, or 4500: nine tenths of `flushTimeoutMs`
   */
  readonly exportTimeoutMs: number;
}

/** `undefined` where no spans are made. */
export function tracesFrom(options: RegisterOptions, flushTimeoutMs: number): TracesSettings | undefined {
  const given = options.traces;
  if (given === false) return undefined;
  if (given === undefined && listFrom('OTEL_TRACES_EXPORTER').includes('none')) return undefined;
  const { sampleRatio } = options;
  const wholeNumber = { min: 1, max: 10_000_000 };
  const milliseconds = { min: 0, max: 3_600_000 };
  const maxPending = numberFrom('OTEL_BSP_MAX_QUEUE_SIZE', { ...wholeNumber, otherwise: 131_072 });
  const batchSize = numberFrom('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', { ...wholeNumber, otherwise: 512 });
  if (batchSize > maxPending) {
    warn(`OTEL_BSP_MAX_EXPORT_BATCH_SIZE is larger than the queue; its size ${maxPending} is used instead`);
  }
  const longest = Math.round(flushTimeoutMs * LONGEST_EXPORT_SHARE);
  return {
    ...collectorFrom('traces', given),
    sampler: sampleRatio === undefined ? oneOf('OTEL_TRACES_SAMPLER', SAMPLERS, SAMPLERS[0]) : SAMPLERS[2],
    sampleRatio: sampleRatio ?? numberFrom('OTEL_TRACES_SAMPLER_ARG', { min: 0, max: 1, otherwise: 1, integer: false }),
    spanProcessors: options.spanProcessors ?? [],
    given: (['traces', 'sampleRatio', 'spanProcessors'] as const).filter((name) => options[name] !== undefined),
    maxPending,
    batchSize: Math.min(batchSize, maxPending),
    scheduleDelayMs:
      given?.scheduleDelayMs ?? numberFrom('OTEL_BSP_SCHEDULE_DELAY', { ...milliseconds, otherwise: 5_000 }),
    exportTimeoutMs: Math.min(
      longest,
      timeoutFrom('traces', longest),
      numberFrom('OTEL_BSP_EXPORT_TIMEOUT', { ...milliseconds, min: 1, otherwise: longest }),
    ),
  };
}
