/** How the guide says that Prometheus gets the jobs that find pods by annotations, on the oldest and a new version. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { component } from '../../support/component.ts';
import { collectorText, documents, runCommand } from '../../support/deployment.ts';
import { tempFolder } from '../../support/temp-folder.ts';

interface Configuration {
  readonly scrape_config_files?: readonly string[];
  readonly scrape_configs: readonly { readonly job_name: string }[];
}

const [shipped] = documents<Configuration>(collectorText('prometheus/prometheus.yml'));
// These promtools have no Kubernetes discovery.
const jobsText = collectorText('kubernetes/scrape-by-annotations.yml').replaceAll(
  /kubernetes_sd_configs:\n {6}- role: pod/g,
  'static_configs:\n      - targets: []',
);
const [annotations] = documents<Configuration>(jobsText);
const names = annotations?.scrape_configs.map(({ job_name }) => job_name) ?? [];
const others = shipped?.scrape_configs.filter(({ job_name }) => !names.includes(job_name)) ?? [];

function check(program: string, changed: Partial<Configuration>) {
  const folder = tempFolder({
    'prometheus.yml': stringify({ ...shipped, ...changed }),
    'rules/recording.yml': collectorText('prometheus/rules/recording.yml'),
    'scrape-by-annotations.yml': jobsText,
  });
  return runCommand(program, ['check', 'config', join(folder, 'prometheus.yml')]);
}

describe.each(['promtool', 'promtool-3'])('the jobs by annotations, for %s', (name) => {
  const program = component(name);

  it.skipIf(program === undefined)('can take the place of the jobs of the same names', () => {
    expect(names).toEqual(['tta-primitives', 'otel-collector']);
    expect(others.length).toBe((shipped?.scrape_configs.length ?? 0) - names.length);
    const { status, output } = check(program as string, {
      scrape_configs: [...others, ...(annotations?.scrape_configs ?? [])],
    });
    expect(status, output).toBe(0);
  });

  it.skipIf(program === undefined)('can be a file of their own from 2.43 on, once those jobs are removed', () => {
    const file = { scrape_config_files: ['scrape-by-annotations.yml'] };
    const { status, output } = check(program as string, { ...file, scrape_configs: others });
    if (name === 'promtool') expect(output).toContain('field scrape_config_files not found');
    else expect(status, output).toBe(0);
    // Beside the shipped jobs it would be a second job of the same name.
    if (name !== 'promtool') expect(check(program as string, file).output).toContain('found multiple scrape configs');
  });
});
