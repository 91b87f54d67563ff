/** Reads the deployment files of collector/ and runs programs that check them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

/** The path of a file or folder of collector/. */
export const collectorPath = (path: string) => fileURLToPath(new URL(`../../collector/${path}`, import.meta.url));

export const collectorText = (path: string) => readFileSync(collectorPath(path), 'utf8');

/** All documents of a YAML text. @throws Error when the text is not YAML */
export function documents<T>(yaml: string): readonly T[] {
  return parseAllDocuments(yaml, { merge: true }).map((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    return document.toJS() as T;
  });
}

export interface CommandResult {
  readonly status: number | null;
  /** stdout, then stderr. */
  readonly output: string;
}

export function runCommand(program: string, args: readonly string[], cwd = collectorPath('.')): CommandResult {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  return { status, output: `${stdout}${stderr}` };
}
