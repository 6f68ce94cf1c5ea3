// The whole check: types, lint, tests. The last line reads `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, ROOT } from './ensure-ready.mjs';
import { countTests, skippedTests } from './test-count.mjs';

/** @param {string} tool @param {string[]} args */
function run(tool, args) {
  process.stdout.write(`\n> ${tool.split('/').at(-1)} ${args.join(' ')}\n`);
  const script = join(ROOT, 'node_modules', tool);
  return spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
}

/** @param {string[]} selection */
function runTests(selection) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-test-report-'));
  const report = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const status = run('vitest/vitest.mjs', ['run', ...reporters, ...selection]);
    const text = reportText(report);
    for (const name of skippedTests(text)) process.stdout.write(`skipped: ${name}\n`);
    return countTests(text, status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} file */
function reportText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

async function main() {
  await ensureInstalled();
  const types = run('typescript/bin/tsc', ['--noEmit']);
  const lint = run('@biomejs/biome/bin/biome', ['check', '--diagnostic-level=warn', '.']);
  const { passed, failed } = runTests(process.argv.slice(2));
  if (types !== 0) process.stdout.write('FAILED: types\n');
  if (lint !== 0) process.stdout.write('FAILED: lint\n');
  return { passed, failed: failed + (types === 0 ? 0 : 1) + (lint === 0 ? 0 : 1) };
}

let result = { passed: 0, failed: 1 };
try {
  result = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
}
process.stdout.write(`${result.passed} passed, ${result.failed} failed\n`);
process.exitCode = result.failed === 0 ? 0 : 1;
