/** A dashboard: its variables, its rows, and the manners that all of them share. */
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
import { series } from './promql.ts';

const TAG = 'tta';
/** Every process that runs primitives has it, from the first one that it builds. */
const PRESENT = 'tta_primitive_active';

export interface Choice {
  readonly name: string;
  readonly label: string;
  /** The values to choose from, as Grafana's Prometheus data source reads them. */
  readonly query: string;
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Variables besides the data source, the job and the instance. */
  readonly choices?: readonly Choice[];
  readonly rows: readonly (readonly [title: string, panels: readonly Builder<Panel>[]])[];
}

function choice({ name, label, query }: Choice): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .query(query)
    .definition(query)
    .datasource(SOURCE)
    .multi(true)
    .includeAll(true)
    .allValue('.+')
    .current({ text: ['All'], value: ['$__all'], selected: true })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
}

const TARGETS: readonly Choice[] = [
  { name: 'job', label: 'Job', query: `label_values(${PRESENT}, job)` },
  { name: 'instance', label: 'Instance', query: `label_values(${PRESENT}{job=~"$job"}, instance)` },
];

/** A variable of the values that a label of a metric has. */
export function choiceOf(name: string, label: string, metric: string, from: string): Choice {
  return { name, label, query: `label_values(${series(metric)}, ${from})` };
}

export function board({ uid, title, description, choices = [], rows }: Board): Dashboard {
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
  for (const each of [...TARGETS, ...choices]) dashboard.withVariable(choice(each));
  for (const [heading, panels] of rows) {
    dashboard.withRow(new RowBuilder(heading));
    for (const panel of panels) dashboard.withPanel(panel);
  }
  const built = dashboard.build();
  // Where the links stand is the reader's choice; the SDK's default hides them in a menu.
  for (const link of built.links ?? []) delete link.placement;
  for (const [index, panel] of (built.panels ?? []).entries()) panel.id = index + 1;
  return built;
}
