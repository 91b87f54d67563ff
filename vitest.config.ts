import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** .ci/deep runs the tests that take minutes. */
const deep = (process.env.TTA_DEEP ?? '') !== '';

/** Parts of paths, from quick to slow. */
const SLOW = ['/projects.', '/otel-lines.', '/stack/live/'];

/** Those that take longest start first, so that the others run beside them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => SLOW.findIndex((part) => moduleId.includes(part));
    return (await super.sort(files)).sort((one, other) => rank(other) - rank(one));
  }
}

export default defineConfig({
  test: {
    include: [deep ? 'test/**/*.deep.ts' : 'test/**/*.test.ts'],
    // Every test file has a process of its own: the OpenTelemetry globals are shared by a whole process.
    pool: 'forks',
    // Three also on two processors, and more of those that take minutes: most of the long tests wait for other programs.
    maxWorkers: Math.max(deep ? 4 : 3, availableParallelism() - 1),
    ...(deep ? { sequence: { sequencer: LongestFirst } } : {}),
    // Some tests check that memory, timers and listeners are released.
    execArgv: ['--expose-gc'],
    // The default. Once somebody has chosen it, `register` does not print its line about model calls.
    env: { TTA_MODEL_CALLS: 'known' },
    // A test that hangs fails. A test on a machine that is busy with other work does not.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
