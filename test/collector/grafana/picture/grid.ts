/** Heat maps and state timelines: rows of coloured cells over time. */
import type { Box, NamedLine } from './chart.ts';
import { escapeHtml, formatTime, formatValue } from './format.ts';

interface Times {
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** The width of the longest name, in pixels. */
const nameWidth = (lines: readonly NamedLine[]) =>
  Math.min(220, 16 + 6.2 * Math.max(...lines.map(({ name }) => name.length)));

function canvas(lines: readonly NamedLine[], { width, height }: Box, times: Times, content: string): string {
  const { from, to } = times;
  const left = nameWidth(lines);
  const marks = Array.from({ length: 5 }, (_, i) => Math.ceil((from + (i * (to - from)) / 5) / 60) * 60);
  const x = (at: number) => left + ((at - from) / (to - from)) * (width - left - 8);
  const timeLabels = marks.map(
    (at) => `<text x="${x(at).toFixed(1)}" y="${height - 4}" text-anchor="middle">${formatTime(at)}</text>`,
  );
  return `<svg width="${width}" height="${height}">${content}${timeLabels.join('')}</svg>`;
}

/** One row of cells per name. A cell is left out when `fill` returns `undefined`. */
function rows(
  lines: readonly NamedLine[],
  { width, height }: Box,
  { step, from, to }: Times,
  fill: (value: number) => string | undefined,
): string {
  const left = nameWidth(lines);
  const row = Math.min(60, (height - 20) / lines.length);
  const wide = (step / (to - from)) * (width - left - 8) + 0.4;
  return lines
    .map(({ name, points }, index) => {
      const cells = points.map(([seconds, value]) => {
        const colour = fill(value);
        const x = left + ((seconds - from) / (to - from)) * (width - left - 8) - wide;
        if (colour === undefined || x < left - 1) return '';
        return `<rect x="${x.toFixed(1)}" y="${(index * row).toFixed(1)}" width="${wide.toFixed(1)}" height="${(row * 0.9).toFixed(1)}" fill="${colour}"/>`;
      });
      const size = Math.min(11, row);
      return `<text x="${left - 8}" y="${(index * row + row / 2 + 3).toFixed(1)}" text-anchor="end" style="font-size:${size}px">${escapeHtml(name)}</text>${cells.join('')}`;
    })
    .join('');
}

/** One row per bucket of a histogram, the longest durations at the top. The cumulative counts are subtracted. */
export function heatmap(lines: readonly NamedLine[], box: Box, options: Times & { readonly unit: string }): string {
  const sorted = lines.toSorted((a, b) => bound(a) - bound(b));
  const bands = sorted.map((line, index) => {
    const below = new Map(sorted[index - 1]?.points ?? []);
    const points = line.points.map(([at, value]) => [at, Math.max(0, value - (below.get(at) ?? 0))] as const);
    const name = Number.isFinite(bound(line)) ? formatValue(bound(line), options.unit) : 'longer';
    return { ...line, name, points };
  });
  const largest = Math.max(...bands.flatMap(({ points }) => points.map(([, value]) => value)));
  const fill = (value: number) =>
    value > 0
      ? `hsl(${(28 + 30 * (value / largest)).toFixed(0)} 90% ${(14 + 46 * Math.sqrt(value / largest)).toFixed(0)}%)`
      : undefined;
  return canvas(bands, box, options, rows(bands.toReversed(), box, options, fill));
}

const bound = ({ labels }: NamedLine) => Number(labels.le === '+Inf' ? Number.POSITIVE_INFINITY : labels.le);

export function timeline(
  lines: readonly NamedLine[],
  box: Box,
  options: Times & { readonly colourOf: (value: number) => string },
): string {
  return canvas(lines, box, options, rows(lines, box, options, options.colourOf));
}
