import { describe, expect, it } from 'vitest';
import { MONITORING, readFiles } from '../../../src/tools/export/files.ts';
import { applySettings, checkSettings, type Settings } from '../../../src/tools/export/settings.ts';
import { collectorPath, documents } from '../../support/deployment.ts';

const shipped = await readFiles(collectorPath('').replace(/\/$/, ''), 'all');
const monitoring = shipped.filter(({ path }) => MONITORING.test(path)).map(({ text }) => text);
const exported = (settings: Settings) =>
  new Map(shipped.map(({ path, text }) => [path, applySettings(text, settings)] as const));

/** Every string of a parsed file, with the key that it stands under. */
function strings(value: unknown, key = ''): [key: string, value: string][] {
  if (typeof value === 'string') return [[key, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => strings(each, Array.isArray(value) ? key : name));
}

const parsed = (path: string, text: string) => (path.endsWith('.json') ? [JSON.parse(text)] : documents(text));

/** Names with the word of the shipped job that are no job: the package, labels of Kubernetes, a file, a dashboard. */
const NO_JOB = new RegExp(
  [
    'tta-primitives[/@;]',
    'tta-primitives-example',
    'part-of[:=] ?tta-primitives',
    'targets/tta-primitives\\.yml',
    '(?:npx -p|npm ls|npm view|components of) tta-primitives',
    'Description=tta-primitives',
    "from 'tta-primitives'",
    ' name: tta-primitives\n',
    '"uid": "tta-primitives"',
  ].join('|'),
  'g',
);

describe('a setting', () => {
  it('of the job leaves the shipped job in no file', () => {
    for (const [path, text] of exported({ job: 'shop.eu' })) {
      expect(text.replaceAll(NO_JOB, ''), path).not.toMatch(/tta-primitives|job[=!]~\\?"tta-|tta-\.\*|with `?tta-/);
    }
  });

  it('of the job is the name of every scrape job of the applications, of what monitors set, and of the service', () => {
    const files = exported({ job: 'shop.eu' });
    for (const path of ['prometheus/prometheus.yml', 'otelcol/scrape.yaml', 'kubernetes/scrape-by-annotations.yml'])
      expect(files.get(path), path).toMatch(/- job_name: shop\.eu\n/);
    for (const path of ['kubernetes/monitors.yaml', 'kubernetes/service-monitor.yaml'])
      expect(files.get(path), path).toContain('{ targetLabel: job, replacement: shop.eu }');
    expect(files.get('kubernetes/app.yaml')).toContain('{ name: OTEL_SERVICE_NAME, value: shop.eu }');
    expect(files.get('compose/compose.yaml')).toContain('OTEL_SERVICE_NAME: shop.eu\n');
    expect(files.get('systemd/tta-app@.service')).toContain('OTEL_SERVICE_NAME=shop.eu\n');
    expect(files.get('systemd/supervisord.conf')).toContain('OTEL_SERVICE_NAME="shop.eu"\n');
  });

  it('of the job is matched as it is written, in PromQL and in PromQL within JSON', () => {
    const files = exported({ job: 'shop.eu' });
    const matchers = [
      'prometheus/rules/recording.yml',
      'prometheus/rules/alerts.yml',
      'grafana/alerting/rules.json',
    ].map((path) =>
      strings(parsed(path, files.get(path) ?? '')).flatMap(([, text]) =>
        [...text.matchAll(/job=~"(shop[^"]*|tta[^"]*)"/g)].map(([, pattern]) => pattern),
      ),
    );
    for (const found of matchers) {
      expect(found.length).toBeGreaterThan(0);
      expect([...new Set(found)]).toEqual(['shop\\\\.eu']);
    }
  });

  it.each(['true', 'no', 'Null'])('of the job may be %s, which YAML reads as another type', (job) => {
    const [monitor] = documents<{ spec: { podMetricsEndpoints: { relabelings: object[] }[] } }>(
      exported({ job }).get('kubernetes/monitors.yaml') ?? '',
    );
    expect(monitor?.spec.podMetricsEndpoints[0]?.relabelings[0]).toEqual({ targetLabel: 'job', replacement: job });
  });

  it('of the targets stands wherever applications are scraped', () => {
    const files = exported({ targets: ['shop-1:9464', '[::1]:9465'] });
    expect(files.get('prometheus/prometheus.yml')).toContain("targets: ['shop-1:9464', '[::1]:9465']");
    expect(files.get('otelcol/scrape.yaml')).toContain('TTA_COLLECTOR_SCRAPE:-["shop-1:9464","[::1]:9465"]}');
    for (const path of ['prometheus/prometheus.yml', 'otelcol/scrape.yaml'])
      expect(files.get(path)).not.toContain('127.0.0.1:9464');
  });

  it('of a label leaves the shipped label in no expression, list, matcher or template', () => {
    for (const [path, text] of exported({ clusterLabel: 'k8s_cluster', namespaceLabel: 'k8s_ns' })) {
      if (!/^(?:prometheus|alertmanager|grafana)\//.test(path)) continue;
      for (const [key, value] of strings(parsed(path, text))) {
        // `$cluster` is a variable of a dashboard, and keeps its name.
        if (!/^(?:name|title|label|text|description|summary)$/.test(key))
          expect(value, `${path}: ${key}`).not.toMatch(/(?<![$\w{])(?:cluster|namespace)\b/);
        expect(value, `${path}: ${key}`).not.toMatch(/\$labels\.(?:cluster|namespace)\b/);
      }
      expect(text, path).not.toMatch(/"(?:cluster|namespace)":/);
    }
  });

  it('of a label is what scrape configurations set, and what alerts are grouped by and suppressed by', () => {
    const files = exported({ clusterLabel: 'k8s_cluster', namespaceLabel: 'k8s_ns' });
    expect(files.get('kubernetes/scrape-by-annotations.yml')?.match(/target_label: k8s_ns\n/g)).toHaveLength(2);
    expect(files.get('kubernetes/monitors.yaml')?.match(/targetLabel: k8s_ns }/g)).toHaveLength(2);
    expect(files.get('kubernetes/service-monitor.yaml')).toContain('targetLabel: k8s_ns }');
    expect(files.get('kubernetes/otelcol-gateway.yaml')).toContain('external_labels::k8s_ns: $(POD_NAMESPACE)');
    expect(files.get('prometheus/targets/tta-primitives.yml')).toContain('labels: { k8s_cluster: eu, k8s_ns: shop }');
    expect(files.get('alertmanager/alertmanager.yml')).toContain('group_by: [alertname, k8s_cluster, k8s_ns, job]');
    expect(files.get('alertmanager/alertmanager.yml')).toContain('equal: [k8s_cluster, k8s_ns, job]');
    expect(files.get('prometheus/rules/recording.yml')).toContain('sum by (k8s_cluster, k8s_ns, job) (');
  });

  it('of a label can be what the other one is shipped with', () => {
    const files = exported({ clusterLabel: 'namespace', namespaceLabel: 'cluster' });
    expect(files.get('prometheus/rules/recording.yml')).toContain('sum by (namespace, cluster, job) (');
  });

  it('of the runbook is what every alert links to', () => {
    const files = exported({ runbookUrl: 'https://wiki.example/tta?page=7' });
    for (const path of ['prometheus/rules/alerts.yml', 'grafana/alerting/rules.json']) {
      const links = strings(parsed(path, files.get(path) ?? '')).filter(([key]) => key === 'runbook_url');
      expect(links.length).toBeGreaterThan(30);
      for (const [, link] of links) expect(link).toMatch(/^https:\/\/wiki\.example\/tta\?page=7#tta[a-z]+$/);
    }
    for (const [path, text] of files) expect(text, path).not.toContain('collector/RUNBOOK.md');
  });

  it('that is not given changes nothing', () => {
    for (const { text } of shipped) expect(applySettings(text, {})).toBe(text);
  });

  it.each<[Settings, string]>([
    [{ job: 'a"b' }, "a job is letters, digits, '.', '_' and '-'"],
    [{ job: '$job' }, 'a job is letters'],
    [{ targets: ['http://shop-1:9464'] }, 'a target is HOST:PORT'],
    [{ targets: ['shop:0'] }, 'a target is HOST:PORT'],
    [{ targets: ['shop:99999'] }, 'a target is HOST:PORT'],
    [{ targets: ['$HOST:9464'] }, 'a target is HOST:PORT'],
    [{ clusterLabel: 'k8s-cluster' }, "a label is letters, digits and '_'"],
    [{ namespaceLabel: '__ns' }, 'a label is letters'],
    [{ namespaceLabel: 'job' }, 'the label job means something else in the rules'],
    [{ clusterLabel: 'workflow_name' }, 'the label workflow_name means something else in the rules'],
    ...['severity', 'window', 'alertname', 'status', 'use', 'tenant'].map((label): [Settings, string] => [
      { clusterLabel: label },
      `the label ${label} means something else`,
    ]),
    ...['prometheus', 'otel-collector', 'grafana'].map((job): [Settings, string] => [
      { job },
      `the job ${job} is that of another program in prometheus.yml`,
    ]),
    [{ clusterLabel: 'namespace' }, 'clusters and namespaces need two labels; got "namespace" for both'],
    [{ runbookUrl: 'wiki.example' }, 'the address of the runbook begins with http:// or https://'],
    [{ runbookUrl: 'https://wiki.example/{{ $labels.job }}' }, 'the address of the runbook'],
    [{ runbookUrl: 'https://wiki.example/tta#top' }, 'the address of the runbook'],
  ])('is refused when it would break the files: %j', (settings, message) => {
    expect(() => checkSettings(settings, monitoring)).toThrow(message);
  });

  it.each(['env', 'region', 'k8s_cluster_name', 'exported_namespace'])(
    'of a label may be %s, which has no other meaning',
    (label) => {
      expect(() => checkSettings({ clusterLabel: label, job: 'tta-shop' }, monitoring)).not.toThrow();
    },
  );
});
