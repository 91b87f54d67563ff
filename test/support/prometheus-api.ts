/** Asks a running Prometheus over its HTTP API. */

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [seconds: number, value: string];
}

export interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

export interface EvaluatedRule {
  readonly name: string;
  readonly query: string;
  readonly type: 'recording' | 'alerting';
  /** Of an alert: its `for`, in seconds. */
  readonly duration?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly health: 'ok' | 'unknown' | 'err';
  readonly lastError?: string;
  /** Seconds that the last evaluation took. */
  readonly evaluationTime: number;
}

export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Answer<T> {
  readonly result: readonly T[];
  /** What Prometheus says about an expression that it could evaluate but that looks wrong. 2.42 has none. */
  readonly warnings: readonly string[];
}

/** Prometheus 3 distinguishes two degrees. */
interface Annotations {
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

export interface PrometheusApi {
  query(expression: string): Promise<readonly Series[]>;
  /** `query`, with the warnings of Prometheus. */
  ask(expression: string): Promise<Answer<Series>>;
  /** The values of an expression from one time to another, both in seconds, one in every `step` seconds. */
  queryRange(expression: string, from: number, to: number, step: number): Promise<readonly RangeSeries[]>;
  /** The samples of a metric as they were scraped, between two times in seconds. */
  samples(name: string, from: number, to: number): Promise<readonly RangeSeries[]>;
  metricNames(): Promise<readonly string[]>;
  targets(): Promise<readonly { labels: Record<string, string>; health: string; lastError: string }[]>;
  rules(): Promise<readonly EvaluatedRule[]>;
  alerts(): Promise<readonly ActiveAlert[]>;
}

export function prometheusApi(url: string): PrometheusApi {
  async function get<T>(path: string, parameters: Readonly<Record<string, string>> = {}) {
    const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    const body = (await response.json()) as { status: string; data: T; error?: string } & Annotations;
    if (body.status !== 'success') throw new Error(`Prometheus: ${body.error}`);
    return { data: body.data, warnings: [...(body.warnings ?? []), ...(body.infos ?? [])] };
  }

  async function ask(expression: string): Promise<Answer<Series>> {
    const { data, warnings } = await get<{ result: Series[] }>('query', { query: expression });
    return { result: data.result, warnings };
  }

  return {
    ask,
    query: async (expression) => (await ask(expression)).result,
    async queryRange(query, from, to, step) {
      const range = { query, start: String(from), end: String(to), step: String(step) };
      return (await get<{ result: RangeSeries[] }>('query_range', range)).data.result;
    },
    async samples(name, from, to) {
      const query = `${name}[${Math.ceil(to - from)}s]`;
      return (await get<{ result: RangeSeries[] }>('query', { query, time: String(to) })).data.result;
    },
    metricNames: async () => (await get<string[]>('label/__name__/values')).data,
    targets: async () => (await get<{ activeTargets: never[] }>('targets', { state: 'active' })).data.activeTargets,
    rules: async () =>
      (await get<{ groups: { rules: EvaluatedRule[] }[] }>('rules')).data.groups.flatMap(({ rules }) => rules),
    alerts: async () => (await get<{ alerts: ActiveAlert[] }>('alerts')).data.alerts,
  };
}
