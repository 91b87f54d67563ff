// Prints one line of vitest's JSON report: `N passed, N failed, N skipped`. A test file that could not be loaded counts
// as a failure. A run that failed without a failing test (types, lint, an error outside of a test) counts as one too.
// With --table, prints a table of the tests first, with the figure that a test has put into its `task.meta`.
import { existsSync, readFileSync } from 'node:fs';

const [path, status, table] = process.argv.slice(2);
const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { testResults: [] };
const results = report.testResults.flatMap(({ status, assertionResults }) =>
  assertionResults.length === 0 ? [status] : assertionResults.map((test) => test.status),
);
const passed = results.filter((result) => result === 'passed').length;
const failed = results.filter((result) => result === 'failed').length;
const unaccounted = status !== '0' && failed === 0 ? 1 : 0;

if (table === '--table') {
  console.log('| test | result | seconds | figure |\n|---|---|---|---|');
  for (const { fullName, status, duration = 0, meta } of report.testResults.flatMap((file) => file.assertionResults))
    console.log(`| ${fullName} | ${status} | ${(duration / 1_000).toFixed(0)} | ${meta?.figure ?? ''} |`);
}
console.log(`${passed} passed, ${failed + unaccounted} failed, ${results.length - passed - failed} skipped`);
