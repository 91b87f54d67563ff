import { describe, expect, it } from 'vitest';
import { isLauncher } from '../../src/platform/launcher.ts';

describe('a program that starts another', () => {
  it.each([
    '/usr/bin/npm',
    '/usr/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/bin/npx',
    '/usr/lib/node_modules/npm/bin/npx-cli.js',
    '/usr/local/bin/yarn',
    '/app/.yarn/releases/yarn-4.12.0.cjs',
    '/home/me/.yarn/bin/yarn.js',
    '/usr/lib/node_modules/corepack/dist/pnpm.js',
    '/home/me/.local/share/pnpm/node_modules/pnpm/bin/pnpm.cjs',
    'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js',
    '/app/node_modules/tsx/dist/cli.mjs',
    '/app/node_modules/.pnpm/nodemon@3.1.0/node_modules/nodemon/bin/nodemon.js',
    '/usr/lib/node_modules/pm2/lib/Daemon.js',
  ])('is known: %s', (script) => {
    expect(isLauncher(script)).toBe(true);
  });

  it.each([
    undefined,
    '/app/app.js',
    '/app/npm/app.js',
    '/app/yarn-orders.js',
    '/app/node_modules/next/dist/bin/next',
    '/app/node_modules/vitest/vitest.mjs',
    '/app/node_modules/tta-primitives/dist/src/tools/cli/tta.js',
    '/usr/lib/node_modules/pm2/lib/ProcessContainerFork.js',
  ])('is not taken for one: %s', (script) => {
    expect(isLauncher(script)).toBe(false);
  });
});
