/** The same scrapes, asked of Studio and of a real Prometheus. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NumbersAnswer } from '../../../../src/tools/studio/api.ts';
import { createSamples } from '../../../../src/tools/studio/numbers/samples.ts';
import { component } from '../../../support/component.ts';
import { type Prometheus, startPrometheus } from '../../../support/prometheus.ts';
import { scrapeOf } from './exposition.ts';

const program = component('prometheus');
const promtool = component('promtool');
const BOUNDS = ['0.01', '0.1', '0.5', '1', '5', '+Inf'];
const WORKFLOWS = ['digest', 'answer', 'never'];
const SCRAPES = 240;
/** A multiple of all steps that are asked for. */
const end = Math.floor(Date.now() / 900_000 - 1) * 900;
const start = end - 5 * SCRAPES;

/** What a program shows at each scrape. It restarts in the middle. */
function scrapes(): readonly Record<string, number>[] {
  let seed = 7;
  const random = () => {
    seed = (seed * 16_807) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  let values: Record<string, number> = {};
  const grow = (name: string, by: number) => {
    values[name] = (values[name] ?? 0) + by;
  };
  return Array.from({ length: SCRAPES + 1 }, (_, scrape) => {
    if (scrape === SCRAPES / 2) values = Object.fromEntries(Object.keys(values).map((name) => [name, 0]));
    for (const [index, workflow] of WORKFLOWS.entries()) {
      const runs = workflow === 'never' ? 0 : Math.floor(random() * 4 * (index + 1));
      const failures = Math.floor(runs * random() * 0.5);
      const label = `{workflow_name="${workflow}"`;
      grow(`tta_workflow_executions_total${label},status="success"}`, runs - failures);
      grow(`tta_workflow_executions_total${label},status="failure"}`, failures);
      grow(`tta_workflow_outcomes_total${label},outcome="success"}`, runs - failures);
      grow(`tta_workflow_outcomes_total${label},outcome="failure"}`, failures);
      grow(`tta_workflow_outcomes_total${label},outcome="cancelled"}`, Math.floor(random() * 3));
      grow(`tta_workflow_llm_cost_total${label}}`, runs * random() * 0.01);
      const seconds = Array.from({ length: runs }, () => 8 * random() ** 3);
      for (const bound of BOUNDS) {
        const most = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
        grow(
          `tta_workflow_duration_seconds_bucket${label},le="${bound}"}`,
          seconds.filter((each) => each <= most).length,
        );
      }
    }
    grow('tta_cache_hits_total{primitive_name="c",cache_type="lru"}', Math.floor(random() * 5));
    grow('tta_cache_misses_total{primitive_name="c",cache_type="lru"}', Math.floor(random() * 5));
    values['tta_primitive_active{primitive_type="llm"}'] = Math.floor(random() * 9);
    return { ...values };
  });
}

/** The file that promtool makes blocks of: all samples of a metric together. */
function openMetrics(all: readonly Record<string, number>[]): string {
  const lines = Object.keys(all[0] ?? {}).map((name) =>
    all.map((values, scrape) => `${name} ${values[name]} ${start + 5 * scrape}`).join('\n'),
  );
  return `${lines.sort().join('\n')}\n# EOF\n`;
}

describe.skipIf(program === undefined || promtool === undefined)('Studio and Prometheus', () => {
  let folder = '';
  let prometheus: Prometheus;
  const samples = createSamples({ retentionDays: 7 });

  beforeAll(async () => {
    const all = scrapes();
    for (const [scrape, values] of all.entries())
      samples.take('http://127.0.0.1:9464/metrics', scrapeOf(values), 1_000 * (start + 5 * scrape));
    folder = await mkdtemp(join(tmpdir(), 'tta-numbers-'));
    await writeFile(join(folder, 'all.txt'), openMetrics(all));
    execFileSync(promtool ?? '', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      join(folder, 'all.txt'),
      join(folder, 'data'),
    ]);
    prometheus = await startPrometheus(program ?? '', '127.0.0.1:9', { data: join(folder, 'data') });
  }, 60_000);
  afterAll(async () => {
    await prometheus?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (points: number): NumbersAnswer => ({
    ...samples.answer(
      new URLSearchParams({ from: `${1_000 * (start + 60)}`, to: `${1_000 * end}`, points: `${points}` }),
      1_000 * end,
    ),
    targets: [],
  });

  /** The result at a time, by a label; what is NaN there is not known here. */
  async function query(expression: string, at: number, label: string): Promise<ReadonlyMap<string, number | null>> {
    const url = `${prometheus.url}/api/v1/query?${new URLSearchParams({ query: expression, time: String(at) })}`;
    const { data } = (await (await fetch(url)).json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return new Map(
      data.result.map(({ metric, value: [, value] }) => [
        metric[label] ?? '',
        Number.isNaN(Number(value)) ? null : Number(value),
      ]),
    );
  }

  const PANELS: readonly (readonly [id: string, label: string, expression: string])[] = [
    ['rate-by-workflow', 'workflow_name', 'sum by (workflow_name) (rate(tta_workflow_executions_total[TIME]))'],
    [
      'failed-by-workflow',
      'workflow_name',
      'sum by (workflow_name) (rate(tta_workflow_outcomes_total{outcome!~"success|cancelled|superseded"}[TIME])) / sum by (workflow_name) (rate(tta_workflow_outcomes_total{outcome!~"cancelled|superseded"}[TIME]))',
    ],
    [
      'latency-by-workflow',
      'workflow_name',
      'histogram_quantile(0.95, sum by (workflow_name, le) (rate(tta_workflow_duration_seconds_bucket[TIME])))',
    ],
    ['cost-by-workflow', 'workflow_name', '3600 * sum by (workflow_name) (rate(tta_workflow_llm_cost_total[TIME]))'],
    [
      'hits-by-cache',
      'primitive_name',
      'sum by (primitive_name) (rate(tta_cache_hits_total[TIME])) / (sum by (primitive_name) (rate(tta_cache_hits_total[TIME])) + sum by (primitive_name) (rate(tta_cache_misses_total[TIME])))',
    ],
    ['in-flight', 'primitive_type', 'sum by (primitive_type) (tta_primitive_active)'],
  ];

  it.each(PANELS)('agree on each value of %s', async (id, label, expression) => {
    for (const points of [500, 20]) {
      const { fromMs, stepMs, spanMs, panels } = ask(points);
      const series = panels.find((panel) => panel.id === id)?.series ?? [];
      expect(series.length).toBeGreaterThan(0);
      for (let step = 8; step < (series[0]?.values.length ?? 0); step += 7) {
        const at = (fromMs + (step + 1) * stepMs) / 1_000;
        // One millisecond more: newer releases leave out a sample at the very beginning.
        const theirs = await query(expression.replaceAll('TIME', `${spanMs + 1}ms`), at, label);
        for (const { name, values } of series) {
          const [ours, other] = [values[step] ?? null, theirs.get(name) ?? null];
          if (ours === null || other === null) expect([name, at, ours]).toEqual([name, at, other]);
          else expect(Math.abs(ours - other)).toBeLessThanOrEqual(0.001 * Math.max(Math.abs(other), 1e-9));
        }
      }
    }
  });

  it('agree on the numbers of the whole time', async () => {
    const { toMs, fromMs, tables } = ask(20);
    const time = `${toMs - fromMs + 1}ms`;
    const columns = [
      `sum by (workflow_name) (increase(tta_workflow_executions_total[${time}]))`,
      `sum by (workflow_name) (increase(tta_workflow_outcomes_total{outcome!~"success|cancelled|superseded"}[${time}])) / sum by (workflow_name) (increase(tta_workflow_outcomes_total{outcome!~"cancelled|superseded"}[${time}]))`,
      ...[0.5, 0.95, 0.99].map(
        (q) =>
          `histogram_quantile(${q}, sum by (workflow_name, le) (increase(tta_workflow_duration_seconds_bucket[${time}])))`,
      ),
      `sum by (workflow_name) (increase(tta_workflow_llm_cost_total[${time}]))`,
    ];
    const rows = tables.find(({ id }) => id === 'workflows')?.rows ?? [];
    expect(rows.map(({ name }) => name)).toEqual(['answer', 'digest']);
    for (const [column, expression] of columns.entries()) {
      const theirs = await query(expression, toMs / 1_000, 'workflow_name');
      for (const { name, cells } of rows) {
        const other = theirs.get(name) ?? Number.NaN;
        expect(Math.abs((cells[column] ?? Number.NaN) - other) / other).toBeLessThan(0.001);
      }
    }
  });
});
