/** What can be taken out of the package, as it lies in its folder `collector`. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const KINDS = ['rules', 'alerts', 'dashboards', 'collector', 'prometheus', 'all'] as const;
export type Kind = (typeof KINDS)[number];

export interface ExportedFile {
  /** Relative to the folder `collector`, with slashes. */
  readonly path: string;
  readonly text: string;
}

export const RULE_FILES = ['prometheus/rules/recording.yml', 'prometheus/rules/alerts.yml'] as const;

/** A folder with its slash, or one file. */
const CONTENTS: Readonly<Record<Kind, readonly string[]>> = {
  rules: [RULE_FILES[0]],
  alerts: [RULE_FILES[1], 'alertmanager/', 'grafana/alerting/'],
  dashboards: ['grafana/dashboards/', 'grafana/provisioning/'],
  collector: ['otelcol/'],
  prometheus: ['prometheus/prometheus.yml', 'prometheus/rules/', 'prometheus/targets/'],
  all: [''],
};

/** What makes the files of this folder, tests them as they are shipped, and is about them. */
const OURS = /\.(?:ts|md)$|(?:^|\/)(?:tsconfig\.json$|tests\/)/;

/** The files of a kind, in the order of their paths. @throws Error where the package was installed without them */
export async function filesOf(collectorFolder: string, kind: Kind): Promise<ExportedFile[]> {
  const entries = await readdir(collectorFolder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(collectorFolder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => !OURS.test(path))
    .filter((path) => CONTENTS[kind].some((one) => path === one || (!one.includes('.') && path.startsWith(one))))
    .sort();
  if (paths.length === 0) throw new Error(`${collectorFolder} holds nothing of ${kind}: install the package again`);
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(collectorFolder, path), 'utf8') })));
}
