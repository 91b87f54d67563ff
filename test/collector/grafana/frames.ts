/** Turns answers of Prometheus into frames, as Grafana's data source does. */
import type { Target } from './dashboards.ts';
import type { Line } from './grafana.ts';

const nameOf = (format: string, labels: Line['labels']) =>
  format.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => labels[label] ?? '');

/** One frame with a column per label, and one row per series. */
function table({ refId }: Target, lines: readonly Line[]): readonly object[] {
  const labels = [...new Set(lines.flatMap((line) => Object.keys(line.labels)))].sort();
  const lasts = lines.map(({ points }) => points.at(-1) as readonly [number, number]);
  const fields = [
    { name: 'Time', type: 'time', values: lasts.map(([seconds]) => seconds * 1_000) },
    ...labels.map((name) => ({ name, type: 'string', values: lines.map((line) => line.labels[name] ?? '') })),
    { name: `Value #${refId}`, type: 'number', values: lasts.map(([, value]) => value) },
  ];
  return [{ refId, fields: fields.map((field) => ({ ...field, config: {} })) }];
}

export function framesOf(target: Target, lines: readonly Line[]): readonly object[] {
  const { refId, format, legendFormat = '' } = target;
  if (format === 'table') return table(target, lines);
  return lines.map(({ labels, points }) => {
    const name = nameOf(legendFormat, labels);
    const time = { name: 'Time', type: 'time', config: {}, values: points.map(([seconds]) => seconds * 1_000) };
    const config = { displayNameFromDS: name };
    return {
      ...{ refId, name },
      fields: [time, { name: 'Value', type: 'number', labels, config, values: points.map(([, value]) => value) }],
    };
  });
}
