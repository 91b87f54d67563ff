/** Whether this process was told to load the module before its program: `node --import tta-primitives/register app.js`. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const ENTRY = 'tta-primitives/register';
const FLAGS = ['--import', '--require', '-r'];

/** `moduleUrl` is the entry's own `import.meta.url`, for those who name its file. */
export function isPreloaded(moduleUrl: string): boolean {
  // Worker threads inherit the flags of their process, which is registered by its main thread.
  if (!isMainThread) return false;
  const flags = [...process.execArgv, ...words(process.env.NODE_OPTIONS ?? '')];
  return preloads(flags).some((specifier) => specifier === ENTRY || isFile(specifier, moduleUrl));
}

/** The values of `--import x`, `--import=x` and their like. */
function preloads(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    if (FLAGS.includes(flag)) return flags[i + 1] ?? [];
    const joined = FLAGS.find((name) => flag.startsWith(`${name}=`));
    return joined === undefined ? [] : flag.slice(joined.length + 1);
  });
}

/** Splits as Node splits NODE_OPTIONS: at spaces, except between double quotes, where a backslash escapes. */
function words(text: string): string[] {
  return (text.match(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g) ?? []).map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"/g, (_, quoted: string) => quoted.replace(/\\(.)/g, '$1')),
  );
}

function isFile(specifier: string, moduleUrl: string): boolean {
  try {
    const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(specifier);
    return realpathSync(path) === realpathSync(fileURLToPath(moduleUrl));
  } catch {
    return false;
  }
}
