/** Tests the dashboards against the rules of Grafana's dashboard linter and more rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { generatedFiles } from '../../../collector/grafana/generated.ts';
import { schema } from '../../../views/index.ts';
import { dashboards, FOLDER, panelsWithQueries } from './dashboards.ts';
import { selectors } from './selectors.ts';

/** The units of our metrics, by their names in Grafana. */
const UNITS = ['none', 'short', 'percentunit', 's', 'bytes', 'ops', 'reqps', 'currencyUSD'];
/** The linter accepts this unit only with value mappings. */
const MAPPED_ONLY = 'none';

/** Metrics that Prometheus has about targets: the job is that of the scrape configuration. */
const ABOUT_TARGETS = /^(?:up$|scrape_)/;
/** Metrics of programs that serve all namespaces of a cluster. They have other jobs, and often no label of the cluster. */
const SHARED = /^(?:prometheus_|otelcol_)/;
/** Metrics that a gateway computes from spans: of all instances together. */
const FROM_SPANS = /^traces_span_metrics_/;

function matchersOf(name: string): readonly string[] {
  if (SHARED.test(name)) return ['cluster=~"$cluster|"'];
  if (FROM_SPANS.test(name)) return ['cluster=~"$cluster|"', 'namespace=~"$namespace|"', 'job=~"$job"'];
  const place = ['cluster=~"$cluster"', 'namespace=~"$namespace"'];
  return ABOUT_TARGETS.test(name) ? place : [...place, 'job=~"$job"', 'instance=~"$instance"'];
}

const ALERTS = new URL('../prometheus/rules/alerts.yml', FOLDER);
const files = generatedFiles(readFileSync(ALERTS, 'utf8'));

describe('the generated files', () => {
  it('are up to date; otherwise: npm run dashboards', () => {
    for (const [path, content] of files) expect(readFileSync(new URL(path, FOLDER), 'utf8')).toBe(content);
  });

  it('are the only files', () => {
    const present = readdirSync(new URL('dashboards/', FOLDER)).map((file) => `dashboards/${file}`);
    expect(present.sort()).toEqual([...files.keys()].filter((path) => path.startsWith('dashboards/')).sort());
  });
});

