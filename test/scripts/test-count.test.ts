import { describe, expect, it } from 'vitest';
import { countTests, skippedTests } from '../../scripts/test-count.mjs';

function report(passed: number, failed: number, testResults: object[] = []) {
  return JSON.stringify({ numPassedTests: passed, numFailedTests: failed, testResults });
}

describe('countTests', () => {
  it('counts what passed and failed', () => {
    expect(countTests(report(7, 2), 1)).toEqual({ passed: 7, failed: 2 });
    expect(countTests(report(7, 0), 0)).toEqual({ passed: 7, failed: 0 });
  });

  it('counts a file that could not be loaded as one failure', () => {
    const files = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{ status: 'failed' }] },
    ];
    expect(countTests(report(1, 1, files), 1)).toEqual({ passed: 1, failed: 2 });
  });

  it('is never without failure when the run ended badly, left no report, or ran nothing', () => {
    expect(countTests(report(3, 0), 1).failed).toBe(1);
    expect(countTests(null, 0)).toEqual({ passed: 0, failed: 1 });
    expect(countTests(report(0, 0), 0)).toEqual({ passed: 0, failed: 1 });
  });
});

it('names the tests that were skipped', () => {
  const assertionResults = [
    { status: 'passed', fullName: 'runs' },
    { status: 'skipped', fullName: 'gpg decrypts' },
    { status: 'pending', fullName: 'on Postgres 15' },
  ];
  expect(skippedTests(report(1, 0, [{ status: 'passed', assertionResults }]))).toEqual([
    'gpg decrypts',
    'on Postgres 15',
  ]);
  expect(skippedTests(null)).toEqual([]);
});
