import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { defaultPanel, type Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { SOURCE } from './panels.ts';

/** The alerts that fire or are about to, of Prometheus' rules and of Grafana's. The SDK has no builder of this kind. */
export function alerts(): Builder<Panel> {
  const panel: Panel = {
    ...defaultPanel(),
    type: 'alertlist',
    title: 'Alerts',
    description: 'What fires or is about to. Each alert links to the section of the runbook that says what to do.',
    datasource: SOURCE,
    gridPos: { x: 0, y: 0, w: 24, h: 8 },
    options: {
      alertName: 'TTA',
      viewMode: 'list',
      groupMode: 'default',
      maxItems: 30,
      sortOrder: 3,
      dashboardAlerts: false,
      alertInstanceLabelFilter: '',
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true },
    },
  };
  return { build: () => panel };
}
