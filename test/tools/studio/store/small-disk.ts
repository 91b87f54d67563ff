import { spawnSync } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { tempFolder } from '../../../support/temp-folder.ts';

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

/** Whether this machine can have a small disk. With TTA_REQUIRE_COMPONENTS, as in CI, it must. */
export function canMount(): boolean {
  const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', '/mnt']);
  if (isRoot && probe.status === 0) return true;
  if (process.env.TTA_REQUIRE_COMPONENTS) throw new Error('no file system can be mounted here');
  process.stderr.write('\n⚠ no file system can be mounted here: the tests of a full disk are skipped\n');
  return false;
}

/** A file system of this size. It is removed at the end of the test. */
export function smallDisk(megabytes: number): string {
  const folder = tempFolder();
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder]);
  onTestFinished(() => void spawnSync('umount', ['-l', folder]));
  return folder;
}
