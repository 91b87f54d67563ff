import { readFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { filesOf, type Kind, RULE_FILES } from '../export/files.ts';
import { withNames } from '../export/names.ts';
import { changesFor, type Threshold, withThresholds } from '../export/thresholds.ts';
import { writeFiles } from '../export/write.ts';
import { packageRoot, userFolder } from './package-root.ts';

export interface ExportCommandOptions {
  readonly to: string;
  readonly force: boolean;
  readonly job?: string;
  readonly target?: readonly string[];
  readonly threshold?: readonly Threshold[];
}

/** `tta export`: files of the package into a folder of the user's. */
export async function exportCommand(kind: Kind, options: ExportCommandOptions): Promise<void> {
  const { to, force, job, target: targets, threshold = [] } = options;
  const cwd = userFolder(process.cwd(), process.env);
  const source = join(packageRoot, 'collector');
  const ruleFiles = await Promise.all(RULE_FILES.map((path) => readFile(join(source, path), 'utf8')));
  const changes = changesFor(threshold, ruleFiles);
  const rules = /^(?:prometheus\/rules|grafana\/alerting)\//;
  const files = (await filesOf(source, kind)).map(({ path, text }) => {
    const named = withNames(text, { job, targets });
    return { path, text: rules.test(path) ? withThresholds(named, changes) : named };
  });
  const folder = resolve(cwd, to);
  const written = await writeFiles(folder, files, force);
  for (const { path, what } of written) {
    const shown = relative(cwd, join(folder, path));
    console.log(`${what.padEnd(12)}${shown.startsWith('..') ? join(folder, path) : shown}`);
  }
}
