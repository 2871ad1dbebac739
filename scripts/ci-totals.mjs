// Prints the totals of a test run, and fails if anything failed.
// Usage: node scripts/ci-totals.mjs <Jest's JSON results> <exit status of the run>
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [file = '', status = '1'] = process.argv.slice(2);
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const {
  numPassedTests: passed = 0,
  numFailedTests: failedTests = 0,
  numRuntimeErrorTestSuites: brokenSuites = 0,
  numPendingTests: pending = 0,
  numTodoTests: todo = 0,
} = results;

for (const { name, assertionResults } of results.testResults ?? []) {
  for (const test of assertionResults.filter((each) => each.status === 'failed')) {
    console.log(`Failed: ${relative('.', name)}: ${test.fullName}`);
  }
}
if (brokenSuites > 0) console.log(`Test files that did not run: ${brokenSuites}`);

let failed = failedTests + brokenSuites;
if (failed === 0 && (status !== '0' || passed === 0)) {
  // The install, the build, the linter or the coverage failed, or the run timed out.
  console.log(`The run failed beside the tests, with status ${status}: see above.`);
  failed = 1;
}
const skipped = pending + todo;
console.log(
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}`,
);
process.exitCode = failed > 0 ? 1 : 0;
