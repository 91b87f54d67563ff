import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot, userFolder } from '../../../src/tools/cli/package-root.ts';

describe('the folder of the user', () => {
  it('is INIT_CWD when npm start has changed to the package, and otherwise the current folder', () => {
    expect(packageRoot).toBe(resolve(import.meta.dirname, '../../..'));
    const env = { npm_lifecycle_event: 'start', INIT_CWD: '/home/ada/notes' };
    expect(userFolder(packageRoot, env)).toBe('/home/ada/notes');
    expect(userFolder('/elsewhere', env)).toBe('/elsewhere');
    expect(userFolder(packageRoot, { ...env, npm_lifecycle_event: 'test' })).toBe(packageRoot);
    expect(userFolder(packageRoot, {})).toBe(packageRoot);
  });
});
