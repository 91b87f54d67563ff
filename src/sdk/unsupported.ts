/** What the environment asks for and `register` does not do: each variable is named in a warning, once. */
import { isMainThread } from 'node:worker_threads';
import { listFrom, otlpVariable, textFrom } from './environment.ts';
import { warn } from './warn.ts';

interface Limit {
  /** The values that say what is done anyway, in lower case. */
  readonly done: readonly string[];
  readonly instead: string;
}

const jsonOverHttp = (what: string): Limit => ({
  done: ['http/json'],
  instead: `${what} are sent as http/json, which a collector takes at the port of http/protobuf, usually 4318`,
});

const OF_TRACES: Readonly<Record<string, Limit>> = {
  OTEL_TRACES_EXPORTER: { done: ['otlp', 'none'], instead: 'spans are sent by OTLP; with none no spans are made' },
  OTEL_PROPAGATORS: {
    done: ['tracecontext', 'baggage'],
    instead: 'those of the W3C are used, tracecontext and baggage',
  },
};

const OF_METRICS: Readonly<Record<string, Limit>> = {
  OTEL_METRICS_EXPORTER: {
    done: ['prometheus', 'otlp', 'none'],
    instead:
      'metrics are at the Prometheus endpoint, with otlp they are sent to a collector, with none there is neither',
  },
};

const OF_METRICS_PUSH: Readonly<Record<string, Limit>> = {
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    done: ['cumulative'],
    instead: 'metrics are sent as sums since the start of the process, so that a request that is lost loses nothing',
  },
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: {
    done: ['explicit_bucket_histogram'],
    instead: 'histograms have the buckets of their views',
  },
};

const FILES = ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'];

/** What of the environment is to be followed. */
interface Followed {
  readonly traces: boolean;
  readonly metrics: boolean;
  readonly metricsPush: boolean;
}

/** Worker threads have the same environment: only the main thread warns. */
export function warnOfUnsupported({ traces, metrics, metricsPush }: Followed): void {
  if (!isMainThread) return;
  for (const [name, { done, instead }] of Object.entries({
    ...(metricsPush ? { [otlpVariable('metrics', 'PROTOCOL')]: jsonOverHttp('metrics'), ...OF_METRICS_PUSH } : {}),
    // Where both are sent and one variable names the protocol, it is said of spans.
    ...(traces ? { [otlpVariable('traces', 'PROTOCOL')]: jsonOverHttp('spans'), ...OF_TRACES } : {}),
    ...(metrics || metricsPush ? OF_METRICS : {}),
  })) {
    const others = listFrom(name).filter((value) => !done.includes(value));
    if (others.length > 0) warn(`${name}: ${JSON.stringify(others.join(','))} is not supported; ${instead}`);
  }
  for (const name of FILES) {
    if (textFrom(name) !== undefined) warn(`${name} is not supported: no file is read, only variables and options`);
  }
}
