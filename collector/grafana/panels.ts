/** The kinds of panels of the dashboards, with the settings that they share: units, descriptions, legends. */
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

/** The data source that the reader of a dashboard has selected. */
export const SOURCE = { type: 'prometheus', uid: '$' + '{datasource}' };

/** An expression, and the name of its series in the legend: `{{label}}` is replaced by the value of the label. */
export type Query = readonly [expression: string, legend: string];

export interface PanelOptions {
  readonly title: string;
  /** What the panel shows, and the cause when it looks wrong. */
  readonly description: string;
  /** The name of the unit in Grafana. */
  readonly unit: string;
  readonly queries: readonly Query[];
  /** The number of columns; a dashboard has 24. */
  readonly width?: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
  readonly decimals?: number;
  readonly mappings?: readonly ValueMapping[];
  /** Each colour is used from its value on. The first has no value and is used below all others. */
  readonly thresholds?: readonly Threshold[];
}

export const GREEN = { color: 'green', value: null } as const;

/** The methods that all panel builders have. */
interface ConfigurablePanel extends Builder<Panel> {
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

/** A legend that names series by a label says where they are from. What is missing is empty, at the end of the name. */
const withPlace = (legend: string) => (legend.includes('{{') ? `${legend} {{namespace}} {{cluster}}` : legend);

/** Metrics with exemplars: points that open the trace of an execution. A scrape is in no trace. */
const HAS_EXEMPLARS = /(?<!tta_scrape_duration)_seconds_bucket\b|\btta_(?:llm|workflow_llm|tenant_llm)_cost_total\b/;

function configure<P extends ConfigurablePanel>(
  panel: P,
  options: PanelOptions,
  target: (query: DataqueryBuilder, expression: string) => DataqueryBuilder,
  legendOf = withPlace,
): P {
  const { title, description, unit, queries, width = 12, height = 8, min, max, decimals } = options;
  panel.title(title).description(description).datasource(SOURCE).unit(unit).span(width).height(height);
  panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
  for (const [index, [expression, legend]] of queries.entries()) {
    const query = new DataqueryBuilder().refId(LETTERS.charAt(index)).datasource(SOURCE);
    panel.withTarget(target(query.expr(expression).legendFormat(legendOf(legend)), expression));
  }
  if (min !== undefined) panel.min(min);
  if (max !== undefined) panel.max(max);
  if (decimals !== undefined) panel.decimals(decimals);
  if (options.mappings !== undefined) panel.mappings([...options.mappings]);
  const steps = [...(options.thresholds ?? [GREEN])];
  return panel.thresholds(new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps));
}

/** The application marks the spans of its exemplars, and the sampler keeps their traces. A gateway cannot mark spans. */
const OPENS_TRACES = 'A point opens its trace.';
const OPENS_KEPT_TRACES =
  'A point opens its trace, if it was kept: a sampler keeps all that failed, were slow or expensive, and few others.';

const hasExemplars = (expression: string) => HAS_EXEMPLARS.test(expression);
/** A panel whose points open traces says so, and where not every trace is there. */
function withExemplars<O extends PanelOptions>(options: O): O {
  const [expression] = options.queries.find(([each]) => hasExemplars(each)) ?? [];
  if (expression === undefined) return options;
  const text = expression.includes('traces_span_metrics_') ? OPENS_KEPT_TRACES : OPENS_TRACES;
  return { ...options, description: `${options.description} ${text}` };
}

interface TimeSeriesOptions extends PanelOptions {
  /** Whether the lines are parts of a sum and are drawn on top of each other. */
  readonly stacked?: boolean;
}

/** Lines over time. */
export function timeSeries(options: TimeSeriesOptions): Timeseries {
  const panel = configure(new Timeseries(), { min: 0, ...withExemplars(options) }, (query, expression) =>
    query.range().exemplar(hasExemplars(expression)),
  );
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

const lastValue = () => new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false).fields('');

/** One number per series: the last value, with a graph of its history behind it. */
export function stat(options: PanelOptions): Stat {
  return configure(new Stat(), { width: 4, height: 5, ...options }, (query) => query.range())
    .reduceOptions(lastValue())
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value);
}

/** One number per series, for the whole time that the dashboard shows. */
export function rangeStat(options: PanelOptions): Stat {
  return configure(new Stat(), { width: 4, height: 5, ...options }, (query) => query.instant())
    .reduceOptions(lastValue())
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value);
}

/** One bar per series, for one moment. */
export function barGauge(options: PanelOptions): BarGauge {
  return configure(new BarGauge(), { min: 0, ...options }, (query) => query.instant())
    .reduceOptions(lastValue())
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Gradient)
    .showUnfilled(true);
}

/** The state of each series over time. */
export function stateTimeline(options: PanelOptions): StateTimeline {
  return configure(new StateTimeline(), options, (query) => query.range())
    .showValue(VisibilityMode.Never)
    .mergeValues(true)
    .fillOpacity(80);
}

/** The observations of a histogram by bucket, over time. */
export function heatmap(options: PanelOptions): Heatmap {
  const target = (query: DataqueryBuilder, expression: string) =>
    query.range().format(PromQueryFormat.Heatmap).exemplar(hasExemplars(expression));
  // The name of a series is the bound of its bucket, which Grafana reads as a number.
  return configure(new Heatmap(), withExemplars(options), target, (legend) => legend)
    .color(new HeatmapColorOptionsBuilder().mode(HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
    .yAxis(new YAxisConfigBuilder().unit(options.unit));
}
