/** Builds a dashboard from its variables and rows, with the settings that all dashboards share. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { SOURCE } from './panels.ts';
import { series } from './queries.ts';

const TAG = 'tta';
/** Every process has this metric as soon as it has built a primitive. */
const PRESENCE_METRIC = 'tta_primitive_active';

export interface Variable {
  readonly name: string;
  readonly label: string;
  /** The query for the values, in the syntax of Grafana's Prometheus data source. */
  readonly query: string;
  /** The regular expression for All. @default '.+' */
  readonly all?: string;
}

export interface DashboardOptions {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Variables in addition to the data source and the labels of the targets. */
  readonly variables?: readonly Variable[];
  readonly rows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[];
}

function createVariable({ name, label, query, all = '.+' }: Variable): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .query(query)
    .definition(query)
    .datasource(SOURCE)
    .multi(true)
    .includeAll(true)
    .allValue(all)
    .current({ text: ['All'], value: ['$__all'], selected: true })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

/** The values of each depend on those that are selected before it. */
const TARGET_LABELS = ['cluster', 'namespace', 'job', 'instance'] as const;
/** Targets may lack these labels. All includes such targets. */
const OPTIONAL = /^(?:cluster|namespace)$/;

const TARGETS: readonly Variable[] = TARGET_LABELS.map((name, index) => {
  const before = TARGET_LABELS.slice(0, index).map((each) => `${each}=~"$${each}"`);
  const selector = index === 0 ? PRESENCE_METRIC : `${PRESENCE_METRIC}{${before.join(', ')}}`;
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  return { name, label, query: `label_values(${selector}, ${name})`, ...(OPTIONAL.test(name) ? { all: '.*' } : {}) };
});

/** A variable whose values are the values of the label `metricLabel` of `metric`. */
export function labelVariable(name: string, label: string, metric: string, metricLabel: string): Variable {
  return { name, label, query: `label_values(${series(metric)}, ${metricLabel})` };
}

export function createDashboard({ uid, title, description, variables = [], rows }: DashboardOptions): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('TTA dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true)
        .includeVars(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').type('prometheus').label('Data source'));
  for (const each of [...TARGETS, ...variables]) dashboard.withVariable(createVariable(each));
  for (const [heading, panels] of rows) {
    dashboard.withRow(new RowBuilder(heading));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  // The default of the SDK hides the links in a menu. Without a placement, Grafana shows them.
  for (const link of built.links ?? []) delete link.placement;
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}
