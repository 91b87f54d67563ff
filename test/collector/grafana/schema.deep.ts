/** Grafana's own types, in Go, read the files: they refuse a field that Grafana does not have. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { component } from '../../support/component.ts';
import { dashboards, FOLDER } from './dashboards.ts';

const schema = component('grafana-schema');
/** What the types say about a value; empty when they know and allow all of it. */
const complaints = (kind: string, value: object) =>
  spawnSync(schema as string, [kind], { input: JSON.stringify(value), encoding: 'utf8' }).stdout;
const read = (path: string) => parse(readFileSync(new URL(path, FOLDER), 'utf8'));

interface Rule {
  readonly title: string;
  readonly data: readonly object[];
}
interface ContactPoint {
  readonly receivers: readonly object[];
}

describe.skipIf(schema === undefined)('the types of Grafana', () => {
  it.each(dashboards.map((dashboard) => [dashboard.title, dashboard] as const))('know %s', (_, dashboard) => {
    expect(complaints('dashboard', dashboard)).toBe('');
  });

  it('refuse what they do not know, at every depth of a dashboard', () => {
    const [dashboard] = dashboards;
    const edited = structuredClone(dashboard) as unknown as { panels: { targets?: object[]; options?: object }[] };
    const panel = edited.panels.find(({ targets }) => targets !== undefined);
    Object.assign(panel?.options as object, { colour: 'green' });
    Object.assign(panel?.targets?.[0] as object, { query: 'up' });
    expect(complaints('dashboard', edited)).toContain("options.Options: unexpected field 'colour'");
    expect(complaints('dashboard', edited)).toContain("targets[0].Dataquery: unexpected field 'query'");
  });

  it('know the queries of the alerts that Grafana evaluates', () => {
    const rules: readonly Rule[] = read('alerting/rules.json').groups.flatMap(({ rules }: { rules: Rule[] }) => rules);
    expect(rules.length).toBeGreaterThan(20);
    for (const { title, data } of rules) for (const query of data) expect(complaints('query', query), title).toBe('');
  });

  it('know the notification policies and the contact points', () => {
    for (const { orgId, ...policy } of read('alerting/policies.yml').policies)
      expect(complaints('policy', policy)).toBe('');
    const points: readonly ContactPoint[] = read('alerting/contact-points.yml').contactPoints;
    for (const receiver of points.flatMap(({ receivers }) => receivers))
      expect(complaints('contact-point', receiver)).toBe('');
  });
});
