import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { type ExportKind, MONITORING, RULE_FILES, readFiles } from '../export/files.ts';
import { applySettings, checkSettings } from '../export/settings.ts';
import { planChanges, replaceThresholds, type Threshold } from '../export/thresholds.ts';
import { writeFiles } from '../export/write-files.ts';
import { packageRoot, userFolder } from './package-root.ts';
import { print } from './print.ts';

export interface ExportCommandOptions {
  readonly to: string;
  readonly keep: boolean;
  readonly force: boolean;
  readonly job?: string;
  readonly target?: readonly string[];
  readonly clusterLabel?: string;
  readonly namespaceLabel?: string;
  readonly runbookUrl?: string;
  readonly threshold?: readonly Threshold[];
}

/** `tta export`: copies files of the package into a folder of the user. */
export async function exportCommand(kind: ExportKind, options: ExportCommandOptions): Promise<void> {
  const { to, keep, force, target: targets, threshold = [], ...settings } = options;
  const cwd = userFolder(process.cwd(), process.env);
  const source = join(packageRoot, 'collector');
  const ruleFiles = await Promise.all(RULE_FILES.map((path) => readFile(join(source, path), 'utf8')));
  const changes = planChanges(threshold, ruleFiles);
  const monitoring = (await readFiles(source, 'all')).filter(({ path }) => MONITORING.test(path));
  const shipped = monitoring.map(({ text }) => text);
  checkSettings({ ...settings, targets }, shipped);
  const withThresholds = /^(?:prometheus\/rules\/|grafana\/alerting\/|RUNBOOK\.md$)/;
  const files = (await readFiles(source, kind)).map(({ path, text }) => {
    const own = applySettings(text, { ...settings, targets });
    return { path, text: withThresholds.test(path) ? replaceThresholds(own, changes) : own };
  });
  const folder = resolve(cwd, to);
  const written = await writeFiles(folder, files, force ? 'overwrite' : keep ? 'keep' : 'refuse');
  for (const { path, status } of written) {
    const shown = relative(cwd, join(folder, path));
    print(`${status.padEnd(12)}${shown.startsWith('..') ? join(folder, path) : shown}`);
  }
}
