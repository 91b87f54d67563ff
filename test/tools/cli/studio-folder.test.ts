import { isAbsolute } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { studioFolder } from '../../../src/tools/cli/studio-folder.ts';

afterEach(() => vi.unstubAllEnvs());

it.each(['', '.', 'a/b', undefined])('is not below the current folder when HOME is %j', (home) => {
  vi.stubEnv('HOME', home);
  const folder = studioFolder({});
  expect(folder === undefined || isAbsolute(folder)).toBe(true);
});
