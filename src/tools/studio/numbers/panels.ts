/** The panels of the page. Titles, names and colours are those of the dashboards for Grafana; a test compares them. */
import { LATENCY } from './latency.ts';
import { metricsOf } from './measure.ts';
import { MODEL_CALLS } from './model-calls.ts';
import { MONEY } from './money.ts';
import type { PanelRow } from './panel.ts';
import { PRIMITIVE_PANELS } from './primitives.ts';
import { QUEUES } from './queues.ts';
import { TABLES } from './tables.ts';
import { TILES } from './tiles.ts';
import { TRAFFIC } from './traffic.ts';

export const PANELS: readonly (readonly [row: string, panels: readonly PanelRow[]])[] = [
  ['In the time shown', TILES],
  ['Traffic and errors', TRAFFIC],
  ['Latency', LATENCY],
  ['Money', MONEY],
  ['Model calls', MODEL_CALLS],
  ['Primitives', PRIMITIVE_PANELS],
  ['Queues', QUEUES],
];

/** The metrics that are kept: those that the page shows. */
export const KEPT_METRICS: ReadonlySet<string> = new Set(
  [
    ...PANELS.flatMap(([, panels]) => panels.flatMap(({ lines }) => lines.map(({ measure }) => measure))),
    ...TABLES.flatMap(({ columns }) => columns.map(([, , measure]) => measure)),
  ].flatMap(metricsOf),
);
