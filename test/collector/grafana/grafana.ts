/** Asks a Prometheus what Grafana would ask it for a panel or a variable. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Target, Variable } from './dashboards.ts';

export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds and values; one point where an instant was asked for. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

export interface Window {
  /** What the dashboard shows, in seconds: `$__range`. */
  readonly range: number;
  /** Seconds between two points. */
  readonly step: number;
  /** `$__rate_interval`: Grafana takes four scrape intervals, or the step and one more if that is longer. */
  readonly rateInterval: string;
  /** What the variables stand at; those not named at All. */
  readonly chosen?: Readonly<Record<string, string>>;
}

const ALL = '.+';

/** Puts in what Grafana puts in for variables. */
export function filledIn(expression: string, { range, rateInterval, chosen = {} }: Window): string {
  const fixed: Record<string, string> = {
    ...{ __rate_interval: rateInterval, __range: `${range}s`, __range_s: String(range), datasource: 'prometheus' },
    ...chosen,
  };
  return expression.replaceAll(/\$([a-z_]\w*)/g, (_, name: string) => fixed[name] ?? ALL);
}

async function api<T>(url: string, path: string, parameters: Readonly<Record<string, string>>): Promise<T> {
  const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
  const body = (await response.json()) as { status: string; data: T; error?: string };
  if (body.status !== 'success') throw new Error(`${body.error}: ${JSON.stringify(parameters)}`);
  return body.data;
}

interface Answer {
  readonly result: readonly {
    readonly metric: Record<string, string>;
    readonly value?: readonly [number, string];
    readonly values?: readonly (readonly [number, string])[];
  }[];
}

/** @throws Error when Prometheus finds the query wrong */
export async function ask(url: string, target: Target, window: Window): Promise<readonly Line[]> {
  const query = filledIn(target.expr, window);
  const now = Date.now() / 1_000;
  const span = { start: String(now - window.range), end: String(now), step: String(window.step) };
  const { result } = target.instant
    ? await api<Answer>(url, 'query', { query })
    : await api<Answer>(url, 'query_range', { query, ...span });
  return result.map(({ metric, value, values = value === undefined ? [] : [value] }) => ({
    labels: metric,
    points: values.map(([seconds, text]) => [seconds, Number(text)] as const),
  }));
}

/** The values that a variable of `label_values(selector, label)` offers. */
export async function offered(url: string, variable: Variable, window: Window): Promise<readonly string[]> {
  const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(variable.query) ?? [];
  if (selector === undefined)
    throw new Error(`${variable.name} is no label_values(selector, label): ${variable.query}`);
  return api(url, `label/${label}/values`, { 'match[]': filledIn(selector, window) });
}

/** Asks until there is an answer with a number in it, and gives the last one when there has been none for too long. */
export async function awaitAnswer(url: string, target: Target, window: Window, withinMs = 25_000) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const lines = await ask(url, target, window);
    const told = lines.filter(({ points }) => points.some(([, value]) => Number.isFinite(value)));
    if (told.length > 0 || Date.now() > deadline) return told;
    await pause(200);
  }
}
