/** Fields of colour over time: heat maps and states. */
import type { Box, Named } from './chart.ts';
import { clock, escaped, formatted } from './format.ts';

interface Times {
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** Room for the longest name. */
const leftOf = (lines: readonly Named[]) => Math.min(220, 16 + 6.2 * Math.max(...lines.map(({ name }) => name.length)));

function canvas(lines: readonly Named[], { width, height }: Box, times: Times, inside: string): string {
  const { from, to } = times;
  const left = leftOf(lines);
  const marks = Array.from({ length: 5 }, (_, i) => Math.ceil((from + (i * (to - from)) / 5) / 60) * 60);
  const x = (at: number) => left + ((at - from) / (to - from)) * (width - left - 8);
  const days = marks.map(
    (at) => `<text x="${x(at).toFixed(1)}" y="${height - 4}" text-anchor="middle">${clock(at)}</text>`,
  );
  return `<svg width="${width}" height="${height}">${inside}${days.join('')}</svg>`;
}

/** One line of cells per name; `fill` is none where there is nothing to show. */
function rows(
  lines: readonly Named[],
  { width, height }: Box,
  { step, from, to }: Times,
  fill: (value: number) => string | undefined,
): string {
  const left = leftOf(lines);
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
      return `<text x="${left - 8}" y="${(index * row + row / 2 + 3).toFixed(1)}" text-anchor="end" style="font-size:${size}px">${escaped(name)}</text>${cells.join('')}`;
    })
    .join('');
}

/** Cumulative buckets as bands of their own, the longest durations at the top. */
export function heatmap(lines: readonly Named[], box: Box, options: Times & { readonly unit: string }): string {
  const sorted = lines.toSorted((a, b) => bound(a) - bound(b));
  const bands = sorted.map((line, index) => {
    const below = new Map(sorted[index - 1]?.points ?? []);
    const points = line.points.map(([at, value]) => [at, Math.max(0, value - (below.get(at) ?? 0))] as const);
    const name = Number.isFinite(bound(line)) ? formatted(bound(line), options.unit) : 'longer';
    return { ...line, name, points };
  });
  const most = Math.max(...bands.flatMap(({ points }) => points.map(([, value]) => value)));
  const fill = (value: number) =>
    value > 0
      ? `hsl(${(28 + 30 * (value / most)).toFixed(0)} 90% ${(14 + 46 * Math.sqrt(value / most)).toFixed(0)}%)`
      : undefined;
  return canvas(bands, box, options, rows(bands.toReversed(), box, options, fill));
}

const bound = ({ labels }: Named) => Number(labels.le === '+Inf' ? Number.POSITIVE_INFINITY : labels.le);

export function timeline(
  lines: readonly Named[],
  box: Box,
  options: Times & { readonly shade: (value: number) => string },
): string {
  return canvas(lines, box, options, rows(lines, box, options, options.shade));
}
