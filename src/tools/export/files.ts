/** The files that can be exported: those of the folder `collector` of this package. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const EXPORT_KINDS = ['rules', 'alerts', 'dashboards', 'collector', 'prometheus', 'all'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];

export interface ExportedFile {
  /** Relative to the folder `collector`, with slashes. */
  readonly path: string;
  readonly text: string;
}

export const RULE_FILES = ['prometheus/rules/recording.yml', 'prometheus/rules/alerts.yml'] as const;

/** The files in which a job or a label has a meaning. */
export const MONITORING = /^(?:prometheus|alertmanager|grafana\/dashboards)\//;

/** The files of each kind: a folder, with a slash at its end, or one file. */
const PATHS: Readonly<Record<ExportKind, readonly string[]>> = {
  rules: [RULE_FILES[0]],
  alerts: [RULE_FILES[1], 'alertmanager/', 'grafana/alerting/'],
  dashboards: ['grafana/dashboards/', 'grafana/provisioning/'],
  collector: ['otelcol/'],
  prometheus: ['prometheus/prometheus.yml', 'prometheus/rules/', 'prometheus/targets/'],
  all: [''],
};

/** The files of every kind refer to these. */
const DOCUMENTS = ['README.md', 'RUNBOOK.md'];

/** The programs that generate the files, and the tests of the shipped rules. */
const NOT_EXPORTED = /\.ts$|(?:^|\/)(?:tsconfig\.json$|tests\/)/;

/** The files of a kind, in the order of their paths, and the documents. @throws Error when the installed package lacks them */
export async function readFiles(collectorFolder: string, kind: ExportKind): Promise<ExportedFile[]> {
  const entries = await readdir(collectorFolder, { recursive: true, withFileTypes: true });
  const shipped = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(collectorFolder.length + 1)
        .replaceAll('\\', '/'),
    )
    .filter((path) => !NOT_EXPORTED.test(path));
  const ofKind = shipped.filter((path) =>
    PATHS[kind].some((part) => path === part || (!part.includes('.') && path.startsWith(part))),
  );
  if (ofKind.length === 0) throw new Error(`${collectorFolder} has no files of ${kind}: install the package again`);
  const paths = [...new Set([...ofKind, ...DOCUMENTS])].sort();
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(collectorFolder, path), 'utf8') })));
}
