import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Every test file gets a process of its own: the OpenTelemetry globals are one per process.
    pool: 'forks',
    // For tests that show that nothing is left behind.
    execArgv: ['--expose-gc'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
