import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // .ci/deep runs the tests that take minutes.
    include: [
      process.env.TTA_DEEP === undefined || process.env.TTA_DEEP === '' ? 'test/**/*.test.ts' : 'test/**/*.deep.ts',
    ],
    // Every test file has a process of its own: the OpenTelemetry globals are shared by a whole process.
    pool: 'forks',
    // Two also on two processors: most of the long tests wait for other programs.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Some tests check that memory, timers and listeners are released.
    execArgv: ['--expose-gc'],
    // The default. Once somebody has chosen it, `register` does not print its line about model calls.
    env: { TTA_MODEL_CALLS: 'known' },
    // A test that hangs fails. A test on a machine that is busy with other work does not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
