/** The kinds of panels that the dashboards are made of, each with the same manners: units, descriptions, legends. */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphGradientMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type FieldColor,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import {
  PanelBuilder as Heatmap,
  HeatmapColorMode,
  HeatmapColorOptionsBuilder,
  YAxisConfigBuilder,
} from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Timeseries } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that the reader of a dashboard chose. */
export const SOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };

/** An expression, and how the legend names what it gives: `{{label}}` stands for a label's value. */
export type Query = readonly [expression: string, legend: string];

export interface PanelOptions {
  readonly title: string;
  /** What is seen here, and what it means when it looks wrong. */
  readonly description: string;
  /** Grafana's name of the unit. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width?: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  readonly mappings?: readonly ValueMapping[];
  /** Colours from a value on; the first, without a value, is the one below all others. */
  readonly thresholds?: readonly Threshold[];
}

export const GREEN = { color: 'green', value: null } as const;

/** What all builders of panels have in common. */
interface Dressable extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(source: { type: string; uid: string }): this;
  unit(unit: string): this;
  span(width: number): this;
  height(height: number): this;
  min(min: number): this;
  max(max: number): this;
  decimals(decimals: number): this;
  mappings(mappings: ValueMapping[]): this;
  colorScheme(color: Builder<FieldColor>): this;
  thresholds(thresholds: Builder<{ mode: ThresholdsMode; steps: Threshold[] }>): this;
  withTarget(target: Builder<Dataquery>): this;
}

const LETTERS = 'ABCDEFGHIJ';

function dress<P extends Dressable>(
  panel: P,
  options: PanelOptions,
  target: (query: DataqueryBuilder) => DataqueryBuilder,
): P {
  const { title, description, unit, queries, width = 12, height = 8, min, max, decimals } = options;
  panel.title(title).description(description).datasource(SOURCE).unit(unit).span(width).height(height);
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  for (const [index, [expression, legend]] of queries.entries()) {
    const query = new DataqueryBuilder().refId(LETTERS.charAt(index)).datasource(SOURCE);
    panel.withTarget(target(query.expr(expression).legendFormat(legend)));
  }
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  if (options.mappings !== undefined) panel.mappings([...options.mappings]);
  const steps = [...(options.thresholds ?? [GREEN])];
  return panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
}

interface GraphOptions extends PanelOptions {
  /** The lines are parts of one whole. */
  readonly stacked?: boolean;
  /** There are points that open a trace. */
  readonly exemplars?: boolean;
}

/** Lines over time. */
export function graph(options: GraphOptions): Timeseries {
  const { exemplars = false } = options;
  const panel = dress(new Timeseries(), { min: 0, ...options }, (query) => query.range().exemplar(exemplars));
  if (options.stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'));
  return panel
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic))
    .lineWidth(2)
    .fillOpacity(options.stacked ? 30 : 8)
    .gradientMode(GraphGradientMode.Opacity)
    .showPoints(VisibilityMode.Never)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.Table)
        .placement(LegendPlacement.Bottom)
        .calcs(['mean', 'lastNotNull']),
    );
}

const LAST = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('');

/** One figure each, the last, with its course behind it. */
export function stat(options: PanelOptions): Stat {
  return dress(new Stat(), { width: 4, height: 5, ...options }, (query) => query.range())
    .reduceOptions(LAST())
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value);
}

/** One figure each, for the time that the dashboard shows as a whole. */
export function figure(options: PanelOptions): Stat {
  return dress(new Stat(), { width: 4, height: 5, ...options }, (query) => query.instant())
    .reduceOptions(LAST())
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value);
}

/** Lengths to compare, one instant. */
export function bars(options: PanelOptions): BarGauge {
  return dress(new BarGauge(), { min: 0, ...options }, (query) => query.instant())
    .reduceOptions(LAST())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Gradient)
    .showUnfilled(true);
}

/** Which state each was in, and when. */
export function states(options: PanelOptions): StateTimeline {
  return dress(new StateTimeline(), options, (query) => query.range())
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .fillOpacity(80);
}

/** Where a histogram's observations fell, over time. */
export function heat(options: PanelOptions): Heatmap {
  return dress(new Heatmap(), options, (query) => query.range().format(PromQueryFormat.Heatmap))
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new YAxisConfigBuilder().unit(options.unit));
}
