import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { defaultPanel, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { SOURCE } from './panels.ts';

/** A panel of the firing and pending alerts of Prometheus and Grafana. The SDK has no builder for it. */
export function alertList(): Builder<Panel> {
  const panel: Panel = {
    ...defaultPanel(),
    type: 'alertlist',
    title: 'Alerts',
    description: 'Firing and pending alerts. Each alert links to its section in the runbook, which says what to do.',
    datasource: SOURCE,
    gridPos: { x: 0, y: 0, w: 24, h: 8 },
    options: {
      alertName: 'TTA',
      viewMode: 'list',
      groupMode: 'default',
      maxItems: 30,
      sortOrder: 3,
      dashboardAlerts: false,
      // The watchdog fires always.
      alertInstanceLabelFilter: '{severity!="none"}',
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true },
    },
  };
  return { build: () => panel };
}