describe.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))('%s', (_, dashboard) => {
  const panels = panelsWithQueries(dashboard);
  const targets = panels.flatMap((panel) => (panel.targets ?? []).map((target) => [panel.title, target.expr] as const));

  it('has a title, a description and an id, and is read-only', () => {
    expect(dashboard.title).toMatch(/^TTA \/ \w/);
    expect(dashboard.description).toMatch(/\.$/);
    expect(dashboard.uid).toMatch(/^tta-[a-z-]{3,36}$/);
    expect(dashboard.tags).toEqual(['tta']);
    expect(dashboard.editable).toBe(false);
  });

  it('has variables for the data source, the cluster, the namespace, the job and the instance', () => {
    const [source, ...rest] = dashboard.templating.list;
    expect(source).toMatchObject({ type: 'datasource', name: 'datasource', label: 'Data source', query: 'prometheus' });
    expect(rest.slice(0, 4)).toMatchObject([
      { name: 'cluster', label: 'Cluster' },
      { name: 'namespace', label: 'Namespace' },
      { name: 'job', label: 'Job' },
      { name: 'instance', label: 'Instance' },
    ]);
    for (const [index, variable] of rest.entries()) {
      // Not every target has these labels. `.*` selects the others too.
      const allValue = ['cluster', 'namespace'].includes(variable.name) ? '.*' : '.+';
      expect(variable).toMatchObject({
        ...{ type: 'query', multi: true, includeAll: true, allValue, refresh: 2 },
        datasource: { uid: '$' + '{datasource}' },
      });
      for (const { name } of rest.slice(0, Math.min(index, 4))) expect(variable.query).toContain(`${name}=~"$${name}"`);
    }
  });

  it('uses every variable that it has', () => {
    const text = targets.map(([, expr]) => expr).join('\n');
    for (const { name } of dashboard.templating.list.slice(1)) expect(text).toContain(`"$${name}"`);
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s has a description, a unit and queries',
    (_, panel) => {
      expect(panel.description).toMatch(/^[A-Z].*\.$/);
      expect(panel.datasource?.uid).toBe('$' + '{datasource}');
      expect(panel.targets?.length).toBeGreaterThan(0);
      for (const target of panel.targets ?? []) expect(target.instant === true).not.toBe(target.range === true);
      if (panel.type === 'table') return;
      const { unit, mappings } = panel.fieldConfig?.defaults ?? {};
      expect(UNITS).toContain(unit);
      if (unit === MAPPED_ONLY) expect(mappings?.length).toBeGreaterThan(0);
    },
  );

  it.each(targets)('%s selects by cluster, namespace, job and instance: %s', (_, expression) => {
    const all = selectors(expression);
    expect(all.length).toBeGreaterThan(0);
    for (const { name, matchers } of all)
      expect(matchers.split(', ')).toEqual(expect.arrayContaining([...matchersOf(name)]));
  });

  it.each(targets)('%s keeps clusters and namespaces apart where it keeps any label: %s', (_, expression) => {
    // The buckets of a heatmap, and of a quantile of all that is selected, are the only others.
    for (const [, labels = ''] of expression.matchAll(/\bby \(([^)]*)\)/g))
      if (labels !== 'le') expect(labels).toMatch(/^cluster, namespace, /);
    for (const [, labels = ''] of expression.matchAll(/\bon \(([^)]*)\)/g))
      expect(labels).toMatch(/^cluster, namespace, /);
  });

  it('says of points that open traces that they do, and of those that a gateway makes that a sampler drops some', () => {
    for (const { title, description, targets: queries = [] } of panels) {
      if (!queries.some(({ exemplar }) => exemplar)) continue;
      expect(description, title).toContain('A point opens its trace');
      const isOfSpans = queries.some(({ expr }) => expr.includes('traces_span_metrics_'));
      expect(description?.includes('a sampler keeps all that failed'), title).toBe(isOfSpans);
    }
  });

  it('says in the names of series where they are from', () => {
    for (const { type, targets: queries = [] } of panels)
      for (const { legendFormat } of queries)
        if (legendFormat?.includes('{{') && type !== 'heatmap')
          expect(legendFormat).toMatch(/\S {{namespace}} {{cluster}}$/);
  });

  it.each(targets)('%s reads counters as rates, over windows that fit the scrape interval: %s', (_, expression) => {
    for (const { name, range } of selectors(expression)) {
      if (/_(?:total|bucket|sum|count)$/.test(name)) expect(range).toBeDefined();
      if (range !== undefined) expect(['$__rate_interval', '$__range', '1h']).toContain(range);
    }
    for (const [, range] of expression.matchAll(/\brate\([^[]*\[([^\]]+)\]/g)) expect(range).toBe('$__rate_interval');
  });

  it('has panels that do not overlap', () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect(taken, `${title} at ${x}, ${y}`).not.toContain(`${x} ${y}`);
          taken.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  });
});

describe('the dashboards together', () => {
  const expressions = dashboards.flatMap((dashboard) =>
    panelsWithQueries(dashboard).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  );
  const read = new Set(expressions.flatMap((expression) => selectors(expression).map(({ name }) => name)));
  const shown = new Set([...read].map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));

  it.each(schema.map(({ metric }) => metric))('show %s', (metric) => {
    expect([...shown, ...read]).toContain(metric);
  });

  it('show no metric of ours that the schema lacks', () => {
    const known = new Set(schema.map(({ metric }) => metric));
    const ours = [...shown].filter((name) => /^(?:tta|process|nodejs)_\w+$/.test(name));
    expect(ours.filter((name) => !known.has(name))).toEqual([]);
  });

  it('have unique ids and titles', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    expect(new Set(dashboards.map(({ title }) => title)).size).toBe(dashboards.length);
  });
});
