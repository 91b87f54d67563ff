/** Renders a table: one line per set of labels, one column per query. */
import type { Panel } from '../dashboards.ts';
import type { Line } from '../grafana.ts';
import { escapeHtml, formatValue } from './format.ts';

interface TableSettings {
  readonly fieldConfig?: {
    readonly overrides?: readonly {
      readonly matcher: { readonly options?: string };
      readonly properties: readonly { readonly id: string; readonly value?: unknown }[];
    }[];
  };
}

export function renderTable(panel: Panel & TableSettings, answers: readonly (readonly Line[])[]): string {
  const names = panel.transformations?.find(({ id }) => id === 'organize')?.options.renameByName ?? {};
  const units = new Map(
    panel.fieldConfig?.overrides?.map(({ matcher, properties }) => [matcher.options, String(properties[0]?.value)]),
  );
  const keys = [...new Set(answers.flat().map(({ labels }) => Object.values(labels).join(' ')))].sort();
  const columns = (panel.targets ?? []).map(({ refId }, index) => ({
    name: names[`Value #${refId}`] ?? refId,
    values: new Map((answers[index] ?? []).map((line) => [Object.values(line.labels).join(' '), line.points[0]?.[1]])),
  }));
  const head = ['Workflow', ...columns.map(({ name }) => name)].map((name) => `<th>${escapeHtml(name)}</th>`);
  const rows = keys.map((key) => {
    const cells = columns.map(({ name, values }) => {
      const value = values.get(key);
      return `<td>${value === undefined ? '' : escapeHtml(formatValue(value, units.get(name)))}</td>`;
    });
    return `<tr><td>${escapeHtml(key)}</td>${cells.join('')}</tr>`;
  });
  return `<table class="summary"><tr>${head.join('')}</tr>${rows.join('')}</table>`;
}
