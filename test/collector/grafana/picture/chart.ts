/** A chart of lines or areas over time, as SVG with a legend. */
import type { Line } from '../grafana.ts';
import { escapeHtml, formatTime, formatValue, ticks } from './format.ts';

export const PALETTE = [
  ...['#73bf69', '#f2cc0c', '#5794f2', '#ff780a', '#b877d9', '#ff7383', '#8ab8ff', '#ffcb7d'],
  ...['#96d98d', '#ca95e5', '#e0b400', '#56a64b', '#3274d9', '#fa6400'],
] as const;
export const colour = (index: number) => PALETTE[index % PALETTE.length] as string;

export interface NamedLine extends Line {
  readonly name: string;
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

interface Frame extends Box {
  readonly left: number;
  readonly bottom: number;
  x(seconds: number): number;
  y(value: number): number;
}

const finite = (lines: readonly NamedLine[]) =>
  lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);

/** Splits the points where a value is missing or not a number, so that the line has a gap there. */
function splitAtGaps(points: Line['points'], step: number): readonly Line['points'][] {
  const parts: (readonly [number, number])[][] = [];
  let previous = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (!Number.isFinite(point[1])) continue;
    if (point[0] - previous > step * 1.5) parts.push([]);
    parts.at(-1)?.push(point);
    previous = point[0];
  }
  return parts;
}

const path = (points: Line['points'], { x, y }: Frame) =>
  points.map(([seconds, value], i) => `${i === 0 ? 'M' : 'L'}${x(seconds).toFixed(1)} ${y(value).toFixed(1)}`).join('');

/** Adds to each line the values of the lines before it. A missing point counts as 0. */
function stackLines(lines: readonly NamedLine[]): readonly NamedLine[] {
  const sums = new Map<number, number>();
  return lines.map((line) => ({
    ...line,
    points: line.points.map(([seconds, value]) => {
      const total = (sums.get(seconds) ?? 0) + (Number.isFinite(value) ? value : 0);
      sums.set(seconds, total);
      return [seconds, total] as const;
    }),
  }));
}

function curves(lines: readonly NamedLine[], frame: Frame, step: number, stacked: boolean): string {
  const renderPanel = (stacked ? stackLines(lines) : lines).map(({ points }, index) => {
    const parts = splitAtGaps(points, step).map((run) => {
      const line = path(run, frame);
      const ends = `L${frame.x(run.at(-1)?.[0] ?? 0).toFixed(1)} ${frame.bottom}L${frame.x(run[0]?.[0] ?? 0).toFixed(1)} ${frame.bottom}Z`;
      const area = `<path d="${line}${ends}" fill="${colour(index)}" fill-opacity="${stacked ? 0.25 : 0.07}"/>`;
      return `${area}<path d="${line}" fill="none" stroke="${colour(index)}" stroke-width="1.5" stroke-linejoin="round"/>`;
    });
    return parts.join('');
  });
  // The highest area is drawn first, so that it does not hide the others.
  return (stacked ? renderPanel.reverse() : renderPanel).join('');
}

export interface ChartOptions {
  readonly unit: string;
  readonly stacked: boolean;
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

export function chart(lines: readonly NamedLine[], { width, height }: Box, options: ChartOptions): string {
  const { unit, stacked, step, from, to } = options;
  const high = Math.max(0, ...finite(stacked ? stackLines(lines) : lines));
  const size = unit === 'bytes' ? 1024 ** 2 : 1;
  const marks = ticks(0, (high === 0 ? 1 : high) / size, 4).map((mark) => mark * size);
  const top = marks.at(-1) ?? 1;
  const left = 58;
  const bottom = height - 20;
  const frame: Frame = {
    ...{ width, height, left, bottom },
    x: (seconds) => left + ((seconds - from) / (to - from)) * (width - left - 8),
    y: (value) => bottom - (value / top) * (bottom - 8),
  };
  const grid = marks.map((mark) => {
    const y = frame.y(mark).toFixed(1);
    return `<line x1="${left}" x2="${width - 8}" y1="${y}" y2="${y}" class="grid"/><text x="${left - 6}" y="${Number(y) + 3.5}" text-anchor="end">${escapeHtml(formatValue(mark, unit))}</text>`;
  });
  const times = Array.from({ length: 5 }, (_, i) => Math.ceil((from + (i * (to - from)) / 5) / 60) * 60);
  const timeLabels = times.map(
    (at) => `<text x="${frame.x(at).toFixed(1)}" y="${height - 4}" text-anchor="middle">${formatTime(at)}</text>`,
  );
  return `<svg width="${width}" height="${height}">${grid.join('')}${timeLabels.join('')}${curves(lines, frame, step, stacked)}</svg>`;
}

/** The mean and the last value of each line, for at most `maxRows` lines. */
export function legend(lines: readonly NamedLine[], unit: string, maxRows: number): string {
  const rows = lines.slice(0, maxRows).map(({ name, points }, index) => {
    const values = points.map(([, value]) => value).filter(Number.isFinite);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const cells = [mean, values.at(-1) ?? Number.NaN].map(
      (value) => `<td>${escapeHtml(formatValue(value, unit))}</td>`,
    );
    return `<tr><th><i style="background:${colour(index)}"></i>${escapeHtml(name)}</th>${cells.join('')}</tr>`;
  });
  const more = lines.length > maxRows ? `<tr><th>and ${lines.length - maxRows} more</th></tr>` : '';
  return `<table class="legend"><tr class="head"><th></th><td>mean</td><td>last</td></tr>${rows.join('')}${more}</table>`;
}
