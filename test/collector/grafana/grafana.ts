/** Sends Prometheus the requests that Grafana sends for a panel or a variable. */
import { setTimeout as pause } from 'node:timers/promises';
import { dashboards, type Target, type Variable } from './dashboards.ts';

export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  /** Times in seconds since the epoch, and values. An instant query has one point. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface TimeWindow {
  /** The time that the dashboard shows, in seconds: `$__range`. */
  readonly range: number;
  /** Seconds between two points. */
  readonly step: number;
  /** `$__rate_interval`: in Grafana four scrape intervals, or the step and one scrape interval if that is longer. */
  readonly rateInterval: string;
  /** The end of the time that the dashboard shows, in seconds since the epoch. @default now */
  readonly until?: number;
  /** The selected values of the variables. A variable that is not named is set to All. */
  readonly selected?: Readonly<Record<string, string>>;
}

/** What All stands for, by the name of the variable. */
const ALL = new Map(dashboards.flatMap(({ templating }) => templating.list.map((each) => [each.name, each.allValue])));

/** Replaces the variables in an expression as Grafana does. */
export function replaceVariables(expression: string, { range, rateInterval, selected = {} }: TimeWindow): string {
  const values: Record<string, string> = {
    ...{ __rate_interval: rateInterval, __range: `${range}s`, __range_s: String(range), datasource: 'prometheus' },
    ...selected,
  };
  return expression.replaceAll(/\$([a-z_]\w*)/g, (_, name: string) => values[name] ?? ALL.get(name) ?? name);
}

async function api<T>(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = (await response.json()) as { status: string; data: T; error?: string };
  if (body.status !== 'success') throw new Error(`${body.error}: ${JSON.stringify(parameters)}`);
  return body.data;
}

interface QueryResult {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly value?: readonly [number, string];
    readonly values?: readonly (readonly [number, string])[];
  }[];
}

/** The series that a target returns. @throws Error when Prometheus refuses the query */
export async function runTarget(url: string, target: Target, window: TimeWindow): Promise<readonly Line[]> {
  const query = replaceVariables(target.expr, window);
  const { range, step, until = Date.now() / 1_000 } = window;
  const span = { start: String(until - range), end: String(until), step: String(step) };
  const { result } = target.instant
    ? await api<QueryResult>(url, 'query', { query, time: String(until) })
    : await api<QueryResult>(url, 'query_range', { query, ...span });
  return result.map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
    labels: metric,
    points: values.map(([seconds, text]) => [seconds, Number(text)] as const),
  }));
}

/** The values of a variable whose query is `label_values(selector, label)`. */
export async function variableValues(url: string, variable: Variable, window: TimeWindow): Promise<readonly string[]> {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(variable.query) ?? [];
  if (selector === undefined)
    throw new Error(`${variable.name} is not label_values(selector, label): ${variable.query}`);
  return api(url, `label/${label}/values`, { 'match[]': replaceVariables(selector, window) });
}

/** Runs a target until a series has a number, and returns these series: an empty list after `withinMs`. */
export async function waitForSeries(url: string, target: Target, window: TimeWindow, withinMs = 60_000) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const lines = await runTarget(url, target, window);
    const withNumbers = lines.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
    if (withNumbers.length > 0 || Date.now() > deadline) return withNumbers;
    await pause(200);
  }
}
