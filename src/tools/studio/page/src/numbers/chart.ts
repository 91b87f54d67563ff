/** One chart by uPlot, which draws on a canvas: what it says stands in a table beside it too. */
import uPlot from 'uplot';
import type { NumbersPanel } from '../../../api.ts';
import { colourOf } from './palette.ts';
import { formatTick, timeTicks } from './values.ts';

export interface ChartEvents {
  /** The reader points at a place: the index of a value and, where one is near, of a series. */
  onPoint(index: number | null, series: number | null, left: number): void;
  onPick(index: number, series: number | null): void;
  /** He drew over a time. */
  onRange(fromMs: number, toMs: number): void;
}

export interface ChartData {
  readonly panel: NumbersPanel;
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
  readonly isDark: boolean;
}

export interface Chart {
  /** Draws other values of the same series. */
  update(data: ChartData): void;
  resize(width: number): void;
  /** Points at a value, `null` at nothing. */
  point(index: number | null): void;
  remove(): void;
}

const HEIGHT = 180;
const INK = { light: '#566077', dark: '#98a2b3' };
const LINE = { light: '#e4e7ee', dark: '#262c38' };
/** In pixels: farther from the line, the reader points at none. */
const NEAR = 30;

export function createChart(element: HTMLElement, data: ChartData, events: ChartEvents): Chart {
  const { panel, isDark } = data;
  const mode = isDark ? 'dark' : 'light';
  const isStacked = panel.shape === 'stacked';
  const { stepped } = uPlot.paths;
  let current = data;
  const axis = {
    stroke: INK[mode],
    grid: { stroke: LINE[mode], width: 1 },
    ticks: { show: false },
    font: '11px sans-serif',
  };
  const chart = new uPlot(
    {
      width: Math.max(1, element.clientWidth),
      height: HEIGHT,
      ms: 1,
      legend: { show: false },
      padding: [8, 28, 0, 0],
      scales: { x: { range: () => [current.fromMs, current.toMs] }, y: { range: (_, __, max) => rangeOf(panel, max) } },
      axes: [
        { ...axis, space: 70, size: 24, values: (_, splits) => timeTicks(splits) },
        {
          ...axis,
          space: 34,
          size: (u, values) => Math.ceil(Math.max(24, ...(values ?? []).map((text) => textWidth(u, text))) + 12),
          values: (_, splits) => splits.map((value) => formatTick(panel.unit, value)),
          ...(panel.unit === 'state' ? { splits: () => [0, 1, 2] } : {}),
        },
      ],
      cursor: {
        y: false,
        // A range is drawn over the time; what it shows is asked for.
        drag: { x: true, y: false, setScale: false },
        points: { size: 7 },
      },
      series: [
        {},
        ...panel.series.map(({ colour }, index) => {
          const stroke = colourOf(colour, index, isDark);
          return {
            stroke,
            width: 2,
            ...(isStacked ? { fill: `${stroke}4d` } : panel.series.length === 1 ? { fill: `${stroke}14` } : {}),
            ...(panel.unit === 'state' && stepped !== undefined ? { paths: stepped({ align: -1 }) } : {}),
            points: { show: true, size: 5, fill: stroke, width: 0, filter: alone },
          };
        }),
      ],
      // Each of a stack is filled down to the one below it.
      bands: isStacked ? panel.series.slice(1).map((_, index): uPlot.Band => ({ series: [index + 2, index + 1] })) : [],
      hooks: {
        setCursor: [
          (u) => {
            const index = u.cursor.idx ?? null;
            events.onPoint((u.cursor.left ?? -1) < 0 ? null : index, nearest(u, index), u.cursor.left ?? 0);
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 4) return;
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            events.onRange(u.posToVal(left, 'x'), u.posToVal(left + width, 'x'));
          },
        ],
      },
    },
    valuesOf(data),
    element,
  );
  let downAt = 0;
  chart.over.addEventListener('mousedown', ({ clientX }) => {
    downAt = clientX;
  });
  chart.over.addEventListener('click', ({ clientX }) => {
    const index = chart.cursor.idx;
    if (typeof index === 'number' && Math.abs(clientX - downAt) < 4) events.onPick(index, nearest(chart, index));
  });

  return {
    update(next) {
      current = next;
      chart.setData(valuesOf(next));
    },
    resize: (width) => chart.setSize({ width: Math.max(1, width), height: HEIGHT }),
    point(index) {
      const left = index === null ? -10 : chart.valToPos(chart.data[0][index] ?? 0, 'x');
      chart.setCursor({ left, top: index === null ? -10 : 1 });
    },
    remove: () => chart.destroy(),
  };
}

/** Each value stands at the end of its step, as in a graph of Prometheus. */
function valuesOf({ panel, fromMs, stepMs }: ChartData): uPlot.AlignedData {
  const length = panel.series[0]?.values.length ?? 0;
  const times = Array.from({ length }, (_, step) => fromMs + (step + 1) * stepMs);
  const values = panel.series.map((series) => [...series.values]);
  if (panel.shape !== 'stacked') return [times, ...values];
  const sums = times.map(() => 0);
  return [
    times,
    ...values.map((list) =>
      list.map((value, step) => {
        if (value === null) return null;
        const sum = (sums[step] ?? 0) + value;
        sums[step] = sum;
        return sum;
      }),
    ),
  ];
}

function rangeOf({ unit }: NumbersPanel, max: number): [number, number] {
  if (unit === 'state') return [0, 2];
  if (!(max > 0)) return [0, 1];
  return [0, unit === 'share' ? Math.min(1, max * 1.1) : max * 1.1];
}

/** A value between two gaps has no line: it is a point. */
function alone(u: uPlot, series: number): number[] | null {
  const values = u.data[series] ?? [];
  const found: number[] = [];
  values.forEach((value, index) => {
    if (typeof value === 'number' && typeof values[index - 1] !== 'number' && typeof values[index + 1] !== 'number')
      found.push(index);
  });
  return found;
}

/** The series whose line is nearest to the cursor. */
function nearest(u: uPlot, index: number | null): number | null {
  const top = u.cursor.top;
  if (index === null || typeof top !== 'number' || top < 0) return null;
  let best: number | null = null;
  let least = NEAR;
  for (let series = 1; series < u.series.length; series += 1) {
    const value = u.data[series]?.[index];
    if (typeof value !== 'number') continue;
    const distance = Math.abs(u.valToPos(value, 'y') - top);
    if (distance >= least) continue;
    [best, least] = [series - 1, distance];
  }
  return best;
}

function textWidth(u: uPlot, text: string): number {
  u.ctx.font = `${11 * devicePixelRatio}px sans-serif`;
  return u.ctx.measureText(text).width / devicePixelRatio;
}
