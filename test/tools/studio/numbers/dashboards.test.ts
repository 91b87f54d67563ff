/** The numbers of Studio are those of the dashboards for Grafana: the same names, of the same expressions. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Measure, Selector } from '../../../../src/tools/studio/numbers/measure.ts';
import { PANELS } from '../../../../src/tools/studio/numbers/panels.ts';
import { TABLES } from '../../../../src/tools/studio/numbers/tables.ts';

interface Described {
  readonly title?: string;
  readonly targets?: readonly { readonly expr: string }[];
  readonly panels?: readonly Described[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
}

const FOLDER = resolve(import.meta.dirname, '../../../../collector/grafana/dashboards');
const dashboards = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8')) as Described,
);
const all = (of: Described): readonly Described[] => [of, ...(of.panels ?? []).flatMap(all)];
const panelsWith = (title: string) => dashboards.flatMap(all).filter((panel) => panel.title === title);

/** Without what the dashboards add to each selector and grouping. */
const plain = (expression: string) =>
  expression
    .replace(/\w+=~"[^"]*\$[^"]*"(?:, )?/g, '')
    .replace(/(?:, )?\}/g, '}')
    .replaceAll('{}', '')
    .replaceAll('cluster, namespace, ', '')
    .replace(/\[[^\]]+\]/g, '[time]');

const labelsOf = (name: string) => [...name.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);

function series({ metric, where = {} }: Selector): string {
  const matchers = Object.entries(where).map(([label, rule]) => {
    const values = 'only' in rule ? rule.only : rule.not;
    const equals = 'only' in rule ? '=' : '!=';
    const regular = 'only' in rule ? '=~' : '!~';
    return `${label}${values.length > 1 ? regular : equals}"${values.join('|')}"`;
  });
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(', ')}}`;
}

function promql(measure: Measure, by: readonly (string | undefined)[], grown: 'rate' | 'increase'): readonly string[] {
  const sum = (of: string, labels = by) =>
    labels.length === 0 ? `sum(${of})` : `sum by (${labels.join(', ')}) (${of})`;
  const growth = (selector: Selector) => sum(`${grown}(${series(selector)}[time])`);
  switch (measure.kind) {
    case 'rate':
    case 'increase':
      return [growth(measure.of)];
    case 'share': {
      const [part, whole] = [growth(measure.part), measure.whole.map(growth)];
      return [`${part} / ${whole.length === 1 ? whole[0] : `(${whole.join(' + ')})`}`];
    }
    case 'quantile':
      return [`histogram_quantile(${measure.q}, ${sum(`${grown}(${series(measure.of)}[time])`, ['le', ...by])})`];
    case 'gauge':
      return ['sum', 'min', 'max'].map((how) => `${how} by (${by.join(', ')}) (${series(measure.of)})`);
  }
}

const UNITS = {
  per_second: ['reqps', 'ops', 'short'],
  share: ['percentunit'],
  seconds: ['s'],
  dollars: ['currencyUSD'],
  dollars_per_hour: ['currencyUSD'],
  count: ['short'],
  state: ['none'],
};

describe('each panel of the numbers', () => {
  const rows = PANELS.flatMap(([, panels]) => panels).filter(({ title }) => title !== 'Cost by use');

  it.each(rows)('$id has the title, the unit and the expression of a panel of the dashboards', (panel) => {
    const named = panelsWith(panel.title).filter(({ fieldConfig }) =>
      UNITS[panel.unit].includes(fieldConfig?.defaults.unit ?? 'none'),
    );
    expect(named).not.toEqual([]);
    const expressions = named.flatMap(({ targets = [] }) => targets.map(({ expr }) => plain(expr)));
    for (const { name, measure } of panel.lines) {
      const by = labelsOf(name);
      const meant = (['rate', 'increase'] as const).flatMap((grown) => promql(measure, by, grown));
      // A tile can be the sum of what the dashboards show by name.
      const isThere = meant.some((each) => expressions.some((expression) => expression.includes(each)));
      const isSum = panel.shape === 'values' && measure.kind === 'increase';
      const hasMetric = 'of' in measure && expressions.some((expression) => expression.includes(measure.of.metric));
      expect(isThere || (isSum && hasMetric), `${meant.join('\n')}\nnot in\n${expressions.join('\n')}`).toBe(true);
    }
  });
});

describe('the table of workflows', () => {
  it('has the columns of the dashboards', () => {
    const [workflows] = TABLES;
    const expressions = panelsWith('Each workflow').flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => plain(expr)),
    );
    const meant = workflows?.columns.flatMap(([, , measure]) => promql(measure, ['workflow_name'], 'increase')) ?? [];
    expect(expressions).toHaveLength(5);
    expect(meant).toEqual(expect.arrayContaining(expressions));
  });
});
