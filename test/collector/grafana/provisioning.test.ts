import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { FOLDER } from './dashboards.ts';

const read = (path: string) => parse(readFileSync(new URL(path, FOLDER), 'utf8'));

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

interface GrafanaRule {
  readonly uid: string;
  readonly title: string;
  readonly condition: string;
  readonly for: string;
  readonly data: readonly { refId: string; datasourceUid: string; model: { expr?: string; expression?: string } }[];
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
}

const sources = read('provisioning/datasources/tta.yml').datasources as {
  uid: string;
  jsonData?: {
    exemplarTraceIdDestinations?: { datasourceUid: string; urlDisplayLabel: string }[];
    alertmanagerUid?: string;
  };
}[];
const uids = sources.map(({ uid }) => uid);
const rules: readonly GrafanaRule[] = read('alerting/rules.json').groups.flatMap(
  (group: { rules: GrafanaRule[] }) => group.rules,
);
const ofPrometheus: readonly Rule[] = read('../prometheus/rules/alerts.yml').groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);

describe('the data sources', () => {
  it('link exemplars to the trace store and alerts to Alertmanager, which both exist', () => {
    const prometheus = sources.find(({ uid }) => uid === 'prometheus')?.jsonData;
    expect(prometheus?.exemplarTraceIdDestinations?.map(({ datasourceUid }) => datasourceUid)).toEqual(['traces']);
    // Exemplars are chosen before a sampler decides, so that the link may lead to nothing.
    expect(prometheus?.exemplarTraceIdDestinations?.[0]?.urlDisplayLabel).toContain('if the sampler kept it');
    expect(prometheus?.alertmanagerUid).toBe('alertmanager');
    expect(uids).toEqual(['prometheus', 'alertmanager', 'traces']);
  });

  it('have the scrape interval of the shipped Prometheus', () => {
    const { scrape_interval } = read('../prometheus/prometheus.yml').global;
    expect(sources[0]?.jsonData).toMatchObject({ timeInterval: scrape_interval });
  });
});

describe('the alerts that Grafana evaluates', () => {
  it('are those of Prometheus, with the same expressions, durations and labels', () => {
    const ofGrafana = rules.map((rule) => [rule.title.split(' ')[0], rule.data[0]?.model.expr, rule.for, rule.labels]);
    expect(ofGrafana).toEqual(
      ofPrometheus.map((rule) => [rule.alert, rule.expr.trim(), rule.for ?? '0s', rule.labels]),
    );
  });

  it('have unique ids and titles', () => {
    expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length);
    expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length);
    for (const { uid } of rules) expect(uid).toMatch(/^[a-z0-9-]{1,40}$/);
  });

  it.each(rules.map((rule) => [rule.title, rule] as const))(
    '%s queries a data source, and fires for each series',
    (_, rule) => {
      const [query, exists, fires] = rule.data;
      expect(uids).toContain(query?.datasourceUid);
      expect(exists?.model.expression).toContain(`$${query?.refId}`);
      expect(fires?.model.expression).toBe(exists?.refId);
      expect(rule.condition).toBe(fires?.refId);
    },
  );

  it.each(rules.map((rule) => [rule.title, rule] as const))(
    '%s has annotations without a dollar sign, and a link to the runbook',
    (_, rule) => {
      for (const text of Object.values(rule.annotations)) expect(text).not.toContain('$');
      expect(Object.keys(rule.annotations).sort()).toEqual(['description', 'runbook_url', 'summary']);
    },
  );

  it('reach a contact point that exists, for every severity', () => {
    const points = read('alerting/contact-points.yml').contactPoints.map(({ name }: { name: string }) => name);
    const [policy] = read('alerting/policies.yml').policies;
    const routed = [policy, ...policy.routes].map(({ receiver }: { receiver: string }) => receiver);
    expect(points.sort()).toEqual(routed.sort());
    const receivers = new Set(rules.map(({ labels: { severity } }) => (severity === 'none' ? 'watchdog' : severity)));
    for (const receiver of receivers) expect(points).toContain(receiver);
  });

  it('are off by default, so that no alert is sent twice', () => {
    expect(() => read('provisioning/alerting/rules.json')).toThrow('ENOENT');
    const compose = readFileSync(new URL('../compose/compose.yaml', FOLDER), 'utf8');
    expect(compose).not.toContain('grafana/alerting');
  });
});
