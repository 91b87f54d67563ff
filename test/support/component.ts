import { spawnSync } from 'node:child_process';

/**
 * The path of a program that tests need. If it is not installed, prints a message and returns `undefined`, and the tests
 * that need it are skipped. With TTA_REQUIRE_COMPONENTS, as in CI, a missing program is an error.
 */
export function component(name: string): string | undefined {
  const found = spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim();
  if (found !== '') return found;
  const message = `${name} is not installed: the tests that need it are skipped`;
  if (process.env.TTA_REQUIRE_COMPONENTS) throw new Error(message);
  process.stderr.write(`\n⚠ ${message}\n`);
  return undefined;
}
