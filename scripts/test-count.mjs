/**
 * What a test run amounts to. Never zero failures when something went wrong or nothing ran: a test file that could
 * not be loaded counts as one failure, as does a run that ends badly without a failed test.
 * @param {string | null} report JSON report of vitest @param {number} status exit status of vitest
 * @returns {{ passed: number, failed: number }}
 */
export function countTests(report, status) {
  const { passed, failed } = report === null ? { passed: 0, failed: 0 } : countsIn(report);
  const wentWrong = status !== 0 || passed === 0;
  return { passed, failed: failed === 0 && wentWrong ? 1 : failed };
}

/** @param {string} report */
function countsIn(report) {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(report);
  const notLoaded = testResults.filter(isNotLoaded).length;
  return { passed: numPassedTests, failed: numFailedTests + notLoaded };
}

/** @param {{ status: string, assertionResults: { status: string }[] }} file */
function isNotLoaded({ status, assertionResults }) {
  return status === 'failed' && !assertionResults.some((test) => test.status === 'failed');
}

/**
 * Full names of the tests that did not run because something they need is missing.
 * @param {string | null} report JSON report of vitest @returns {string[]}
 */
export function skippedTests(report) {
  if (report === null) return [];
  /** @type {{ testResults: { assertionResults: { status: string, fullName: string }[] }[] }} */
  const { testResults } = JSON.parse(report);
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  return all
    .filter(({ status }) => status === 'skipped' || status === 'pending')
    .map((test) => test.fullName);
}
