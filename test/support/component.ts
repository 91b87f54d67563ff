import { spawnSync } from 'node:child_process';

/**
 * The path of a program that a test runs against, `undefined` where this machine has none: its tests skip then, and
 * say so here. Where TTA_REQUIRE_COMPONENTS is set, as in CI, a missing one is a failure.
 */
export function component(name: string): string | undefined {
  const found = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
  if (found !== '') return found;
  const message = `${name} is not installed: the tests that need it are skipped`;
  if (process.env.TTA_REQUIRE_COMPONENTS) throw new Error(message);
  process.stderr.write(`\n⚠ ${message}\n`);
  return undefined;
}
