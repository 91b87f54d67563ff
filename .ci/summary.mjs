// Prints one line of vitest's JSON reports: `N passed, N failed, N skipped`. A test file that could not be loaded counts
// as a failure. A run that failed without a failing test (types, lint, an error outside of a test) counts as one too.
// Several reports, those of .ci/deep, come with a table of their tests, with the figure that a test puts in `task.meta`.
import { existsSync, readFileSync } from 'node:fs';

const [status, ...paths] = process.argv.slice(2);
const files = paths.flatMap((path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).testResults : []));
const results = files.flatMap(({ status, assertionResults }) =>
  assertionResults.length === 0 ? [status] : assertionResults.map((test) => test.status),
);
const passed = results.filter((result) => result === 'passed').length;
const failed = results.filter((result) => result === 'failed').length;
const unaccounted = status !== '0' && failed === 0 ? 1 : 0;

if (paths.length > 1) {
  console.log('| test | result | seconds | figure |\n|---|---|---|---|');
  for (const { fullName, status, duration = 0, meta } of files.flatMap((file) => file.assertionResults))
    console.log(`| ${fullName} | ${status} | ${(duration / 1_000).toFixed(0)} | ${meta?.figure ?? ''} |`);
}
console.log(`${passed} passed, ${failed + unaccounted} failed, ${results.length - passed - failed} skipped`);
